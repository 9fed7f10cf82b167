//! POST `/oauth2/v3/revoke`: a client revokes a token (RFC 7009).

use axum::body::Body;
use axum::response::Response;

use super::context::RequestContext;
use super::form_endpoint::FormEndpoint;
use crate::flow::{TokenRequest, authenticate, presented_token, verify_token};
use crate::oauth::{Refusal, Row, refuse};
use crate::scenario::{Endpoint, Step};
use crate::store::{Grant, Revocation, Unavailable};

pub(super) struct Revoke;

/// Revoking either token of a grant ends the whole grant (RFC 7009 allows it for access tokens and
/// asks for it for refresh tokens). An unknown token is no error (section 2.2).
impl FormEndpoint for Revoke {
    const ENDPOINT: Endpoint = Endpoint::Revoke;

    async fn handle(request: &TokenRequest<'_>, _: &RequestContext) -> Result<Response, Refusal> {
        let client = authenticate(request)?;
        let Some(token) = request.form.get("token") else {
            return refuse(Row::Required, "token is missing from the body, or empty.");
        };

        if let Some(grant) = grant_of(request, token).await? {
            request.recorder.merchant(&grant.merchant_id);
            if grant.client_id != client.id {
                return refuse(Row::CodeOrToken, "token was issued to another client.");
            }
            if !request.step.is_some_and(Step::is_dry_run) {
                let now_ms = request.realm.clock.now_ms();
                let grant_store = &request.realm.grant_store;
                grant_store.revoke_grant(grant, Revocation::Client, now_ms).await?;
            }
        }

        // RFC 7009, section 2.2: the status says it all.
        Ok(Response::new(Body::empty()))
    }
}

async fn grant_of(request: &TokenRequest<'_>, token: &str) -> Result<Option<Grant>, Unavailable> {
    let mut found = request.look_up(&presented_token(request.realm, token)).await?;
    if let Some(grant) = found.literal.take() {
        return Ok(Some(grant));
    }

    let verified = verify_token(request.realm, request.key, token).ok();
    Ok(verified.map(|verified| verified.status(request.realm, found).grant))
}
