//! GET `/.well-known/jwks.json`: the public key that verifies every token.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{App, answer};

pub(super) async fn jwks(State(app): State<Arc<App>>) -> Response {
    let body = Body::from(app.key.jwks().to_string());
    answer::text(StatusCode::OK, "application/json", body)
}
