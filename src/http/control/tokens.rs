//! `/_mock/tokens`: tokens without a flow.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;

use super::json::Json;
use super::problem::Problem;
use super::routes::{OperationDoc, Routes};
use crate::flow::issue_directly;
use crate::http::{App, context::RequestContext};
use crate::oauth::TokenResponse;

/// The tokens to issue.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct IssueTokensRequest {
    /// The client's id.
    client_id: String,
    /// The id of the merchant who consents.
    merchant_id: String,
    /// The scopes to grant. Default: all scopes of the client.
    scopes: Option<Vec<String>>,
}

pub(super) fn routes() -> Routes {
    Routes::default().post(
        "/tokens",
        issue,
        OperationDoc::new("issueTokens", "Issues tokens without an authorization flow")
            .takes::<IssueTokensRequest>()
            .returns::<TokenResponse>(201, "A response like that of the token endpoint."),
    )
}

async fn issue(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    Json(request): Json<IssueTokensRequest>,
) -> Result<(StatusCode, Json<TokenResponse>), Problem> {
    let scopes: Option<Vec<&str>> =
        request.scopes.as_ref().map(|scopes| scopes.iter().map(String::as_str).collect());
    let (client, merchant) = (&request.client_id, &request.merchant_id);

    let tokens =
        issue_directly(&context.realm, &app.key, client, merchant, scopes.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(tokens)))
}
