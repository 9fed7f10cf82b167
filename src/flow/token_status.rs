//! Whether an access token opens the API, and what a token is: resources, introspection and
//! revocation ask here.

use std::sync::Arc;

use crate::realm::{Grant, Realm};
use crate::token::{Inspection, SigningKey, VerifiedClaims, inspect};

/// A token of this realm, as it stands now.
pub(crate) struct TokenStatus {
    pub(crate) claims: VerifiedClaims,
    pub(crate) grant: Grant,
    /// The expiry that counts, in milliseconds since 1970.
    pub(crate) expires_at_ms: i64,
    /// Why it is not good any more; `None` if it is.
    pub(crate) fault: Option<&'static str>,
}

/// Looks a token up. `Err` says why it is none of this realm's.
pub(crate) async fn standing(
    realm: &Realm,
    key: &SigningKey,
    token: &str,
) -> Result<TokenStatus, &'static str> {
    let claims = VerifiedClaims::verify(token, key).map_err(|why| why.explain())?;
    let Some((id, grant_id)) = realm.ids().read(&claims.jti) else {
        return Err("was issued by another realm of this server");
    };
    let grant_store = realm.grant_store();
    let registry = realm.registry();
    let settings = &registry.settings;
    let grant = grant_store.grant(grant_id).await.unwrap_or_else(|| Grant {
        id: grant_id,
        client_id: claims.client_id.as_str().into(),
        merchant_id: claims.merchant_id.as_str().into(),
        scopes: Arc::from(claims.scopes.as_slice()),
        granted_at_ms: claims.iat,
        redirect_url: None,
        // Its refresh token may have been issued, or may expire, as late as this one.
        purge_after_ms: settings.grant_ends_ms(claims.iat.max(claims.expires_in)),
        revoked: false,
    });
    let state = grant_store.token(id).await;
    let expires_at_ms = state.map_or(claims.expires_in, |state| state.expires_at_ms);
    let now_ms = realm.clock().now_ms();
    // The last millisecond of an access token is the one before its expiry; that of a refresh
    // token is its expiry itself (source S).
    let expired = now_ms >= expires_at_ms.saturating_add(claims.is_refresh_token().into());
    let fault = if grant.revoked {
        Some("was revoked with the merchant's permissions")
    } else if state.is_some_and(|state| state.rotated.is_some()) {
        Some("was replaced by another one")
    } else if expired {
        Some("has expired")
    } else {
        None
    };
    Ok(TokenStatus { claims, grant, expires_at_ms, fault })
}

/// Takes a token apart. Unlike the command, the realm also knows what became of its grant.
pub(crate) async fn inspection(realm: &Realm, key: &SigningKey, token: &str) -> Inspection {
    let mut found = inspect(token, key, realm.clock().now_ms());
    match standing(realm, key, token.trim()).await {
        Err(why) => {
            found.valid = false;
            found.reason = format!("The token {why}.");
        }
        Ok(standing) => {
            if let Some(fault) = standing.fault {
                found.valid = false;
                // How long ago an expired one expired is said already.
                if fault != "has expired" {
                    found.reason = format!("The token {fault}.");
                }
            } else if !found.valid {
                found.valid = true;
                found.reason = "It is good: a refresh has moved its expiry on.".to_owned();
            }
        }
    }
    found
}
