//! `/_mock/grants`: the grants of merchants, and their revocation.

use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::problem::Problem;
use super::{Answer, json, no_content};
use crate::http::context::RequestContext;
use crate::realm::GrantInfo;

/// The grants of merchants.
#[derive(Serialize, JsonSchema)]
pub(super) struct GrantList {
    grants: Vec<GrantInfo>,
}

pub(super) async fn list(Extension(context): Extension<RequestContext>) -> Response {
    json(StatusCode::OK, &GrantList { grants: context.realm.grants().await })
}

pub(super) async fn revoke(
    Extension(context): Extension<RequestContext>,
    Path(id): Path<String>,
) -> Answer {
    if context.realm.revoke_grant(&id).await {
        Ok(no_content())
    } else {
        Err(Problem::new(StatusCode::NOT_FOUND, "There is no grant with this id."))
    }
}
