//! POST `/_mock/inspect`: what a token says, and whether it is good now.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Answer, json, json_body::JsonBody};
use crate::flow::inspect_in_realm;
use crate::http::{App, context::RequestContext};

/// A token to take apart.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InspectRequest {
    token: String,
}

pub(super) async fn inspect(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    sent: JsonBody,
) -> Answer {
    let wanted: InspectRequest = sent.json().await?;
    Ok(json(StatusCode::OK, &inspect_in_realm(&context.realm, &app.key, &wanted.token).await))
}
