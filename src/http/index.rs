//! GET `/`: a page for people.

use axum::http::StatusCode;
use axum::response::Response;

use super::response;

const PAGE: &str = include_str!("../../templates/index.html");

pub(super) async fn index() -> Response {
    response::text(StatusCode::OK, "text/html; charset=utf-8", PAGE)
}
