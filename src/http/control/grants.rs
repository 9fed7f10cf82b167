//! `/_mock/grants`: what merchants have consented to, and taking it back.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::problem::Problem;
use super::{Answer, json, no_content, times};
use crate::http::here::Here;
use crate::oauth::Scopes;
use crate::realm::Grant;

/// What merchants have consented to.
#[derive(Serialize, JsonSchema)]
pub(super) struct GrantList {
    grants: Vec<ShownGrant>,
}

/// What a merchant has consented to.
#[derive(Serialize, JsonSchema)]
struct ShownGrant {
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

pub(super) async fn list(Extension(here): Extension<Here>) -> Response {
    let grants = here.realm.ledger().grants(here.realm.clock().now_ms()).await;
    json(StatusCode::OK, &GrantList { grants: grants.iter().map(ShownGrant::from).collect() })
}

impl From<&Grant> for ShownGrant {
    fn from(grant: &Grant) -> Self {
        Self {
            id: grant.id.to_string(),
            client_id: Arc::clone(&grant.client_id),
            merchant_id: Arc::clone(&grant.merchant_id),
            scopes: Arc::clone(&grant.scopes),
            granted_at: times::written(grant.granted_at_ms),
            revoked: grant.revoked,
        }
    }
}

pub(super) async fn revoke(Extension(here): Extension<Here>, Path(id): Path<String>) -> Answer {
    let known = match id.parse() {
        Ok(id) => here.realm.ledger().revoke(id).await,
        Err(()) => false,
    };
    match known {
        true => Ok(no_content()),
        false => Err(Problem::new(StatusCode::NOT_FOUND, "There is no grant with this id.")),
    }
}
