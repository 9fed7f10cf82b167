//! POST `/oauth2/v3/revoke`: a client gives a token back (RFC 7009).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use super::client_request::{as_token_request, claimed, injected, read_form, refused};
use super::here::Here;
use super::play::{Stage, play};
use super::{App, Connection, answer, form_request};
use crate::authority::bearer::standing;
use crate::authority::{Effects, authenticate};
use crate::oauth::{Form, Refusal, Row, refuse};
use crate::realm::Registry;
use crate::scenario::Endpoint;

pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    Extension(here): Extension<Here>,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Response {
    let registry = here.realm.registry();
    let (parts, body) = request.into_parts();
    judge(&app, &here, &registry, &connection, &parts, body)
        .await
        .unwrap_or_else(|refusal| refused(&registry, Endpoint::Revoke, &refusal))
}

/// Whichever token of a grant is given back, the whole grant ends (RFC 7009 allows it for access
/// tokens and asks for it for refresh tokens). A token that is none is no error (section 2.2).
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
        endpoint: Endpoint::Revoke,
        client_id: client_id.as_deref(),
        merchant_id: None,
        headers,
        param: &|name| form.get(name),
        error: &|code, status, text| injected(registry, Endpoint::Revoke, code, status, text),
    };
    let form = &form;
    Ok(play(stage, |effects| async move {
        given_back(app, here, registry, connection, headers, form, effects)
            .await
            .unwrap_or_else(|refusal| refused(registry, Endpoint::Revoke, &refusal))
    })
    .await)
}

async fn given_back(
    app: &App,
    here: &Here,
    registry: &Registry,
    connection: &Connection,
    headers: &HeaderMap,
    form: &Form<'_>,
    effects: Effects,
) -> Result<Response, Refusal> {
    let client =
        authenticate(&as_token_request(app, here, registry, connection, headers, form, &effects))?;
    let Some(token) = form.get("token") else {
        return refuse(Row::Credentials, "token is missing from the body, or empty.");
    };
    let ledger = here.realm.ledger();
    let grant = match ledger.literal(token).await {
        Some(grant) => Some(grant),
        None => standing(&here.realm, &app.key, token).await.ok().map(|standing| standing.grant),
    };
    if let Some(grant) = grant {
        if grant.client_id != client.id {
            return refuse(Row::CodeOrToken, "token was issued to another client.");
        }
        if effects.none_last() {
            return Ok(gone());
        }
        ledger.revoke_grant(grant, here.realm.clock().now_ms()).await;
    }
    Ok(gone())
}

fn gone() -> Response {
    answer::text(StatusCode::OK, "application/json;charset=UTF-8", Body::empty())
}
