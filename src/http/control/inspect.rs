//! `/_mock/inspect`: the contents of a token or a code, and whether it is valid.

use schemars::JsonSchema;
use serde::Deserialize;

use super::json::Json;
use super::problem::Problem;
use super::routes::{POST, Routes};
use crate::flow::inspect_in_realm;
use crate::http::context::RequestContext;
use crate::token::Inspection;

/// The token to inspect.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct InspectRequest {
    /// An access token, a refresh token or an authorization code.
    token: String,
}

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .add(POST, "/inspect", inspect)
        .doc("inspectToken", "Decodes a token or a code and checks whether it is valid")
        .takes::<InspectRequest>()
        .returns::<Inspection>(200, "The contents of the token.");
}

async fn inspect(
    context: RequestContext,
    Json(request): Json<InspectRequest>,
) -> Result<Json<Inspection>, Problem> {
    Ok(Json(inspect_in_realm(&context.realm, &context.app.key, &request.token).await?))
}
