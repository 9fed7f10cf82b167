//! `/_mock/tokens`: tokens without a flow.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;

use super::json::Json;
use super::problem::Problem;
use super::routes::{OperationDoc, Routes};
use crate::flow::issue_directly;
use crate::http::app::App;
use crate::http::context::RequestContext;
use crate::oauth::TokenResponse;
use crate::realm::TokensRequest;

pub(super) fn routes() -> Routes {
    let mut routes = Routes::default();

    routes.post(
        "/tokens",
        issue,
        OperationDoc::new("issueTokens", "Issues tokens without an authorization flow")
            .takes::<TokensRequest>()
            .returns::<TokenResponse>(201, "A response like that of the token endpoint."),
    );

    routes
}

async fn issue(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    Json(request): Json<TokensRequest>,
) -> Result<(StatusCode, Json<TokenResponse>), Problem> {
    let tokens = issue_directly(&context.realm, &app.key, &request).await?;
    Ok((StatusCode::CREATED, Json(tokens)))
}
