//! POST `/_mock/tokens`: tokens without a flow.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;

use super::{Answer, codes, json, json_body::JsonBody};
use crate::flow::issue_directly;
use crate::http::{App, context::RequestContext};
use crate::realm::TokensRequest;

pub(super) async fn issue(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    sent: JsonBody,
) -> Answer {
    let request: TokensRequest = sent.json().await?;
    let tokens =
        issue_directly(&context.realm, &app.key, &request).await.map_err(codes::problem)?;
    Ok(json(StatusCode::CREATED, &tokens))
}
