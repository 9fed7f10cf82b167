//! `/_mock/scenarios`: what the server does other than usual, changed while it runs.

use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::problem::Problem;
use super::{Answer, json, json_body::JsonBody, no_content};
use crate::fixture::read_scenario;
use crate::http::context::RequestContext;
use crate::scenario::{ActiveScenario, Scenario};

/// The scenarios in force.
#[derive(Serialize, JsonSchema)]
pub(super) struct ScenarioList {
    /// In the order in which they are asked.
    scenarios: Vec<ScenarioView>,
}

/// A scenario as it was given, with how far it has got.
#[derive(Serialize, JsonSchema)]
pub(super) struct ScenarioView {
    #[serde(flatten)]
    scenario: Scenario,
    /// How many requests it has matched.
    matched: u64,
    /// How many more it will match, if that is limited.
    remaining: Option<u64>,
    /// How many requests it holds now.
    held: usize,
}

/// The requests that were let go.
#[derive(Serialize, JsonSchema)]
pub(super) struct Released {
    /// How many there were.
    released: usize,
}

pub(super) async fn list(Extension(context): Extension<RequestContext>) -> Response {
    let active = context.realm.scenarios().all();
    let scenarios = active.iter().map(|active| shown(active)).collect();
    json(StatusCode::OK, &ScenarioList { scenarios })
}

pub(super) async fn add(Extension(context): Extension<RequestContext>, sent: JsonBody) -> Answer {
    let scenario = read(&context, sent).await?;
    let taken =
        scenario.name.as_ref().is_some_and(|name| context.realm.scenarios().get(name).is_some());
    if taken {
        let text = "there is a scenario of this name; PUT replaces it";
        return Err(Problem::of_conflict("/name", text));
    }
    let active = context.realm.scenarios().add(scenario);
    Ok(json(StatusCode::CREATED, &shown(&active)))
}

pub(super) async fn show(
    Extension(context): Extension<RequestContext>,
    Path(name): Path<String>,
) -> Answer {
    found(&context, &name, StatusCode::OK)
}

pub(super) async fn put(
    Extension(context): Extension<RequestContext>,
    Path(name): Path<String>,
    sent: JsonBody,
) -> Answer {
    let mut scenario = read(&context, sent).await?;
    if scenario.name.as_ref().is_some_and(|own| *own != name) {
        return Err(Problem::of_member("/name", "this is another name than in the path"));
    }
    scenario.name = Some(name.clone());
    let existed = context.realm.scenarios().get(&name).is_some();
    context.realm.scenarios().add(scenario);
    found(&context, &name, if existed { StatusCode::OK } else { StatusCode::CREATED })
}

pub(super) async fn remove(
    Extension(context): Extension<RequestContext>,
    Path(name): Path<String>,
) -> Answer {
    match context.realm.scenarios().remove(&name) {
        true => Ok(no_content()),
        false => Err(unknown()),
    }
}

pub(super) async fn clear(Extension(context): Extension<RequestContext>) -> Response {
    context.realm.scenarios().replace(&[]);
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

async fn read(context: &RequestContext, sent: JsonBody) -> Result<Scenario, Problem> {
    let text = sent.text().await?;
    let registry = context.realm.registry();
    read_scenario(&text, registry.client_ids(), registry.merchant_ids())
        .map_err(Problem::of_mistakes)
}

fn found(context: &RequestContext, name: &str, status: StatusCode) -> Answer {
    let active = context.realm.scenarios().get(name).ok_or_else(unknown)?;
    Ok(json(status, &shown(&active)))
}

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "There is no scenario of this name.")
}

fn shown(active: &ActiveScenario) -> ScenarioView {
    ScenarioView {
        scenario: active.scenario().clone().name(active.name()),
        matched: active.matched(),
        remaining: active.remaining(),
        held: active.barrier().held(),
    }
}
