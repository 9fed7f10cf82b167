//! GET `/.well-known/jwks.json`: the public key that verifies every token.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::context::RequestContext;
use super::response;
use super::scenario::run_anonymous;
use crate::scenario::Endpoint;

pub(super) async fn jwks(context: RequestContext, headers: HeaderMap) -> Response {
    run_anonymous(&context, Endpoint::Jwks, &headers, || async {
        response::text(StatusCode::OK, "application/json", context.app.key.jwks().to_string())
    })
    .await
}
