//! GET `/.well-known/jwks.json`: the public key that verifies every token.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::client_request::play;
use super::here::Here;
use super::{App, answer};
use crate::oauth::Form;
use crate::scenario::Endpoint;

pub(super) async fn jwks(
    State(app): State<Arc<App>>,
    Extension(here): Extension<Here>,
    headers: HeaderMap,
) -> Response {
    let registry = here.realm.registry();
    let form = Form::default();
    let played = play(&here, &registry, Endpoint::Jwks, None, None, &headers, &form).await;
    played.unwrap_or_else(|| {
        let body = Body::from(app.key.jwks().to_string());
        answer::text(StatusCode::OK, "application/json", body)
    })
}
