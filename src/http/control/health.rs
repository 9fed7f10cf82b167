//! `/_mock/health`: the health check.

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use super::json::Json;
use super::routes::{GET, Routes};
use crate::http::app::App;
use crate::http::context::RequestContext;

/// The state of the server.
#[derive(Serialize, JsonSchema)]
pub(super) struct HealthView {
    /// `ok`, or `unavailable` if the shared store is away.
    #[schemars(with = "String")]
    status: &'static str,
    /// The server's version.
    #[schemars(with = "String")]
    version: &'static str,
    /// The shared store, if the server has one (`--store`).
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<StoreView>,
}

/// The shared store.
#[derive(Serialize, JsonSchema)]
struct StoreView {
    /// The host and port.
    address: String,
    /// Why it is not available, if it is away.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Whether it was seeded with the fixtures that this server was started with. The fixtures of the
    /// store are in force.
    same_fixtures: bool,
}

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .add(GET, "/health", show)
        .doc("getHealth", "Checks that the server is running, and its shared store, if it has one")
        .returns::<HealthView>(200, "The server is running.")
        .returns::<HealthView>(503, "The shared store is not available.");
}

async fn show(context: RequestContext) -> (StatusCode, Json<HealthView>) {
    view(&context.app)
}

/// Returns the state of the server.
pub(super) fn view(app: &App) -> (StatusCode, Json<HealthView>) {
    let store = store_view(app);
    let is_away = store.as_ref().is_some_and(|store| store.reason.is_some());
    let (code, status) = match is_away {
        true => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        false => (StatusCode::OK, "ok"),
    };
    (code, Json(HealthView { status, version: env!("CARGO_PKG_VERSION"), store }))
}

#[cfg(feature = "redis")]
fn store_view(app: &App) -> Option<StoreView> {
    let store = app.realms.store()?;
    Some(StoreView {
        address: store.address().to_owned(),
        reason: app.realms.store_failure(),
        same_fixtures: !app.realms.has_other_fixtures(),
    })
}

#[cfg(not(feature = "redis"))]
fn store_view(_: &App) -> Option<StoreView> {
    None
}
