//! `response`: a success whose JSON is altered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Members of the answer's JSON to set and to leave out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "ResponseAlteration")]
pub struct ResponseAlteration {
    /// Members to set, new or old.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub set: Map<String, Value>,
    /// Members to leave out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
}

impl ResponseAlteration {
    /// Alters an answer.
    pub(crate) fn apply(&self, members: &mut Map<String, Value>) {
        for (name, value) in &self.set {
            members.insert(name.clone(), value.clone());
        }
        for name in &self.drop {
            members.shift_remove(name);
        }
    }
}
