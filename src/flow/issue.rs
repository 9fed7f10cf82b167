//! Row 21: issues tokens under a grant, and stores what has changed.
//!
//! Tokens are signed first, and the store changes last, in one step. So a request that fails
//! changes nothing, and of many with the same code exactly one succeeds.

use std::sync::Arc;

use super::TokenRequest;
use super::grant::{GrantSource, Origin};
use super::refresh::refresh;
use super::replay::conflicted;
use super::token_issuer::{IssuedTokens, TokenIssuer};
use crate::journal::RequestRecorder;
use crate::oauth::{Form, Refusal, Scopes, TokenResponse};
use crate::realm::{ClientEntry, IssueError, Realm, TokensRequest};
use crate::scenario::Step;
use crate::store::{Grant, Redemption};
use crate::token::{SigningKey, grant_time};

/// Issues an access token and, where one is due, a refresh token.
pub(super) async fn issue(
    request: &TokenRequest<'_>,
    client: &ClientEntry,
    source: GrantSource<'_>,
    scopes: Scopes,
) -> Result<IssuedTokens, Refusal> {
    let GrantSource { mut grant, grant_time: earlier, origin } = source;
    let settings = &request.registry.settings;
    let now_ms = request.realm.clock.now_ms();
    grant.purge_after_ms = settings.grant_ends_ms(now_ms);

    let zone = settings.grant_time_zone.time_zone();
    let grant_time = earlier.unwrap_or_else(|| grant_time(grant.granted_at_ms, zone));
    let issuer = TokenIssuer { request, client, grant: &grant, grant_time };
    let code = match origin {
        Origin::Token(token) => return refresh(&issuer, token, &scopes, now_ms).await,
        Origin::Code { code, entry } => Some((code, entry.code.reusable)),
        Origin::FixtureToken => None,
    };

    let refresh_token = issuer.refresh_token(issuer.new_id(), now_ms)?;
    let response = issuer.response(refresh_token, &scopes, now_ms)?;
    if request.step.is_some_and(Step::is_dry_run) {
        return Ok(response);
    }

    let grant_store = &request.realm.grant_store;
    let grant_id = grant.id;
    let stored = match code {
        Some((code, is_reusable)) => {
            grant_store.redeem(Redemption { code, grant, is_reusable, now_ms }).await
        }
        None => grant_store.upsert_grant(grant, now_ms).await,
    };
    match stored {
        Ok(()) => Ok(response),
        Err(conflict) => conflicted(request, grant_id, conflict).await,
    }
}

/// Issues tokens without a flow, as if the merchant had consented and the code been exchanged just
/// now.
///
/// # Errors
///
/// If the client or the merchant is unknown, or the client does not have a scope.
pub(crate) async fn issue_directly(
    realm: &Realm,
    key: &SigningKey,
    request: &TokensRequest,
) -> Result<TokenResponse, IssueError> {
    let registry = realm.registry();
    let TokensRequest { client_id, merchant_id, scopes } = request;
    let (client, scopes) =
        realm.check_consent(&registry, client_id, merchant_id, scopes.as_deref())?;
    let now_ms = realm.clock.now_ms();

    let grant = Grant {
        id: realm.grant_store.new_grant_id(),
        client_id: Arc::clone(&client.id),
        merchant_id: merchant_id.as_str().into(),
        scopes: Arc::clone(&scopes),
        granted_at_ms: now_ms,
        redirect_url: None,
        purge_after_ms: now_ms,
        revoked: None,
    };
    let source = GrantSource { grant, grant_time: None, origin: Origin::FixtureToken };
    let request = TokenRequest {
        realm,
        registry: &registry,
        key,
        form: &Form::default(),
        authorization: None,
        certificate: None,
        step: None,
        recorder: &RequestRecorder::default(),
        found: None,
    };

    issue(&request, client, source, scopes)
        .await
        .map(|tokens| tokens.response)
        .map_err(|refusal| IssueError::Refused(refusal.description.into_owned()))
}
