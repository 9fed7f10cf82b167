//! The control API under `/_mock/`: JSON in and out, problem details on failure.

mod clock;
mod codes;
mod grants;
mod guard;
mod health;
mod input;
mod problem;
mod realms;
mod times;
mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{delete, get, post, put};
use serde::Serialize;

use super::{App, answer};
use problem::Problem;

/// What a call answers: a response, or the problem with it.
type Answer = Result<Response, Problem>;

pub(super) fn router(app: Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/health", get(health::health))
        .route("/codes", post(codes::issue))
        .route("/tokens", post(tokens::issue))
        .route("/grants", get(grants::list))
        .route("/grants/{id}", delete(grants::revoke))
        .route("/clock", get(clock::show).put(clock::set).delete(clock::reset))
        .route("/clock/advance", post(clock::advance))
        .route("/realms", get(realms::list))
        .route("/realms/{name}", put(realms::put).delete(realms::remove))
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(app, guard::guard))
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
