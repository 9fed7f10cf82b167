//! `/_mock/grants`: what merchants have consented to, and taking it back.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::problem::Problem;
use super::{Answer, json, no_content, rfc3339};
use crate::http::context::RequestContext;
use crate::oauth::Scopes;
use crate::realm::Grant;

/// What merchants have consented to.
#[derive(Serialize, JsonSchema)]
pub(super) struct GrantList {
    grants: Vec<GrantView>,
}

/// What a merchant has consented to.
#[derive(Serialize, JsonSchema)]
struct GrantView {
    /// Ten hex digits.
    id: String,
    client_id: Arc<str>,
    merchant_id: Arc<str>,
    scopes: Scopes,
    /// In RFC 3339.
    granted_at: String,
    /// Whether the merchant has taken it back.
    revoked: bool,
}

pub(super) async fn list(Extension(context): Extension<RequestContext>) -> Response {
    let grants = context.realm.grant_store().grants(context.realm.clock().now_ms()).await;
    json(StatusCode::OK, &GrantList { grants: grants.iter().map(GrantView::from).collect() })
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

pub(super) async fn revoke(
    Extension(context): Extension<RequestContext>,
    Path(id): Path<String>,
) -> Answer {
    let known = match id.parse() {
        Ok(id) => context.realm.grant_store().revoke(id).await,
        Err(_) => false,
    };
    match known {
        true => Ok(no_content()),
        false => Err(Problem::new(StatusCode::NOT_FOUND, "There is no grant with this id.")),
    }
}
