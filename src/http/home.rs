//! GET `/`: a page for people.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;

use super::answer;

const PAGE: &str = include_str!("home.html");

pub(super) async fn home() -> Response {
    answer::text(StatusCode::OK, "text/html; charset=utf-8", Body::from(PAGE))
}
