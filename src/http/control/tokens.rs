//! `/_mock/tokens`: tokens without a flow.

use axum::http::StatusCode;

use super::json::Json;
use super::problem::Problem;
use super::routes::{POST, Routes};
use crate::flow::issue_directly;
use crate::http::context::RequestContext;
use crate::oauth::TokenResponse;
use crate::realm::TokensRequest;

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .add(POST, "/tokens", issue)
        .doc("issueTokens", "Issues tokens without an authorization flow")
        .takes::<TokensRequest>()
        .returns::<TokenResponse>(201, "A response like that of the token endpoint.");
}

async fn issue(
    context: RequestContext,
    Json(request): Json<TokensRequest>,
) -> Result<(StatusCode, Json<TokenResponse>), Problem> {
    let tokens = issue_directly(&context.realm, &context.app.key, &request).await?;
    Ok((StatusCode::CREATED, Json(tokens)))
}
