//! The way of every request: its context, its endpoint, its journal entry.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{any, get};
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

use super::app::{App, Connection};
use super::context::RequestContext;
use super::form_endpoint::form_endpoint;
use super::introspect::Introspect;
use super::journal_guard::JournalGuard;
use super::revoke::Revoke;
use super::token::Token;
use super::{authorize, control, index, jwks, metadata, panics, resource, response};
use crate::scenario::CORRELATION_ID;

/// Makes the routes of a server. The paths are those within a realm.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/oauth2/v3/token", any(form_endpoint::<Token>))
        .route("/oauth/v3/token", any(form_endpoint::<Token>))
        .route("/ebc2/oauth/authorize", any(authorize::vendor))
        .route("/oauth2/v3/authorize", any(authorize::rfc6749))
        .route("/oauth2/v3/introspect", any(form_endpoint::<Introspect>))
        .route("/oauth2/v3/revoke", any(form_endpoint::<Revoke>))
        .route("/.well-known/jwks.json", get(jwks::jwks))
        .route("/.well-known/oauth-authorization-server", get(metadata::metadata))
        .nest("/_mock", control::router(Arc::clone(&app)))
        .route("/", get(index::index))
        .fallback(resource::resource)
        .layer(CatchPanicLayer::custom(panics::server_error))
        .with_state(app)
}

/// Handles one request. Every response carries the realm's date and the client's correlation id.
pub(crate) async fn serve(
    app: &Arc<App>,
    router: &Router,
    connection: Connection,
    mut request: Request,
) -> Response {
    let correlation_id = request.headers().get(CORRELATION_ID).cloned();
    let (context, unknown_realm) = RequestContext::resolve(app, connection, &mut request);
    let realm = Arc::clone(&context.realm);
    let journal_guard = JournalGuard::new(&context, &request);

    let mut response = match unknown_realm {
        Some(name) if is_control_path(request.uri().path()) => control::unknown_realm(&name),
        Some(name) => {
            tracing::info!(status = 404, "no realm: {:.64}", name);
            response::unknown_realm(&name)
        }
        None => {
            request.extensions_mut().insert(context);
            let Ok(response) = router.clone().oneshot(request).await;
            response
        }
    };

    journal_guard.finish(&response);
    let headers = response.headers_mut();
    if let Some(id) = correlation_id {
        headers.entry(CORRELATION_ID).or_insert(id);
    }
    response::put_date(headers, realm.clock().now_ms());

    response
}

fn is_control_path(path: &str) -> bool {
    path.contains("/_mock/")
}
