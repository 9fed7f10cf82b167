//! `token`: a success whose tokens are altered, to try a client's own validation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::units::SignedDuration;

/// What is different about the tokens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "TokenAlteration")]
pub struct TokenAlteration {
    /// How long it lives; negative: it expired before it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<SignedDuration>,
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
    /// TokenSelector token; both unless given.
    #[serde(skip_serializing_if = "TokenSelector::is_both")]
    pub which: TokenSelector,
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

/// TokenSelector of the two tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenSelector {
    /// The access token.
    Access,
    /// The refresh token.
    Refresh,
    /// Both.
    #[default]
    Both,
}

impl TokenSelector {
    fn is_both(&self) -> bool {
        *self == Self::Both
    }
}

impl TokenAlteration {
    /// Tokens that live so many milliseconds; negative: they expired before they were issued.
    pub fn lifetime_ms(ms: i64) -> Self {
        Self { lifetime: Some(SignedDuration::from_ms(ms)), ..Self::default() }
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
        self.which = TokenSelector::Access;
        self
    }

    /// Only the refresh token.
    pub fn of_refresh_token(mut self) -> Self {
        self.which = TokenSelector::Refresh;
        self
    }

    /// Whether it is about this kind of token.
    pub(crate) fn concerns(&self, refresh: bool) -> bool {
        match self.which {
            TokenSelector::Both => true,
            TokenSelector::Access => !refresh,
            TokenSelector::Refresh => refresh,
        }
    }
}
