//! POST `/oauth2/v3/introspect`: the state of a token (RFC 7662).

use axum::response::Response;
use serde_json::{Value, json};

use super::context::RequestContext;
use super::form_endpoint::FormEndpoint;
use super::response;
use crate::flow::{
    TokenRequest, TokenState, TokenStatus, authenticate, presented_token, verify_token,
};
use crate::oauth::{Refusal, Row, refuse};
use crate::scenario::Endpoint;
use crate::store::{Grant, Unavailable};

pub(super) struct Introspect;

impl FormEndpoint for Introspect {
    const ENDPOINT: Endpoint = Endpoint::Introspect;

    async fn handle(
        request: &TokenRequest<'_>,
        context: &RequestContext,
    ) -> Result<Response, Refusal> {
        authenticate(request)?;
        let Some(token) = request.form.get("token") else {
            return refuse(Row::Required, "token is missing from the body, or empty.");
        };

        let introspection = introspect(request, token, &context.base_url()).await?;
        Ok(response::json(200, &introspection.unwrap_or_else(|| json!({ "active": false }))))
    }
}

/// Describes a token; `None` if it is not active.
async fn introspect(
    request: &TokenRequest<'_>,
    token: &str,
    issuer: &str,
) -> Result<Option<Value>, Unavailable> {
    let found = request.look_up(&presented_token(request.realm, token)).await?;
    if let Some(grant) = &found.literal {
        request.recorder.merchant(&grant.merchant_id);
        return Ok(grant.revoked.is_none().then(|| fixture_token(grant)));
    }

    let Ok(verified) = verify_token(request.realm, request.key, token) else { return Ok(None) };
    let status = verified.status(request.realm, found);
    request.recorder.merchant(&status.claims.merchant_id);
    Ok((status.state == TokenState::Active).then(|| active_token(&status, issuer)))
}

/// A literal refresh token of the fixtures. It never expires.
fn fixture_token(grant: &Grant) -> Value {
    json!({
        "active": true,
        "scope": grant.scopes.join(" "),
        "client_id": &*grant.client_id,
        "merchant_id": &*grant.merchant_id,
        "token_type": "refresh_token",
    })
}

/// The members of RFC 7662, section 2.2. Their times are in seconds, unlike those of the token.
fn active_token(status: &TokenStatus, issuer: &str) -> Value {
    let claims = &status.claims;

    json!({
        "active": true,
        "scope": claims.scopes.join(" "),
        "client_id": claims.client_id,
        "merchant_id": claims.merchant_id,
        "sub": claims.merchant_id,
        "token_type": if claims.is_refresh_token() { "refresh_token" } else { "bearer" },
        "iat": claims.iat / 1000,
        "exp": status.expires_at_ms / 1000,
        "iss": issuer,
        "jti": claims.jti,
    })
}
