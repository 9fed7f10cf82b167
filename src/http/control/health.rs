//! `/_mock/health`: the health check.

use schemars::JsonSchema;
use serde::Serialize;

use super::json::Json;
use super::routes::{OperationDoc, Routes};

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

pub(super) fn routes() -> Routes {
    let mut routes = Routes::default();

    routes.get(
        "/health",
        show,
        OperationDoc::new("getHealth", "Checks that the server is running")
            .returns::<HealthView>(200, "The server is running."),
    );

    routes
}

async fn show() -> Json<HealthView> {
    Json(HealthView { status: "ok", version: env!("CARGO_PKG_VERSION") })
}
