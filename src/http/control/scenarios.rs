//! `/_mock/scenarios`: what the server does other than usual, changed while it runs.

use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::problem::Problem;
use super::{Answer, input::Sent, json, no_content};
use crate::fixture::read_scenario;
use crate::http::here::Here;
use crate::scenario::{Playing, Scenario};

/// The scenarios in force.
#[derive(Serialize, JsonSchema)]
pub(super) struct ScenarioList {
    /// In the order in which they are asked.
    scenarios: Vec<ShownScenario>,
}

/// A scenario as it was given, with how far it has got.
#[derive(Serialize, JsonSchema)]
pub(super) struct ShownScenario {
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

pub(super) async fn list(Extension(here): Extension<Here>) -> Response {
    let playing = here.realm.script().all();
    let scenarios = playing.iter().map(|playing| shown(playing)).collect();
    json(StatusCode::OK, &ScenarioList { scenarios })
}

pub(super) async fn add(Extension(here): Extension<Here>, sent: Sent) -> Answer {
    let scenario = read(&here, sent).await?;
    let taken = scenario.name.as_ref().is_some_and(|name| here.realm.script().get(name).is_some());
    if taken {
        let text = "there is a scenario of this name; PUT replaces it";
        return Err(Problem::of_conflict("/name", text));
    }
    let playing = here.realm.script().add(scenario);
    Ok(json(StatusCode::CREATED, &shown(&playing)))
}

pub(super) async fn show(Extension(here): Extension<Here>, Path(name): Path<String>) -> Answer {
    found(&here, &name, StatusCode::OK)
}

pub(super) async fn put(
    Extension(here): Extension<Here>,
    Path(name): Path<String>,
    sent: Sent,
) -> Answer {
    let mut scenario = read(&here, sent).await?;
    if scenario.name.as_ref().is_some_and(|own| *own != name) {
        return Err(Problem::of_member("/name", "this is another name than in the path"));
    }
    scenario.name = Some(name.clone());
    let existed = here.realm.script().get(&name).is_some();
    here.realm.script().add(scenario);
    found(&here, &name, if existed { StatusCode::OK } else { StatusCode::CREATED })
}

pub(super) async fn remove(Extension(here): Extension<Here>, Path(name): Path<String>) -> Answer {
    match here.realm.script().remove(&name) {
        true => Ok(no_content()),
        false => Err(unknown()),
    }
}

pub(super) async fn clear(Extension(here): Extension<Here>) -> Response {
    here.realm.script().replace(&[]);
    no_content()
}

pub(super) async fn release(Extension(here): Extension<Here>, Path(name): Path<String>) -> Answer {
    let playing = here.realm.script().get(&name).ok_or_else(unknown)?;
    let released = playing.holding().release();
    Ok(json(StatusCode::OK, &Released { released }))
}

async fn read(here: &Here, sent: Sent) -> Result<Scenario, Problem> {
    let text = sent.text().await?;
    let registry = here.realm.registry();
    read_scenario(&text, registry.client_ids(), registry.merchant_ids())
        .map_err(Problem::of_mistakes)
}

fn found(here: &Here, name: &str, status: StatusCode) -> Answer {
    let playing = here.realm.script().get(name).ok_or_else(unknown)?;
    Ok(json(status, &shown(&playing)))
}

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "There is no scenario of this name.")
}

fn shown(playing: &Playing) -> ShownScenario {
    ShownScenario {
        scenario: playing.scenario().clone().named(playing.name()),
        matched: playing.matched(),
        remaining: playing.remaining(),
        held: playing.holding().held(),
    }
}
