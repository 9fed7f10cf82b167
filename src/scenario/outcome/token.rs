//! `token`: alters the issued tokens, to test how a client validates them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::units::SignedDuration;

/// Changes to the issued tokens.
///
/// ```
/// use smartpay_oauth_mock::{scenario::TokenAlteration, units::SignedDuration};
///
/// let expired = TokenAlteration::new().lifetime(SignedDuration::from_ms(-1000)).access_token_only();
/// let foreign = TokenAlteration::new().claim("merchant_id", "other").unknown_key();
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "TokenAlteration", description = "Changes to the issued tokens.")]
#[non_exhaustive]
pub struct TokenAlteration {
    /// The lifetime. A negative one means that the token expired before it was issued. Default:
    /// that of the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<SignedDuration>,
    /// Claims to add or to replace.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub claims: Map<String, Value>,
    /// Claims to remove.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// The signing key. Default: the server's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<AlteredKey>,
    /// The kind of signature. Default: a valid one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<AlteredSignature>,
    /// The algorithm. Default: `RS256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<AlteredAlgorithm>,
    /// The tokens to alter. Default: `both`.
    #[serde(skip_serializing_if = "TokenSelector::is_both")]
    pub which: TokenSelector,
}

/// The key that signs a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AlteredKey {
    /// A key that is not in the JWKS document. The token's `kid` names this key.
    Other,
}

/// The signature of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AlteredSignature {
    /// A wrong signature of the right length.
    Invalid,
}

/// The algorithm of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AlteredAlgorithm {
    /// `alg: none` and an empty signature.
    None,
}

/// The tokens of a response that are altered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TokenSelector {
    /// The access token.
    Access,
    /// The refresh token.
    Refresh,
    /// Both tokens.
    #[default]
    Both,
}

impl TokenSelector {
    fn is_both(&self) -> bool {
        *self == Self::Both
    }
}

impl TokenAlteration {
    /// Creates an alteration that changes nothing. The setters add changes to both tokens.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the lifetime. A negative one means that the token expired before it was issued.
    pub fn lifetime(mut self, lifetime: SignedDuration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Adds or replaces a claim.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// Removes a claim.
    pub fn without_claim(mut self, name: impl Into<String>) -> Self {
        self.drop.push(name.into());
        self
    }

    /// Signs with a key that is not in the JWKS document.
    pub fn unknown_key(mut self) -> Self {
        self.kid = Some(AlteredKey::Other);
        self
    }

    /// Makes the signature invalid.
    pub fn invalid_signature(mut self) -> Self {
        self.signature = Some(AlteredSignature::Invalid);
        self
    }

    /// Issues the tokens with `alg: none` and no signature.
    pub fn unsigned(mut self) -> Self {
        self.alg = Some(AlteredAlgorithm::None);
        self
    }

    /// Alters the access token only.
    pub fn access_token_only(mut self) -> Self {
        self.which = TokenSelector::Access;
        self
    }

    /// Alters the refresh token only.
    pub fn refresh_token_only(mut self) -> Self {
        self.which = TokenSelector::Refresh;
        self
    }

    /// Returns whether it alters the refresh token or, if `refresh` is false, the access token.
    pub(crate) fn applies_to(&self, refresh: bool) -> bool {
        match self.which {
            TokenSelector::Both => true,
            TokenSelector::Access => !refresh,
            TokenSelector::Refresh => refresh,
        }
    }
}
