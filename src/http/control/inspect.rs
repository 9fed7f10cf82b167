//! POST `/_mock/inspect`: what a token says, and whether it is good now.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Answer, input::Sent, json};
use crate::authority::bearer;
use crate::http::{App, here::Here};

/// A token to take apart.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    token: String,
}

pub(super) async fn inspect(
    State(app): State<Arc<App>>,
    Extension(here): Extension<Here>,
    sent: Sent,
) -> Answer {
    let wanted: Token = sent.json().await?;
    Ok(json(StatusCode::OK, &bearer::inspection(&here.realm, &app.key, &wanted.token).await))
}
