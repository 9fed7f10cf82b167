//! One or more alternatives that a scenario matches on.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::one_or_many::{deserialize_one_or_many, one_or_many_schema};
use super::{RequestView, When};

/// One [`When`], or a list of alternatives of which any may match.
#[derive(Clone, Debug, PartialEq)]
pub struct Matchers(Vec<When>);

impl Matchers {
    pub(crate) fn alternatives(&self) -> &[When] {
        &self.0
    }

    pub(crate) fn matches(&self, request: &RequestView<'_>) -> bool {
        self.0.iter().any(|when| when.matches(request))
    }
}

impl Default for Matchers {
    /// Matches every token request.
    fn default() -> Self {
        Self(vec![When::new()])
    }
}

impl From<When> for Matchers {
    fn from(when: When) -> Self {
        Self(vec![when])
    }
}

impl From<Vec<When>> for Matchers {
    fn from(alternatives: Vec<When>) -> Self {
        Self(alternatives)
    }
}

impl<const N: usize> From<[When; N]> for Matchers {
    fn from(alternatives: [When; N]) -> Self {
        Self(alternatives.into())
    }
}

impl Serialize for Matchers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Matchers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "an object such as { grant_type: refresh_token }, or a list of those";
        deserialize_one_or_many::<When, _, _>(deserializer, expected, false)
    }
}

impl JsonSchema for Matchers {
    fn schema_name() -> Cow<'static, str> {
        "Matchers".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let description = "The conditions that a request must meet, or a list of alternatives.";
        one_or_many_schema(vec![generator.subschema_for::<When>()], "WhenList", description)
    }
}
