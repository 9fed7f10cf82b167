//! The control API under `/_mock/`: requests and responses in JSON, problem details on failure.

mod blocking;
mod clock;
mod edit;
mod entries;
mod events;
mod fixtures;
mod grants;
mod guard;
mod health;
mod inspect;
mod json;
mod openapi;
mod problem;
mod query;
mod realms;
mod report;
mod requests;
mod routes;
mod rows;
mod scenarios;
mod schemas;
mod tls;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};

use super::app::{App, Control};
#[cfg(feature = "redis")]
use crate::store::Unavailable;
use problem::Problem;
use routes::{Operation, Routes};

pub(super) fn router(control: &Control) -> Router<Arc<App>> {
    // The health check is open to everyone: it changes nothing and reveals nothing.
    let mut open = Routes::default();
    health::add_routes(&mut open);
    let health = open.router.method_not_allowed_fallback(method_not_allowed);
    if matches!(control, Control::Off) {
        return health.fallback(not_found);
    }

    let guarded = guarded_routes();
    let operations: Arc<[Operation]> = [open.operations, guarded.operations].concat().into();
    let guarded = guarded
        .router
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(Extension(operations))
        .layer(from_fn(guard::guard));
    health.merge(guarded)
}

/// Returns the routes that [`guard`] protects.
fn guarded_routes() -> Routes {
    let mut routes = Routes::default();

    requests::add_routes(&mut routes);
    rows::add_routes(&mut routes);
    events::add_routes(&mut routes);
    report::add_routes(&mut routes);
    scenarios::add_routes(&mut routes);
    fixtures::add_routes(&mut routes);
    entries::add_routes(&mut routes);
    grants::add_routes(&mut routes);
    inspect::add_routes(&mut routes);
    clock::add_routes(&mut routes);
    realms::add_routes(&mut routes);
    tls::add_routes(&mut routes);
    openapi::add_routes(&mut routes);

    routes
}

/// Responds to a request for a realm that does not exist.
pub(super) fn unknown_realm(app: &App, name: &str) -> Response {
    let name: String = name.chars().take(64).collect();
    let hint = match app.options.control {
        Control::Off => "",
        Control::On | Control::Token(_) => "; PUT /_mock/realms/NAME creates one",
    };
    Problem::not_found(format!("There is no realm {name:?}{hint}.")).into_response()
}

/// Responds to a request whose realm cannot be looked up.
#[cfg(feature = "redis")]
pub(super) fn unavailable(app: &App, path: &str, unavailable: Unavailable) -> Response {
    if path.trim_end_matches('/').ends_with("/_mock/health") {
        return health::view(app).into_response();
    }
    Problem::from(unavailable).into_response()
}

/// Responds to a request for an operation that does not exist.
pub(super) async fn not_found(State(app): State<Arc<App>>) -> Response {
    let text = match app.options.control {
        Control::Off => "There is no endpoint at this path.",
        Control::On | Control::Token(_) => "The control API has no operation at this path.",
    };
    Problem::not_found(text).into_response()
}

async fn method_not_allowed(method: Method) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!(
            "This path does not support {method}; the Allow header lists the supported methods."
        ),
    )
}
