//! Durations that may be negative: `-1s`.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::HumanDuration;

/// A length of time that may be negative, as `-1s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedDuration {
    ms: i64,
}

impl SignedDuration {
    /// So many milliseconds.
    pub const fn from_ms(ms: i64) -> Self {
        Self { ms }
    }

    /// The length in milliseconds.
    pub const fn as_ms(self) -> i64 {
        self.ms
    }
}

impl Serialize for SignedDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sign = if self.ms < 0 { "-" } else { "" };
        let length = HumanDuration::from_ms(self.ms.saturating_abs());
        serializer.collect_str(&format_args!("{sign}{length}"))
    }
}

impl<'de> Deserialize<'de> for SignedDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = SignedDuration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time such as 15m or -1s")
            }

            fn visit_str<E: de::Error>(self, written: &str) -> Result<SignedDuration, E> {
                let (sign, length) = match written.strip_prefix('-') {
                    Some(length) => (-1, length),
                    None => (1, written),
                };
                let length: HumanDuration = length.parse().map_err(E::custom)?;
                Ok(SignedDuration { ms: sign * length.as_ms() })
            }

            fn visit_u64<E: de::Error>(self, written: u64) -> Result<SignedDuration, E> {
                self.visit_str(&written.to_string())
            }

            fn visit_i64<E: de::Error>(self, written: i64) -> Result<SignedDuration, E> {
                self.visit_str(&written.to_string())
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for SignedDuration {
    fn schema_name() -> Cow<'static, str> {
        "SignedDuration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A length of time, negative for a token that expired before it was issued.",
            "pattern": "^-?([0-9]+(w|d|h|m|s|ms))+$",
        })
    }
}
