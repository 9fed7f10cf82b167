//! A scenario as fixtures write it.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::{Outcome, WhenAny};

/// What the server does when a request matches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Scenario")]
pub struct Scenario {
    /// Its name: 1 to 64 of A-Z a-z 0-9 . _ -
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which requests it is for; every token request unless given.
    #[serde(default)]
    pub when: WhenAny,
    /// One outcome for every match, or a list taken in order, one a match.
    pub respond: Respond,
    /// What follows after the list.
    #[serde(default)]
    pub then: Then,
    /// How many matches it takes part in before it is spent; no limit unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub times: Option<u64>,
    /// Whether it is in force.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

/// What follows after the last outcome of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// The ordinary answer.
    #[default]
    Pass,
    /// The list again from its start.
    Repeat,
    /// The list's last outcome again and again.
    Last,
}

/// One outcome for every match, or a list of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Respond {
    /// The same every time.
    Always(Box<Outcome>),
    /// One after the other.
    InOrder(Vec<Outcome>),
}

impl Respond {
    pub(crate) fn outcomes(&self) -> &[Outcome] {
        match self {
            Self::Always(outcome) => std::slice::from_ref(outcome),
            Self::InOrder(outcomes) => outcomes,
        }
    }
}

impl<'de> Deserialize<'de> for Respond {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Respond;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("pass, a mapping such as { error: server_error }, or a list of those")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Respond, E> {
                Outcome::from_word(word).map(|outcome| Respond::Always(Box::new(outcome)))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Respond, A::Error> {
                let outcome = Outcome::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Respond::Always(Box::new(outcome)))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Respond, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Respond::InOrder)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Respond {
    fn schema_name() -> Cow<'static, str> {
        "Respond".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let outcome = generator.subschema_for::<Outcome>();
        json_schema!({
            "description": "One outcome for every match, or a list taken in order, one a match.",
            "anyOf": [outcome, { "type": "array", "items": outcome, "minItems": 1 }],
        })
    }
}
