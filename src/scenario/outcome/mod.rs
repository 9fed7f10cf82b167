//! What a request gets: the parts of an outcome, which combine.

mod delay;
mod error;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use delay::Delay;
pub(crate) use error::InjectedError;

use crate::oauth::ErrorCode;

/// What happens to one request. Without any part it passes: the ordinary answer.
///
/// ```
/// use smartpay_oauth_mock::{ErrorCode, Outcome};
///
/// let outcome = Outcome::error(ErrorCode::AccessDenied).status(418);
/// assert_eq!(serde_json::to_string(&outcome)?, r#"{"error":"access_denied","status":418}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// An error to answer with.
    pub error: Option<ErrorCode>,
    /// Its status, if not the usual one.
    pub status: Option<u16>,
    /// Its description, if not the usual one.
    pub description: Option<String>,
    /// Headers to send beside the usual ones.
    pub headers: BTreeMap<String, String>,
    /// How long to wait first.
    pub delay: Option<Delay>,
}

/// The mapping form of an [`Outcome`], whose doc comments editors show.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "Outcome")]
#[derive(Default)]
struct Parts {
    /// An error to answer with; also one that the page does not list.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorCode>,
    /// The error's status; that of its code unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 200, max = 599))]
    status: Option<u16>,
    /// The error's description.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Headers to send beside the usual ones.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    /// How long to wait first: a length of time, or one drawn between two.
    #[serde(skip_serializing_if = "Option::is_none")]
    delay: Option<Delay>,
}

impl Outcome {
    /// The ordinary answer.
    pub fn pass() -> Self {
        Self::default()
    }

    /// An error in place of the answer; nothing else happens.
    pub fn error(code: impl Into<ErrorCode>) -> Self {
        Self { error: Some(code.into()), ..Self::default() }
    }

    /// With this HTTP status instead of the error's own.
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// With this `error_description`.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// After this time.
    pub fn delay(mut self, delay: impl Into<Delay>) -> Self {
        self.delay = Some(delay.into());
        self
    }

    /// The outcome that a single word stands for.
    pub(super) fn from_word<E: de::Error>(word: &str) -> Result<Self, E> {
        match word {
            "pass" => Ok(Self::pass()),
            _ => Err(E::unknown_variant(word, &["pass"])),
        }
    }

    /// Parts that do not go together, in words.
    pub(crate) fn contradiction(&self) -> Option<&'static str> {
        let about_error =
            self.status.is_some() || self.description.is_some() || !self.headers.is_empty();
        (about_error && self.error.is_none())
            .then_some("status, description and headers say how an error is sent; add error: CODE")
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if *self == Self::default() {
            return serializer.serialize_str("pass");
        }
        let Self { error, status, description, headers, delay } = self.clone();
        Parts { error, status, description, headers, delay }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Outcome {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Outcome;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("pass, or a mapping such as { error: server_error }")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Outcome, E> {
                Outcome::from_word(word)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Outcome, A::Error> {
                let Parts { error, status, description, headers, delay } =
                    Parts::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Outcome { error, status, description, headers, delay })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Outcome {
    fn schema_name() -> Cow<'static, str> {
        "Outcome".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let parts = generator.subschema_for::<Parts>();
        json_schema!({
            "description": "What a request gets.",
            "anyOf": [{ "const": "pass" }, parts],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_written_back() {
        for json in [r#""pass""#, r#"{"error":"teapot","status":418}"#, r#"{"delay":"2s"}"#] {
            let outcome: Outcome = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&outcome).unwrap(), json);
        }
        assert!(serde_json::from_str::<Outcome>(r#""fail""#).is_err());
        assert!(serde_json::from_str::<Outcome>(r#"{"eror":"x"}"#).is_err());
    }
}
