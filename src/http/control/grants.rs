//! `/_mock/grants`: the grants that merchants have consented to, and their revocation.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use super::json::Json;
use super::problem::Problem;
use super::rfc3339;
use super::routes::{OperationDoc, Routes};
use crate::http::context::RequestContext;
use crate::oauth::Scopes;
use crate::realm::Grant;

/// The grants of the realm.
#[derive(Serialize, JsonSchema)]
struct GrantList {
    /// The grants, also those that are revoked.
    grants: Vec<GrantView>,
}

/// What a merchant has consented to.
#[derive(Serialize, JsonSchema)]
struct GrantView {
    /// The grant's id: ten hex digits.
    id: String,
    /// The client's id.
    client_id: Arc<str>,
    /// The merchant's id.
    merchant_id: Arc<str>,
    /// The granted scopes.
    scopes: Scopes,
    /// When the merchant consented, in RFC 3339.
    granted_at: String,
    /// Whether the merchant has revoked the grant.
    revoked: bool,
}

pub(super) fn routes() -> Routes {
    Routes::default()
        .get(
            "/grants",
            list,
            OperationDoc::new("listGrants", "Lists the grants that merchants have consented to")
                .returns::<GrantList>(200, "All grants."),
        )
        .delete(
            "/grants/{id}",
            revoke,
            OperationDoc::new(
                "revokeGrant",
                "Revokes a grant as its merchant; its access tokens become invalid at once",
            )
            .returns_nothing("The grant is revoked."),
        )
}

async fn list(Extension(context): Extension<RequestContext>) -> Json<GrantList> {
    let grants = context.realm.grant_store().grants(context.realm.clock().now_ms()).await;
    Json(GrantList { grants: grants.iter().map(GrantView::from).collect() })
}

async fn revoke(
    Extension(context): Extension<RequestContext>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let known = match id.parse() {
        Ok(id) => context.realm.grant_store().revoke(id).await,
        Err(()) => false,
    };
    if !known {
        return Err(Problem::not_found("There is no grant with this id."));
    }
    Ok(StatusCode::NO_CONTENT)
}

impl From<&Grant> for GrantView {
    fn from(grant: &Grant) -> Self {
        Self {
            id: grant.id.to_string(),
            client_id: Arc::clone(&grant.client_id),
            merchant_id: Arc::clone(&grant.merchant_id),
            scopes: Arc::clone(&grant.scopes),
            granted_at: rfc3339::format(grant.granted_at_ms),
            revoked: grant.revoked,
        }
    }
}
