//! `response`: changes the JSON of a successful response.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Changes to the JSON of a successful response.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "ResponseAlteration")]
#[non_exhaustive]
pub struct ResponseAlteration {
    /// Members to add or to replace.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub set: Map<String, Value>,
    /// Members to remove.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
}

impl ResponseAlteration {
    /// Returns whether a member of the response changes.
    pub(crate) fn changes(&self, name: &str) -> bool {
        self.set.contains_key(name) || self.drop.iter().any(|dropped| dropped == name)
    }

    /// Changes the members of a response.
    pub(crate) fn apply(&self, members: &mut Map<String, Value>) {
        for (name, value) in &self.set {
            members.insert(name.clone(), value.clone());
        }
        for name in &self.drop {
            members.shift_remove(name);
        }
    }
}
