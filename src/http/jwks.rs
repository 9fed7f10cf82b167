//! GET `/.well-known/jwks.json`: the public key that verifies every token.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::errors::injected;
use super::here::Here;
use super::play::{Stage, play};
use super::{App, answer};
use crate::scenario::Endpoint;

pub(super) async fn jwks(
    State(app): State<Arc<App>>,
    Extension(here): Extension<Here>,
    headers: HeaderMap,
) -> Response {
    here.record.endpoint(Endpoint::Jwks);
    let registry = here.realm.registry();
    let registry = &*registry;
    let stage = Stage {
        here: &here,
        registry,
        endpoint: Endpoint::Jwks,
        client_id: None,
        merchant_id: None,
        headers: &headers,
        param: &|_| None,
        error: &|code, status, text| injected(registry, Endpoint::Jwks, code, status, text),
    };
    play(stage, |_| async {
        let body = Body::from(app.key.jwks().to_string());
        answer::text(StatusCode::OK, "application/json", body)
    })
    .await
}
