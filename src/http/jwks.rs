//! GET `/.well-known/jwks.json`: the public key that verifies every token.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::context::RequestContext;
use super::errors::injected;
use super::scenario::{ScenarioContext, run};
use super::{App, response};
use crate::scenario::Endpoint;

pub(super) async fn jwks(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
) -> Response {
    context.recorder.endpoint(Endpoint::Jwks);
    let registry = context.realm.registry();
    let registry = &*registry;
    let stage = ScenarioContext {
        context: &context,
        registry,
        endpoint: Endpoint::Jwks,
        client_id: None,
        merchant_id: None,
        headers: &headers,
        param: &|_| None,
        error: &|code, status, text| injected(registry, Endpoint::Jwks, code, status, text),
    };
    run(stage, |_| async {
        let body = Body::from(app.key.jwks().to_string());
        response::text(StatusCode::OK, "application/json", body)
    })
    .await
}
