//! The endpoints: bytes in, a call of [`crate::authority`], bytes out. One file per endpoint.

mod answer;
mod body;
mod form_request;
mod health;
mod home;
mod jwks;
mod panics;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::{any, get};
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

use crate::realm::Realm;
use crate::scenario::CORRELATION_ID;
use crate::token::SigningKey;

/// What every endpoint works on.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) realm: Arc<Realm>,
    pub(crate) key: SigningKey,
}

/// What is known of the connection that a request came by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connection {
    /// The common name of the client's certificate.
    pub(crate) certificate: Option<Arc<str>>,
}

/// Routes every path of the server.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/oauth2/v3/token", any(token::token))
        .route("/oauth/v3/token", any(token::token))
        .route("/.well-known/jwks.json", get(jwks::jwks))
        .route("/_mock/health", get(health::health))
        .route("/", get(home::home))
        .fallback(nothing_here)
        .layer(CatchPanicLayer::custom(panics::answer))
        .with_state(app)
}

/// Answers one request. Whatever the answer is, it carries the realm's date and the client's
/// correlation id.
pub(crate) async fn serve(
    app: &App,
    router: &Router,
    connection: Connection,
    mut request: Request,
) -> Response {
    let correlation_id = request.headers().get(CORRELATION_ID).cloned();
    request.extensions_mut().insert(connection);
    let Ok(mut response) = router.clone().oneshot(request).await;
    let headers = response.headers_mut();
    if let Some(id) = correlation_id {
        headers.insert(CORRELATION_ID, id);
    }
    answer::put_date(headers, app.realm.clock().now_ms());
    response
}

/// What a path without an endpoint answers.
async fn nothing_here(method: Method) -> Response {
    let text = format!(
        "Nothing answers {method} here. The token endpoint is POST /oauth2/v3/token; / lists the \
         others.\n"
    );
    answer::text(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", Body::from(text))
}
