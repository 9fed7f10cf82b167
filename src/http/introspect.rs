//! POST `/oauth2/v3/introspect`: what a token is, for whoever must decide about it (RFC 7662).

use axum::response::Response;
use serde_json::{Value, json};

use super::form_endpoint::FormEndpoint;
use super::response;
use crate::flow::token_status::{TokenStatus, standing};
use crate::flow::{TokenRequest, authenticate};
use crate::oauth::{Refusal, Row, refuse};
use crate::realm::Grant;
use crate::scenario::Endpoint;

pub(super) struct Introspect;

impl FormEndpoint for Introspect {
    const ENDPOINT: Endpoint = Endpoint::Introspect;

    async fn answer(request: &TokenRequest<'_>, base_url: &str) -> Result<Response, Refusal> {
        authenticate(request)?;
        let Some(token) = request.form.get("token") else {
            return refuse(Row::Credentials, "token is missing from the body, or empty.");
        };
        let inactive = json!({ "active": false });
        let found = match request.realm.grant_store().fixture_token(token).await {
            Some(grant) => {
                request.recorder.merchant(&grant.merchant_id);
                if grant.revoked { inactive } else { literal(&grant) }
            }
            None => match standing(request.realm, request.key, token).await {
                Ok(standing) => {
                    request.recorder.merchant(&standing.claims.merchant_id);
                    if standing.fault.is_none() { active(&standing, base_url) } else { inactive }
                }
                Err(_) => inactive,
            },
        };
        Ok(response::json(200, &found))
    }
}

/// A refresh token that a fixture names, which never expires.
fn literal(grant: &Grant) -> Value {
    json!({
        "active": true,
        "scope": grant.scopes.join(" "),
        "client_id": &*grant.client_id,
        "merchant_id": &*grant.merchant_id,
        "token_type": "refresh_token",
    })
}

/// RFC 7662, section 2.2; times in seconds there, unlike in the token.
fn active(standing: &TokenStatus, issuer: &str) -> Value {
    let claims = &standing.claims;
    json!({
        "active": true,
        "scope": claims.scopes.join(" "),
        "client_id": claims.client_id,
        "merchant_id": claims.merchant_id,
        "sub": claims.merchant_id,
        "token_type": if claims.is_refresh_token() { "refresh_token" } else { "bearer" },
        "iat": claims.iat / 1000,
        "exp": standing.expires_at_ms / 1000,
        "iss": issuer,
        "jti": claims.jti,
    })
}
