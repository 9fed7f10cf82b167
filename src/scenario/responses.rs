//! What a scenario responds: one outcome, or a list of outcomes.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};

use super::Outcome;
use super::one_or_many::{deserialize_one_or_many, one_or_many_schema};

/// One outcome for every match, or a list of outcomes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Responses {
    /// The same outcome for every match.
    Always(Box<Outcome>),
    /// One outcome per match, in this order.
    InOrder(Vec<Outcome>),
}

impl Responses {
    pub(crate) fn outcomes(&self) -> &[Outcome] {
        match self {
            Self::Always(outcome) => std::slice::from_ref(outcome),
            Self::InOrder(outcomes) => outcomes,
        }
    }
}

impl From<Outcome> for Responses {
    fn from(outcome: Outcome) -> Self {
        Self::Always(Box::new(outcome))
    }
}

impl From<Vec<Outcome>> for Responses {
    fn from(outcomes: Vec<Outcome>) -> Self {
        Self::InOrder(outcomes)
    }
}

impl<const N: usize> From<[Outcome; N]> for Responses {
    fn from(outcomes: [Outcome; N]) -> Self {
        Self::InOrder(outcomes.into())
    }
}

impl<'de> Deserialize<'de> for Responses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "pass, an object such as { error: server_error }, or a list of those";
        deserialize_one_or_many::<Outcome, _, _>(deserializer, expected, true)
    }
}

/// The ordinary response.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "it is only a schema")]
enum Pass {
    Pass,
}

impl JsonSchema for Responses {
    fn schema_name() -> Cow<'static, str> {
        "Responses".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let description = "One outcome for every match, or a list with one outcome per match.";
        let forms = vec![generator.subschema_for::<Pass>(), generator.subschema_for::<Outcome>()];
        one_or_many_schema(forms, "OutcomeList", description)
    }
}
