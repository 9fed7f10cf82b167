//! POST `/oauth2/v3/token` and `/oauth/v3/token`.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::response::Response;

use super::client_request::{as_token_request, claimed, play, read_form, refused};
use super::here::Here;
use super::{App, Connection, answer, form_request};
use crate::authority::{merchant_of, token::decide};
use crate::oauth::Refusal;
use crate::realm::Registry;
use crate::scenario::Endpoint;

pub(super) async fn token(
    State(app): State<Arc<App>>,
    Extension(here): Extension<Here>,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Response {
    let registry = here.realm.registry();
    let (parts, body) = request.into_parts();
    judge(&app, &here, &registry, &connection, &parts, body)
        .await
        .unwrap_or_else(|refusal| refused(&registry, Endpoint::Token, &refusal))
}

/// The table's rows 1 to 6, then the scenarios, then the rest of the table.
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
    let client_id = claimed(registry, &parts.headers, &form);
    let client_id = client_id.as_deref();
    let merchant_id = match here.realm.script().asks_for_merchant() {
        true => merchant_of(&here.realm, &app.key, &form).await,
        false => None,
    };
    let merchant_id = merchant_id.as_deref();
    let headers = &parts.headers;
    let injected =
        play(here, registry, Endpoint::Token, client_id, merchant_id, headers, &form).await;
    if let Some(response) = injected {
        return Ok(response);
    }
    let request = as_token_request(app, here, registry, connection, headers, &form);
    let response = decide(&request).await?;
    tracing::debug!(status = 200, "token");
    Ok(answer::json(200, &response))
}
