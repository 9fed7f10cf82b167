//! `/_mock/grants`: the grants that merchants have consented to, and their revocation.

use axum::extract::Path;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use super::json::Json;
use super::problem::Problem;
use super::routes::{DELETE, GET, Routes};
use crate::http::context::RequestContext;
use crate::realm::GrantInfo;

/// The grants of the realm.
#[derive(Serialize, JsonSchema)]
struct GrantList {
    /// The grants, including revoked ones.
    grants: Vec<GrantInfo>,
}

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .add(GET, "/grants", list)
        .doc("listGrants", "Lists the grants that merchants have consented to")
        .returns::<GrantList>(200, "All grants.");

    routes
        .add(DELETE, "/grants/{id}", revoke)
        .doc(
            "revokeGrant",
            "Revokes a grant as its merchant; its access tokens become invalid at once",
        )
        .returns_nothing("The grant is revoked.");
}

async fn list(context: RequestContext) -> Result<Json<GrantList>, Problem> {
    Ok(Json(GrantList { grants: context.realm.grants().await? }))
}

async fn revoke(context: RequestContext, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    if !context.realm.revoke_grant(&id).await? {
        return Err(Problem::not_found("There is no grant with this ID."));
    }
    Ok(StatusCode::NO_CONTENT)
}
