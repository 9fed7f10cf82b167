//! POST `/_mock/tokens`: tokens without a flow.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Answer, codes, json, json_body::JsonBody};
use crate::flow::issue_directly;
use crate::http::{App, context::RequestContext};

/// Tokens that are wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokensRequest {
    /// The client, by id.
    client_id: String,
    /// The merchant who consents, by id.
    merchant_id: String,
    /// What is granted; all of the client's scopes unless given.
    scopes: Option<Vec<String>>,
}

pub(super) async fn issue(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    sent: JsonBody,
) -> Answer {
    let wanted: TokensRequest = sent.json().await?;
    let scopes: Option<Vec<&str>> =
        wanted.scopes.as_ref().map(|scopes| scopes.iter().map(String::as_str).collect());
    let (client, merchant) = (&wanted.client_id, &wanted.merchant_id);
    let tokens = issue_directly(&context.realm, &app.key, client, merchant, scopes.as_deref())
        .await
        .map_err(codes::problem)?;
    Ok(json(StatusCode::CREATED, &tokens))
}
