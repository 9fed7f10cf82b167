//! `/_mock/health`: the health check.

use schemars::JsonSchema;
use serde::Serialize;

use super::json::Json;
use super::routes::Routes;

/// The state of the server.
#[derive(Serialize, JsonSchema)]
struct HealthView {
    /// Always `ok`.
    #[schemars(with = "String")]
    status: &'static str,
    /// The server's version.
    #[schemars(with = "String")]
    version: &'static str,
}

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .get("/health", show)
        .doc("getHealth", "Checks that the server is running")
        .returns::<HealthView>(200, "The server is running.");
}

async fn show() -> Json<HealthView> {
    Json(HealthView { status: "ok", version: env!("CARGO_PKG_VERSION") })
}
