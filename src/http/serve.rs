//! Serves a request, by itself or with other replicas of a shared store.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;

use super::app::{App, Connection};
use super::router::handle;
#[cfg(feature = "redis")]
use super::shared;

/// Handles one request. Every response carries the realm's date and the client's correlation ID.
pub(crate) async fn serve(
    app: &Arc<App>,
    router: &Router,
    connection: Connection,
    request: Request,
) -> Response {
    #[cfg(feature = "redis")]
    if app.realms.store().is_some() {
        return shared::serve(app, router, connection, request).await;
    }

    handle(app, router, connection, request).await.finish()
}
