//! `/_mock/grants`: what merchants have consented to, and taking it back.

use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::problem::Problem;
use super::{Answer, no_content, times};
use crate::http::here::Here;
use crate::realm::Grant;

pub(super) async fn list(Extension(here): Extension<Here>) -> Response {
    let grants = here.realm.ledger().grants(here.realm.clock().now_ms()).await;
    let grants: Vec<Value> = grants.iter().map(shown).collect();
    super::json(StatusCode::OK, &json!({ "grants": grants }))
}

fn shown(grant: &Grant) -> Value {
    json!({
        "id": grant.id.to_string(),
        "client_id": &*grant.client_id,
        "merchant_id": &*grant.merchant_id,
        "scopes": &*grant.scopes,
        "granted_at": times::written(grant.granted_at_ms),
        "revoked": grant.revoked,
    })
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
