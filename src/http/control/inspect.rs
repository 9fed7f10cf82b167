//! `/_mock/inspect`: the contents of a token, and whether it is valid.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

use super::json::Json;
use super::routes::{OperationDoc, Routes};
use crate::flow::inspect_in_realm;
use crate::http::app::App;
use crate::http::context::RequestContext;
use crate::token::Inspection;

/// The token to inspect.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct InspectRequest {
    /// An access token or a refresh token.
    token: String,
}

pub(super) fn routes() -> Routes {
    let mut routes = Routes::default();

    routes.post(
        "/inspect",
        inspect,
        OperationDoc::new("inspectToken", "Decodes a token and checks whether it is valid")
            .takes::<InspectRequest>()
            .returns::<Inspection>(200, "The contents of the token."),
    );

    routes
}

async fn inspect(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    Json(request): Json<InspectRequest>,
) -> Json<Inspection> {
    Json(inspect_in_realm(&context.realm, &app.key, &request.token).await)
}
