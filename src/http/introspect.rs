//! POST `/oauth2/v3/introspect`: what a token is, for whoever must decide about it (RFC 7662).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;
use serde_json::{Value, json};

use super::client_request::{as_token_request, claimed, injected, read_form, refused};
use super::here::Here;
use super::play::{Stage, play};
use super::{App, Connection, answer, form_request};
use crate::authority::bearer::{Standing, standing};
use crate::authority::{Effects, authenticate};
use crate::oauth::{Form, Refusal, Row, refuse};
use crate::realm::Registry;
use crate::scenario::Endpoint;

pub(super) async fn introspect(
    State(app): State<Arc<App>>,
    Extension(here): Extension<Here>,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Response {
    let registry = here.realm.registry();
    let (parts, body) = request.into_parts();
    judge(&app, &here, &registry, &connection, &parts, body)
        .await
        .unwrap_or_else(|refusal| refused(&registry, Endpoint::Introspect, &refusal))
}

async fn judge(
    app: &App,
    here: &Here,
    registry: &Registry,
    connection: &Connection,
    parts: &Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let body = read_form(here, registry, parts, body).await?;
    let form = form_request::parse(&body)?;
    let headers = &parts.headers;
    let client_id = claimed(registry, headers, &form);
    let stage = Stage {
        here,
        registry,
        endpoint: Endpoint::Introspect,
        client_id: client_id.as_deref(),
        merchant_id: None,
        headers,
        param: &|name| form.get(name),
        error: &|code, status, text| injected(registry, Endpoint::Introspect, code, status, text),
    };
    let form = &form;
    Ok(play(stage, |effects| async move {
        introspected(app, here, registry, connection, headers, form, effects)
            .await
            .unwrap_or_else(|refusal| refused(registry, Endpoint::Introspect, &refusal))
    })
    .await)
}

async fn introspected(
    app: &App,
    here: &Here,
    registry: &Registry,
    connection: &Connection,
    headers: &HeaderMap,
    form: &Form<'_>,
    effects: Effects,
) -> Result<Response, Refusal> {
    authenticate(&as_token_request(app, here, registry, connection, headers, form, &effects))?;
    let Some(token) = form.get("token") else {
        return refuse(Row::Credentials, "token is missing from the body, or empty.");
    };
    let found = match here.realm.ledger().literal(token).await {
        Some(grant) if !grant.revoked => json!({
            "active": true,
            "scope": grant.scopes.join(" "),
            "client_id": &*grant.client_id,
            "merchant_id": &*grant.merchant_id,
            "token_type": "refresh_token",
        }),
        Some(_) => json!({ "active": false }),
        None => match standing(&here.realm, &app.key, token).await {
            Ok(standing) if standing.fault.is_none() => active(&standing, &here.base_url(app)),
            _ => json!({ "active": false }),
        },
    };
    Ok(answer::json(200, &found))
}

/// RFC 7662, section 2.2; times in seconds there, unlike in the token.
fn active(standing: &Standing, issuer: &str) -> Value {
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
