//! POST `/_mock/tokens`: tokens without a flow.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::{Answer, codes, input, json};
use crate::authority::issue_directly;
use crate::http::{App, here::Here};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    client_id: String,
    merchant_id: String,
    scopes: Option<Vec<String>>,
}

pub(super) async fn issue(
    State(app): State<Arc<App>>,
    Extension(here): Extension<Here>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let wanted: Wanted = input::read(&headers, body).await?;
    let scopes: Option<Vec<&str>> =
        wanted.scopes.as_ref().map(|scopes| scopes.iter().map(String::as_str).collect());
    let (client, merchant) = (&wanted.client_id, &wanted.merchant_id);
    let tokens = issue_directly(&here.realm, &app.key, client, merchant, scopes.as_deref())
        .await
        .map_err(codes::problem)?;
    Ok(json(StatusCode::CREATED, &tokens))
}
