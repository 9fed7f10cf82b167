//! POST `/oauth2/v3/revoke`: a client gives a token back (RFC 7009).

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;

use super::form_endpoint::FormEndpoint;
use super::response;
use crate::flow::token_status::standing;
use crate::flow::{TokenRequest, authenticate};
use crate::oauth::{Refusal, Row, refuse};
use crate::scenario::Endpoint;

pub(super) struct Revoke;

/// Whichever token of a grant is given back, the whole grant ends (RFC 7009 allows it for access
/// tokens and asks for it for refresh tokens). A token that is none is no error (section 2.2).
impl FormEndpoint for Revoke {
    const ENDPOINT: Endpoint = Endpoint::Revoke;

    async fn answer(request: &TokenRequest<'_>, _: &str) -> Result<Response, Refusal> {
        let client = authenticate(request)?;
        let Some(token) = request.form.get("token") else {
            return refuse(Row::Credentials, "token is missing from the body, or empty.");
        };
        let grant_store = request.realm.grant_store();
        let grant = match grant_store.fixture_token(token).await {
            Some(grant) => Some(grant),
            None => standing(request.realm, request.key, token).await.ok().map(|found| found.grant),
        };
        if let Some(grant) = grant {
            request.recorder.merchant(&grant.merchant_id);
            if grant.client_id != client.id {
                return refuse(Row::CodeOrToken, "token was issued to another client.");
            }
            if !request.effects.is_dry_run() {
                grant_store.revoke_grant(grant, request.realm.clock().now_ms()).await;
            }
        }
        Ok(response::text(StatusCode::OK, "application/json;charset=UTF-8", Body::empty()))
    }
}
