//! Refreshing with a refresh token of this realm: it is used again, rotated, or kept beside a new one.

use super::grant::RefreshToken;
use super::replay::conflicted;
use super::token_issuer::{IssuedRefreshToken, IssuedTokens, TokenIssuer};
use crate::fixture::RefreshPolicy;
use crate::journal::CredentialState;
use crate::oauth::{Refusal, Row, Scopes, refuse};
use crate::scenario::Step;
use crate::store::{Conflict, Renewal, RenewalOutcome, Rotation};

/// Issues an access token with the same refresh token, with its successor, or with a further one.
pub(super) async fn refresh(
    issuer: &TokenIssuer<'_>,
    mut token: RefreshToken<'_>,
    scopes: &Scopes,
    now_ms: i64,
) -> Result<IssuedTokens, Refusal> {
    let request = issuer.request;

    // A second time only if a concurrent request rotated the same token in between.
    for _ in 0..2 {
        if let Some(rotation) = token.overlapping(&request.registry.settings, now_ms) {
            return repeat_rotation(issuer, rotation, scopes, now_ms).await;
        }

        let (refresh_token, outcome) = renew(issuer, &token, now_ms)?;
        let response = issuer.response(refresh_token, scopes, now_ms)?;
        if request.step.is_some_and(Step::is_dry_run) {
            return Ok(response);
        }

        let renewal = Renewal {
            token: token.id,
            grant: issuer.grant.clone(),
            claimed_expiry_ms: token.expires_at_ms,
            outcome,
            now_ms,
        };
        match request.realm.grant_store.renew(renewal).await {
            Ok(()) => return Ok(response),
            Err(Conflict::Rotated(rotation)) => token.rotated = Some(rotation),
            Err(conflict) => return conflicted(request, issuer.grant.id, conflict).await,
        }

        // Within the overlap, the concurrent request's successor is this one's, too.
        if let Some(rotation) = token.rotated
            && token.overlapping(&request.registry.settings, now_ms).is_none()
        {
            return conflicted(request, issuer.grant.id, Conflict::Rotated(rotation)).await;
        }
    }

    refuse(Row::Server, "The refresh token could not be renewed.")
}

/// Returns the refresh token of the response, and what becomes of the one that was sent.
fn renew(
    issuer: &TokenIssuer<'_>,
    token: &RefreshToken<'_>,
    now_ms: i64,
) -> Result<(IssuedRefreshToken, RenewalOutcome), Refusal> {
    let expired = now_ms > token.expires_at_ms;
    let policy = issuer.request.registry.settings.refresh_policy;

    if expired {
        issuer.request.recorder.credential(CredentialState::InGrace);
    }
    if expired || policy == RefreshPolicy::Rotate {
        let rotation = Rotation { successor: issuer.new_id(), at_ms: now_ms };
        let successor = issuer.refresh_token(rotation.successor, now_ms)?;
        return Ok((successor, RenewalOutcome::Rotate(rotation)));
    }

    if policy == RefreshPolicy::Reissue {
        let further = issuer.refresh_token(issuer.new_id(), now_ms)?;
        return Ok((further, RenewalOutcome::Keep));
    }

    let expires_at_ms = issuer.refresh_expiry_ms(now_ms);
    let claims = Some(token.claims.clone());
    let same = IssuedRefreshToken { token: token.sent.to_owned(), claims, expires_at_ms };
    Ok((same, RenewalOutcome::Extend { expires_at_ms }))
}

/// Returns the successor again that an earlier request got for the same token.
async fn repeat_rotation(
    issuer: &TokenIssuer<'_>,
    rotation: Rotation,
    scopes: &Scopes,
    now_ms: i64,
) -> Result<IssuedTokens, Refusal> {
    let successor = issuer.refresh_token(rotation.successor, rotation.at_ms)?;
    let response = issuer.response(successor, scopes, now_ms)?;

    let grant_store = &issuer.request.realm.grant_store;
    match grant_store.upsert_grant(issuer.grant.clone(), now_ms).await {
        Ok(()) => Ok(response),
        Err(conflict) => conflicted(issuer.request, issuer.grant.id, conflict).await,
    }
}
