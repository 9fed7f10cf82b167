//! `/_mock/scenarios`: what the server does other than usual, changed while it runs.

use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::problem::Problem;
use super::{Answer, json, json_body::JsonBody, no_content};
use crate::http::context::RequestContext;
use crate::scenario::ScenarioState;

/// The scenarios in force.
#[derive(Serialize, JsonSchema)]
pub(super) struct ScenarioList {
    /// In the order in which they are asked.
    scenarios: Vec<ScenarioState>,
}

/// The requests that were let go.
#[derive(Serialize, JsonSchema)]
pub(super) struct Released {
    /// How many there were.
    released: usize,
}

pub(super) async fn list(Extension(context): Extension<RequestContext>) -> Response {
    json(StatusCode::OK, &ScenarioList { scenarios: context.realm.scenarios().states() })
}

pub(super) async fn add(Extension(context): Extension<RequestContext>, sent: JsonBody) -> Answer {
    let added = context.realm.add_scenario(&sent.text().await?)?;

    added.map(|active| json(StatusCode::CREATED, &active.state())).ok_or_else(|| {
        Problem::of_conflict("/name", "there is a scenario of this name; PUT replaces it")
    })
}

pub(super) async fn show(
    Extension(context): Extension<RequestContext>,
    Path(name): Path<String>,
) -> Answer {
    let active = context.realm.scenarios().get(&name).ok_or_else(unknown)?;
    Ok(json(StatusCode::OK, &active.state()))
}

pub(super) async fn put(
    Extension(context): Extension<RequestContext>,
    Path(name): Path<String>,
    sent: JsonBody,
) -> Answer {
    let text = sent.text().await?;
    let (active, replaced) = context.realm.put_scenario(&text, Some(&name))?;

    let status = if replaced { StatusCode::OK } else { StatusCode::CREATED };
    Ok(json(status, &active.state()))
}

pub(super) async fn remove(
    Extension(context): Extension<RequestContext>,
    Path(name): Path<String>,
) -> Answer {
    if context.realm.remove_scenario(&name) { Ok(no_content()) } else { Err(unknown()) }
}

pub(super) async fn clear(Extension(context): Extension<RequestContext>) -> Response {
    context.realm.clear_scenarios();
    no_content()
}

pub(super) async fn release(
    Extension(context): Extension<RequestContext>,
    Path(name): Path<String>,
) -> Answer {
    let active = context.realm.scenarios().get(&name).ok_or_else(unknown)?;
    let released = active.barrier().release();
    Ok(json(StatusCode::OK, &Released { released }))
}

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "There is no scenario of this name.")
}
