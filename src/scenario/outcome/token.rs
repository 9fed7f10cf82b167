//! `token`: a success whose tokens are altered, to try a client's own validation.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

use crate::fixture::Period;

/// What is different about the tokens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "TokenAlteration")]
pub struct TokenAlteration {
    /// How long it lives; negative: it expired before it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<Lifetime>,
    /// Claims to set, new or old.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub claims: Map<String, Value>,
    /// Claims to leave out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// Another key than the JWKS has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<AlteredKey>,
    /// A signature that is not right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<AlteredSignature>,
    /// No signature at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<AlteredAlgorithm>,
    /// Which token; both unless given.
    #[serde(skip_serializing_if = "Which::is_both")]
    pub which: Which,
}

/// Another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlteredKey {
    /// Signed by a key, and named after it, that the JWKS does not have.
    Other,
}

/// A signature that is not right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlteredSignature {
    /// Of the right length, but wrong.
    Invalid,
}

/// Another algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlteredAlgorithm {
    /// `alg: none`, and an empty signature.
    None,
}

/// Which of the two tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// The access token.
    Access,
    /// The refresh token.
    Refresh,
    /// Both.
    #[default]
    Both,
}

impl Which {
    fn is_both(&self) -> bool {
        *self == Self::Both
    }
}

impl TokenAlteration {
    /// Tokens that live so many milliseconds; negative: they expired before they were issued.
    pub fn lifetime_ms(ms: i64) -> Self {
        Self { lifetime: Some(Lifetime::from_ms(ms)), ..Self::default() }
    }

    /// Tokens with this claim.
    pub fn claim(name: impl Into<String>, value: impl Into<Value>) -> Self {
        let mut alteration = Self::default();
        alteration.claims.insert(name.into(), value.into());
        alteration
    }

    /// Tokens without this claim.
    pub fn without_claim(name: impl Into<String>) -> Self {
        Self { drop: vec![name.into()], ..Self::default() }
    }

    /// Tokens of a key that the JWKS does not have.
    pub fn signed_by_another_key() -> Self {
        Self { kid: Some(AlteredKey::Other), ..Self::default() }
    }

    /// Tokens with a wrong signature.
    pub fn signed_wrongly() -> Self {
        Self { signature: Some(AlteredSignature::Invalid), ..Self::default() }
    }

    /// Tokens with `alg: none` and no signature.
    pub fn unsigned() -> Self {
        Self { alg: Some(AlteredAlgorithm::None), ..Self::default() }
    }

    /// Only the access token.
    pub fn of_access_token(mut self) -> Self {
        self.which = Which::Access;
        self
    }

    /// Only the refresh token.
    pub fn of_refresh_token(mut self) -> Self {
        self.which = Which::Refresh;
        self
    }

    /// Whether it is about this kind of token.
    pub(crate) fn concerns(&self, refresh: bool) -> bool {
        match self.which {
            Which::Both => true,
            Which::Access => !refresh,
            Which::Refresh => refresh,
        }
    }
}

/// A length of time that may be negative, as `-1s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    ms: i64,
}

impl Lifetime {
    /// So many milliseconds.
    pub const fn from_ms(ms: i64) -> Self {
        Self { ms }
    }

    /// The length in milliseconds.
    pub const fn as_ms(self) -> i64 {
        self.ms
    }
}

impl Serialize for Lifetime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sign = if self.ms < 0 { "-" } else { "" };
        let length = Period::from_ms(self.ms.saturating_abs());
        serializer.collect_str(&format_args!("{sign}{length}"))
    }
}

impl<'de> Deserialize<'de> for Lifetime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Lifetime;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time such as 15m or -1s")
            }

            fn visit_str<E: de::Error>(self, written: &str) -> Result<Lifetime, E> {
                let (sign, length) = match written.strip_prefix('-') {
                    Some(length) => (-1, length),
                    None => (1, written),
                };
                let length: Period = length.parse().map_err(E::custom)?;
                Ok(Lifetime { ms: sign * length.as_ms() })
            }

            fn visit_u64<E: de::Error>(self, written: u64) -> Result<Lifetime, E> {
                self.visit_str(&written.to_string())
            }

            fn visit_i64<E: de::Error>(self, written: i64) -> Result<Lifetime, E> {
                self.visit_str(&written.to_string())
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Lifetime {
    fn schema_name() -> Cow<'static, str> {
        "Lifetime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A length of time, negative for a token that expired before it was issued.",
            "pattern": "^-?([0-9]+(w|d|h|m|s|ms))+$",
        })
    }
}
