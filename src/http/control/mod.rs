//! The control API under `/_mock/`: requests and responses in JSON, problem details on failure.

mod clock;
mod codes;
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
mod requests;
mod routes;
mod scenarios;
mod schemas;
mod tls;
mod tokens;

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};

use super::app::{App, Control};
use problem::Problem;
use routes::{Operation, Routes};

pub(super) fn router(app: Arc<App>) -> Router<Arc<App>> {
    // The health check is open to everyone: it changes nothing and reveals nothing.
    let open = health::routes();
    let health = open.router.method_not_allowed_fallback(method_not_allowed);
    if matches!(app.options.control, Control::Off) {
        return health;
    }

    let guarded = guarded_routes();
    let operations: Arc<[Operation]> = [open.operations, guarded.operations].concat().into();
    let guarded = guarded
        .router
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(Extension(operations))
        .layer(from_fn_with_state(app, guard::guard));
    health.merge(guarded)
}

/// Returns the routes that [`guard`] protects.
fn guarded_routes() -> Routes {
    let modules = [
        requests::routes(),
        events::routes(),
        scenarios::routes(),
        fixtures::routes(),
        entries::routes(),
        codes::routes(),
        tokens::routes(),
        grants::routes(),
        inspect::routes(),
        clock::routes(),
        realms::routes(),
        tls::routes(),
        openapi::routes(),
    ];

    modules.into_iter().fold(Routes::default(), Routes::merge)
}

/// Responds to a request for a realm that does not exist.
pub(super) fn unknown_realm(name: &str) -> Response {
    let name: String = name.chars().take(64).collect();
    let text = format!("There is no realm {name:?}; PUT /_mock/realms/NAME creates one.");
    Problem::not_found(text).into_response()
}

async fn not_found() -> Problem {
    Problem::not_found("The control API has no operation at this path.")
}

async fn method_not_allowed(method: Method) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!(
            "This path does not support {method}; the Allow header lists the supported methods."
        ),
    )
}
