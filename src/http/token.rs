//! POST `/oauth2/v3/token` and `/oauth/v3/token`.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::response::Response;

use super::client_request::{as_token_request, claimed, injected, read_form, refused};
use super::here::Here;
use super::play::{Stage, play};
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
    let headers = &parts.headers;
    let client_id = claimed(registry, headers, &form);
    let merchant_id = match here.realm.script().asks_for_merchant() {
        true => merchant_of(&here.realm, &app.key, &form).await,
        false => None,
    };
    let stage = Stage {
        here,
        registry,
        endpoint: Endpoint::Token,
        client_id: client_id.as_deref(),
        merchant_id: merchant_id.as_deref(),
        headers,
        param: &|name| form.get(name),
        error: &|code, status, text| injected(registry, Endpoint::Token, code, status, text),
    };
    let form = &form;
    Ok(play(stage, |effects| async move {
        let request = as_token_request(app, here, registry, connection, headers, form, &effects);
        match decide(&request).await {
            Ok(response) => answer::json(200, &response),
            Err(refusal) => refused(registry, Endpoint::Token, &refusal),
        }
    })
    .await)
}
