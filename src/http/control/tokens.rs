//! POST `/_mock/tokens`: tokens without a flow.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Answer, codes, input::Sent, json};
use crate::authority::issue_directly;
use crate::http::{App, here::Here};

/// Tokens that are wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTokens {
    /// The client, by id.
    client_id: String,
    /// The merchant who consents, by id.
    merchant_id: String,
    /// What is granted; all of the client's scopes unless given.
    scopes: Option<Vec<String>>,
}

pub(super) async fn issue(
    State(app): State<Arc<App>>,
    Extension(here): Extension<Here>,
    sent: Sent,
) -> Answer {
    let wanted: NewTokens = sent.json().await?;
    let scopes: Option<Vec<&str>> =
        wanted.scopes.as_ref().map(|scopes| scopes.iter().map(String::as_str).collect());
    let (client, merchant) = (&wanted.client_id, &wanted.merchant_id);
    let tokens = issue_directly(&here.realm, &app.key, client, merchant, scopes.as_deref())
        .await
        .map_err(codes::problem)?;
    Ok(json(StatusCode::CREATED, &tokens))
}
