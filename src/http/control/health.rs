//! GET `/_mock/health`: whether the server is there.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::json;

/// That the server is there.
#[derive(Serialize, JsonSchema)]
pub(super) struct Health {
    /// `ok`.
    #[schemars(with = "String")]
    status: &'static str,
    /// The server's version.
    #[schemars(with = "String")]
    version: &'static str,
}

pub(super) async fn health() -> Response {
    json(StatusCode::OK, &Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}
