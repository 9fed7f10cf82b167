//! Codes, grants and rotations, as a grant store keeps them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Unavailable;
use crate::oauth::{Challenge, Scopes};
use crate::token::{GrantId, TokenId};

/// An authorization code as it was issued.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) client_id: Arc<str>,
    pub(crate) merchant_id: Arc<str>,
    pub(crate) scopes: Scopes,
    /// The redirect URL that the code was issued for, if any.
    pub(crate) redirect_url: Option<Arc<str>>,
    /// Whether the authorize request sent that URL. If so, RFC 6749 requires it at the exchange.
    pub(crate) redirect_url_sent: bool,
    pub(crate) challenge: Option<Challenge>,
    /// When the merchant consented, in milliseconds since 1970.
    pub(crate) issued_at_ms: i64,
    pub(crate) expires_at_ms: i64,
    /// Whether the code can be exchanged any number of times, and never expires.
    pub(crate) reusable: bool,
}

/// A code, and the grant that it made once it was exchanged.
#[derive(Clone, Debug)]
pub(crate) struct CodeEntry {
    pub(crate) code: Arc<Code>,
    pub(crate) grant: Option<GrantId>,
}

/// A merchant's consent to a client, from the first exchange on. As JSON, it is what never changes in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Grant {
    #[serde(skip, default = "GrantId::random")]
    pub(crate) id: GrantId,
    pub(crate) client_id: Arc<str>,
    pub(crate) merchant_id: Arc<str>,
    pub(crate) scopes: Scopes,
    /// The claim `grant_time`, in milliseconds since 1970.
    #[serde(skip)]
    pub(crate) granted_at_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) redirect_url: Option<Arc<str>>,
    /// The time after which none of its tokens is valid or can be refreshed, in milliseconds since
    /// 1970. The grant may be purged then.
    #[serde(skip)]
    pub(crate) purge_after_ms: i64,
    /// Why the grant was revoked, if it was.
    #[serde(skip)]
    pub(crate) revoked: Option<Revocation>,
}

/// Why a grant was revoked. Displayed, it completes a sentence that begins with "The token" or "The
/// grant".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Revocation {
    #[error("was revoked by the merchant")]
    Merchant,
    #[error("was revoked by the client itself (RFC 7009)")]
    Client,
    #[error("was revoked because its code was used again")]
    CodeReplay,
    #[error("was revoked because a refresh token was used again after it had been replaced")]
    TokenReuse,
}

/// What the store knows of a refresh token beyond its claims.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefreshTokenEntry {
    /// The expiry in force, in milliseconds since 1970.
    pub(crate) expires_at_ms: i64,
    /// The rotation that replaced the token.
    pub(crate) rotated: Option<Rotation>,
    /// The time after which the entry may be purged, in milliseconds since 1970.
    pub(crate) purge_after_ms: i64,
}

/// The replacement of a refresh token by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rotation {
    pub(crate) successor: TokenId,
    /// The time of the rotation, in milliseconds since 1970: the successor's `iat`.
    pub(crate) at_ms: i64,
}

/// The codes and the literal refresh tokens of fixtures.
#[derive(Debug, Default)]
pub(crate) struct FixtureGrants {
    pub(crate) codes: Vec<(String, Code)>,
    /// Each with its grant.
    pub(crate) tokens: Vec<(String, Grant)>,
}

impl Found {
    /// Whether a token that was found this way is active, as far as the grant store knows.
    pub(crate) fn is_active(&self) -> bool {
        let is_revoked = self.grant.as_ref().is_some_and(|grant| grant.revoked.is_some());
        let is_replaced = self.refresh_token.is_some_and(|token| token.rotated.is_some());
        !is_revoked && !is_replaced
    }
}

/// The exchange of a code.
pub(crate) struct Redemption<'a> {
    pub(crate) code: &'a str,
    /// The grant that the exchange makes or, with a reusable code, continues.
    pub(crate) grant: Grant,
    pub(crate) is_reusable: bool,
    pub(crate) now_ms: i64,
}

/// A refresh with a refresh token.
pub(crate) struct Renewal {
    pub(crate) token: TokenId,
    pub(crate) grant: Grant,
    /// The expiry in the token's claims, for a token that the store does not know.
    pub(crate) claimed_expiry_ms: i64,
    pub(crate) outcome: RenewalOutcome,
    pub(crate) now_ms: i64,
}

/// What becomes of the refresh token in a refresh.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RenewalOutcome {
    /// Its expiry is extended.
    Extend { expires_at_ms: i64 },
    /// Another token replaces it.
    Rotate(Rotation),
    /// It stays as it was, and another token is issued besides.
    Keep,
}

/// Why a change is refused: a concurrent request was faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// The code was exchanged already, for this grant.
    AlreadyRedeemed(GrantId),
    /// The code no longer exists.
    Unknown,
    /// The grant was revoked.
    Revoked(Revocation),
    /// The refresh token was replaced.
    Rotated(Rotation),
    /// The store is away.
    Unavailable,
}

impl From<Unavailable> for Conflict {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Unavailable
    }
}

/// What a request presents, to be looked up in one step.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Presented<'a> {
    /// A code.
    pub(crate) code: Option<&'a str>,
    /// A text that may be a literal refresh token of the fixtures.
    pub(crate) literal: Option<&'a str>,
    /// The identifiers in a token of this realm.
    pub(crate) ids: Option<(TokenId, GrantId)>,
}

/// What a store knows of what a request presents.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// The code, whether or not it can still be exchanged.
    pub(crate) code: Option<CodeEntry>,
    /// The grant that the code has made.
    pub(crate) grant_of_code: Option<Grant>,
    /// The grant of the literal refresh token.
    pub(crate) literal: Option<Grant>,
    /// What is known of the token beyond its claims.
    pub(crate) refresh_token: Option<RefreshTokenEntry>,
    /// The grant of the token.
    pub(crate) grant: Option<Grant>,
}
