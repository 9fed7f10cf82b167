//! A scenario as fixtures write it.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Matchers, Outcome};

/// What the server does when a request matches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Scenario")]
pub struct Scenario {
    /// Its name: 1 to 64 of A-Z a-z 0-9 . _ -
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// TokenSelector requests it is for; every token request unless given.
    #[serde(default)]
    pub when: Matchers,
    /// One outcome for every match, or a list taken in order, one a match.
    pub respond: Responses,
    /// What follows after the list.
    #[serde(default)]
    pub then: AfterLast,
    /// How many matches it takes part in before it is spent; no limit unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub times: Option<u64>,
    /// How likely a match takes part, from 0 to 1; the others are as if it did not match.
    #[serde(default = "always", skip_serializing_if = "is_always")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: f64,
    /// Makes the draws of `probability` the same in every run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Whether it is in force.
    #[serde(default = "yes")]
    pub enabled: bool,
}

impl Scenario {
    /// A scenario that answers every token request so; the methods below narrow it.
    ///
    /// ```
    /// use smartpay_oauth_mock::{ErrorCode, Outcome, Scenario, When};
    ///
    /// let scenario = Scenario::respond(Outcome::error(ErrorCode::AccessDenied))
    ///     .when(When::grant_type("refresh_token"))
    ///     .times(1);
    /// assert_eq!(scenario.times, Some(1));
    /// ```
    pub fn respond(respond: impl Into<Responses>) -> Self {
        Self {
            name: None,
            when: Matchers::default(),
            respond: respond.into(),
            then: AfterLast::default(),
            times: None,
            probability: always(),
            seed: None,
            enabled: true,
        }
    }

    /// Under this name.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// For requests like this.
    pub fn when(mut self, when: impl Into<Matchers>) -> Self {
        self.when = when.into();
        self
    }

    /// With this after the list.
    pub fn then(mut self, then: AfterLast) -> Self {
        self.then = then;
        self
    }

    /// For so many matches.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// For a match with this probability, from 0 to 1; the draws of the same seed repeat.
    pub fn probability(mut self, probability: f64, seed: impl Into<Option<u64>>) -> Self {
        self.probability = probability;
        self.seed = seed.into();
        self
    }

    /// Only for requests that name it in their `x-mock-scenario` header.
    pub fn disabled(mut self) -> Self {
        self.enabled = false;
        self
    }
}

fn always() -> f64 {
    1.0
}

fn is_always(probability: &f64) -> bool {
    *probability == 1.0
}

fn yes() -> bool {
    true
}

/// What follows after the last outcome of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AfterLast {
    /// The ordinary answer.
    #[default]
    Pass,
    /// The list again from its start.
    Repeat,
    /// The list's last outcome again and again.
    Last,
}

/// One outcome for every match, or a list of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Responses {
    /// The same every time.
    Always(Box<Outcome>),
    /// One after the other.
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

/// An outcome as it is written: `pass`, or a mapping.
struct Written(Outcome);

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 == Outcome::pass() {
            return serializer.serialize_str("pass");
        }
        self.0.serialize(serializer)
    }
}

fn from_word<E: de::Error>(word: &str) -> Result<Outcome, E> {
    match word {
        "pass" => Ok(Outcome::pass()),
        _ => Err(E::unknown_variant(word, &["pass"])),
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Written;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("pass, or a mapping such as { error: server_error }")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Written, E> {
                from_word(word).map(Written)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Written, A::Error> {
                Outcome::deserialize(MapAccessDeserializer::new(map)).map(Written)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Written {
    fn schema_name() -> Cow<'static, str> {
        "ResponseStep".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let outcome = generator.subschema_for::<Outcome>();
        json_schema!({
            "description": "An outcome, or `pass` for the ordinary response.",
            "anyOf": [{ "title": "Pass", "type": "string", "enum": ["pass"] }, outcome],
        })
    }
}

impl Serialize for Responses {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Always(outcome) => Written((**outcome).clone()).serialize(serializer),
            Self::InOrder(outcomes) => {
                serializer.collect_seq(outcomes.iter().map(|outcome| Written(outcome.clone())))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Responses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Responses;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("pass, a mapping such as { error: server_error }, or a list of those")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Responses, E> {
                from_word(word).map(Responses::from)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Responses, A::Error> {
                Outcome::deserialize(MapAccessDeserializer::new(map)).map(Responses::from)
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Responses, A::Error> {
                let written: Vec<Written> = Vec::deserialize(SeqAccessDeserializer::new(list))?;
                Ok(Responses::InOrder(written.into_iter().map(|written| written.0).collect()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Responses {
    fn schema_name() -> Cow<'static, str> {
        "Responses".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<Written>();
        json_schema!({
            "description": "One outcome for every match, or a list taken in order, one a match.",
            "anyOf": [
                one,
                { "title": "ResponseList", "type": "array", "items": one, "minItems": 1 },
            ],
        })
    }
}
