//! GET `/_mock/health`: whether the server is there.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::http::answer;

pub(super) async fn health() -> Response {
    let body = json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") });
    answer::text(StatusCode::OK, "application/json", Body::from(body.to_string()))
}
