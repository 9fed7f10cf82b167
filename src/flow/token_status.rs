//! The status of a token in its realm: resources, introspection, revocation and inspection ask for
//! it.

use std::sync::Arc;

use super::grant::claimed_grant_of;
use crate::fixture::AccountStatus;
use crate::realm::{Realm, Registry};
use crate::store::{Found, Grant, Presented, RefreshTokenEntry, Revocation, Unavailable};
use crate::token::{GrantId, SigningKey, TokenError, TokenId, VerifiedClaims};

/// A token of this realm and its state now.
pub(crate) struct TokenStatus {
    pub(crate) claims: Arc<VerifiedClaims>,
    pub(crate) grant: Grant,
    /// The expiry in force, in milliseconds since 1970. It may be later than the claim.
    pub(crate) expires_at_ms: i64,
    pub(crate) state: TokenState,
}

/// Whether a token of this realm is valid. Displayed, it completes a sentence that begins with "The
/// token".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenState {
    #[error("is valid")]
    Active,
    #[error(transparent)]
    Revoked(#[from] Revocation),
    #[error("was replaced by another token")]
    Replaced,
    #[error("has expired")]
    Expired,
    #[error("belongs to a client that is not active")]
    ClientInactive,
    #[error("belongs to a merchant that is not active")]
    MerchantInactive,
}

/// Why a token is not one of this realm. Displayed, it completes a sentence that begins with "The
/// token".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnknownToken {
    #[error(transparent)]
    Invalid(#[from] TokenError),
    #[error("was issued by another realm of this server")]
    OtherRealm { is_expired: bool },
    #[error("cannot be looked up: {0}")]
    Unavailable(#[from] Unavailable),
}

/// Looks a token up.
///
/// # Errors
///
/// If the token is not one of this realm.
pub(crate) async fn token_status(
    realm: &Realm,
    key: &SigningKey,
    token: &str,
) -> Result<TokenStatus, UnknownToken> {
    let verified = verify_token(realm, key, token)?;
    let found = realm.grant_store.look_up(&verified.presented()).await?;
    Ok(verified.status(realm, found))
}

/// A token of this realm whose signature is valid.
pub(crate) struct VerifiedToken {
    pub(crate) claims: Arc<VerifiedClaims>,
    id: TokenId,
    grant_id: GrantId,
}

/// Verifies a token, without a look into the grant store.
///
/// # Errors
///
/// If the token is not one of this realm.
pub(crate) fn verify_token(
    realm: &Realm,
    key: &SigningKey,
    token: &str,
) -> Result<VerifiedToken, UnknownToken> {
    let claims = VerifiedClaims::verify(token, key)?;
    let Some((id, grant_id)) = realm.ids.read(&claims.jti) else {
        let is_expired = realm.clock.now_ms() >= claims.expires_in;
        return Err(UnknownToken::OtherRealm { is_expired });
    };
    Ok(VerifiedToken { claims: Arc::new(claims), id, grant_id })
}

impl VerifiedToken {
    /// Whether it is an access token that is active unless the grant store knows better.
    pub(crate) fn may_be_active(&self, realm: &Realm) -> bool {
        let claims = &self.claims;
        let is_current = realm.clock.now_ms() < claims.expires_in;
        let accounts = account_state(&realm.registry(), &claims.client_id, &claims.merchant_id);
        !claims.is_refresh_token() && is_current && accounts == TokenState::Active
    }

    /// Returns how the token is looked up.
    pub(crate) fn presented(&self) -> Presented<'static> {
        Presented { ids: Some((self.id, self.grant_id)), ..Presented::default() }
    }

    /// Returns the status of the token by what the grant store knows of it.
    pub(crate) fn status(self, realm: &Realm, found: Found) -> TokenStatus {
        let Self { claims, grant_id, .. } = self;
        let grant = found.grant.unwrap_or_else(|| claimed_grant_of(realm, grant_id, &claims));
        let stored = found.refresh_token;
        let expires_at_ms = stored.map_or(claims.expires_in, |stored| stored.expires_at_ms);

        let state = state(realm, &claims, &grant, stored, expires_at_ms);
        TokenStatus { claims, grant, expires_at_ms, state }
    }
}

fn state(
    realm: &Realm,
    claims: &VerifiedClaims,
    grant: &Grant,
    stored: Option<RefreshTokenEntry>,
    expires_at_ms: i64,
) -> TokenState {
    // The last millisecond of an access token is the one before its expiry; that of a refresh
    // token is its expiry itself (source S).
    let first_expired_ms = expires_at_ms.saturating_add(claims.is_refresh_token().into());
    if realm.clock.now_ms() >= first_expired_ms {
        TokenState::Expired
    } else if let Some(reason) = grant.revoked {
        TokenState::Revoked(reason)
    } else if stored.is_some_and(|stored| stored.rotated.is_some()) {
        TokenState::Replaced
    } else {
        account_state(&realm.registry(), &grant.client_id, &grant.merchant_id)
    }
}

/// Returns the state of a token that is good by itself. A client or merchant that no longer exists
/// counts as inactive.
fn account_state(registry: &Registry, client_id: &str, merchant_id: &str) -> TokenState {
    if !registry.client(client_id).is_some_and(|client| client.is_active()) {
        return TokenState::ClientInactive;
    }

    match registry.merchant(merchant_id) {
        Some(merchant) if merchant.status == AccountStatus::Active => TokenState::Active,
        _ => TokenState::MerchantInactive,
    }
}
