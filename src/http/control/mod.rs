//! The control API under `/_mock/`: JSON in and out, problem details on failure.

mod clock;
mod codes;
mod fixtures;
mod grants;
mod guard;
mod health;
mod input;
mod inspect;
mod parties;
mod problem;
mod realms;
mod scenarios;
mod times;
mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use serde::Serialize;

use super::{App, Control, answer};
use problem::Problem;

/// What a call answers: a response, or the problem with it.
type Answer = Result<Response, Problem>;

pub(super) fn router(app: Arc<App>) -> Router<Arc<App>> {
    // Whether the server is there may be asked by anybody: it changes nothing and tells nothing.
    let health = Router::new().route("/health", get(health::health));
    match app.options.control {
        Control::Off => health,
        Control::On | Control::Token(_) => health.merge(calls(app)),
    }
}

fn calls(app: Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/fixtures", get(fixtures::show).put(fixtures::put))
        .route("/reset", post(fixtures::reset))
        .route("/clients", get(parties::clients))
        .route(
            "/clients/{id}",
            get(parties::client)
                .put(parties::client)
                .patch(parties::client)
                .delete(parties::client),
        )
        .route("/merchants", get(parties::merchants))
        .route(
            "/merchants/{id}",
            get(parties::merchant)
                .put(parties::merchant)
                .patch(parties::merchant)
                .delete(parties::merchant),
        )
        .route("/inspect", post(inspect::inspect))
        .route("/codes", post(codes::issue))
        .route("/tokens", post(tokens::issue))
        .route("/grants", get(grants::list))
        .route("/grants/{id}", delete(grants::revoke))
        .route("/clock", get(clock::show).put(clock::set).delete(clock::reset))
        .route("/clock/advance", post(clock::advance))
        .route("/scenarios", get(scenarios::list).post(scenarios::add).delete(scenarios::clear))
        .route(
            "/scenarios/{name}",
            get(scenarios::show).put(scenarios::put).delete(scenarios::remove),
        )
        .route("/scenarios/{name}/release", post(scenarios::release))
        .route("/realms", get(realms::list))
        .route("/realms/{name}", put(realms::put).delete(realms::remove))
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(app, guard::guard))
}

/// A call for a realm that is not there.
pub(super) fn unknown_realm(name: &str) -> Response {
    let shown: String = name.chars().take(64).collect();
    let text = format!("There is no realm {shown:?} here; PUT /_mock/realms/NAME makes one.");
    Problem::new(StatusCode::NOT_FOUND, text).into_response()
}

async fn nothing_here() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "There is no such call in the control API.")
}

async fn wrong_method(method: Method) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("This call does not take {method}; the Allow header says what it takes."),
    )
}

/// A JSON answer.
fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let body = serde_json::to_vec(body).unwrap_or_default();
    answer::text(status, "application/json", Body::from(body))
}

fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
