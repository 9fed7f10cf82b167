//! `/_mock/scenarios`: the scenarios of the realm.

use axum::extract::Path;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::edit::{self, edit, refresh_scenarios};
use super::json::{Json, JsonText};
use super::problem::Problem;
use super::routes::{DELETE, GET, PATCH, POST, PUT, Routes};
use crate::http::context::RequestContext;
use crate::realm::Realm;
use crate::scenario::{Scenario, ScenarioState};

/// The scenarios of the realm.
#[derive(Serialize, JsonSchema)]
struct ScenarioList {
    /// The scenarios, in the order in which they are tried.
    scenarios: Vec<ScenarioState>,
}

/// The requests that were released.
#[derive(Serialize, JsonSchema)]
struct ReleaseView {
    /// The number of requests.
    released: usize,
}

/// A change of a scenario.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ScenarioPatch {
    /// Whether the scenario is enabled.
    enabled: bool,
}

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .add(GET, "/scenarios", list)
        .doc("listScenarios", "Lists the scenarios in the order they are tried")
        .returns::<ScenarioList>(200, "All scenarios.");

    routes
        .add(POST, "/scenarios", add)
        .doc("addScenario", "Adds a scenario, which is tried before all others")
        .takes::<Scenario>()
        .returns::<ScenarioState>(201, "The new scenario.");

    routes
        .add(DELETE, "/scenarios", clear)
        .doc("deleteScenarios", "Deletes all scenarios")
        .returns_nothing("All scenarios are deleted.");

    routes
        .add(GET, "/scenarios/{name}", show)
        .doc("getScenario", "Returns a scenario and its progress")
        .returns::<ScenarioState>(200, "The scenario.");

    routes
        .add(PUT, "/scenarios/{name}", put)
        .doc("putScenario", "Creates or replaces a scenario; it is tried before all others")
        .takes::<Scenario>()
        .returns::<ScenarioState>(200, "The scenario replaced another.")
        .returns::<ScenarioState>(201, "The scenario was created.");

    routes
        .add(PATCH, "/scenarios/{name}", patch)
        .doc("patchScenario", "Enables or disables a scenario, which keeps its place and progress")
        .takes::<ScenarioPatch>()
        .returns::<ScenarioState>(200, "The changed scenario.");

    routes
        .add(DELETE, "/scenarios/{name}", remove)
        .doc("deleteScenario", "Deletes a scenario and releases the requests that it holds")
        .returns_nothing("The scenario is deleted.");

    routes
        .add(POST, "/scenarios/{name}/release", release)
        .doc("releaseScenario", "Releases the requests that a scenario holds")
        .returns::<ReleaseView>(200, "The number of released requests.");
}

async fn list(context: RequestContext) -> Result<Json<ScenarioList>, Problem> {
    refresh_scenarios(&context).await?;
    Ok(Json(ScenarioList { scenarios: context.realm.scenario_states() }))
}

async fn add(
    context: RequestContext,
    JsonText(text): JsonText,
) -> Result<(StatusCode, Json<ScenarioState>), Problem> {
    let added = edit(&context, move |realm| realm.add_scenario(&text)).await??;
    let Some(active) = added else {
        let detail = "a scenario with this name already exists; PUT replaces it";
        return Err(Problem::of_conflict("/name", detail));
    };
    Ok((StatusCode::CREATED, Json(active.state(context.realm.clock.now_ms()))))
}

async fn clear(context: RequestContext) -> Result<StatusCode, Problem> {
    edit(&context, Realm::clear_scenarios).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn show(
    context: RequestContext,
    Path(name): Path<String>,
) -> Result<Json<ScenarioState>, Problem> {
    refresh_scenarios(&context).await?;
    let active = context.realm.scenarios.get(&name).ok_or_else(unknown)?;
    Ok(Json(active.state(context.realm.clock.now_ms())))
}

async fn put(
    context: RequestContext,
    Path(name): Path<String>,
    JsonText(text): JsonText,
) -> Result<(StatusCode, Json<ScenarioState>), Problem> {
    let put = edit(&context, move |realm| realm.put_scenario(&text, Some(&name)));
    let (active, replaced) = put.await??;
    let status = if replaced { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(active.state(context.realm.clock.now_ms()))))
}

async fn patch(
    context: RequestContext,
    Path(name): Path<String>,
    Json(patch): Json<ScenarioPatch>,
) -> Result<Json<ScenarioState>, Problem> {
    let changed = edit(&context, move |realm| realm.set_scenario_enabled(&name, patch.enabled));
    let active = changed.await?.ok_or_else(unknown)?;
    Ok(Json(active.state(context.realm.clock.now_ms())))
}

async fn remove(context: RequestContext, Path(name): Path<String>) -> Result<StatusCode, Problem> {
    if !edit(&context, move |realm| realm.remove_scenario(&name)).await? {
        return Err(unknown());
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn release(
    context: RequestContext,
    Path(name): Path<String>,
) -> Result<Json<ReleaseView>, Problem> {
    let active = context.realm.scenarios.get(&name).ok_or_else(unknown)?;
    Ok(Json(ReleaseView { released: edit::release(&context, &active).await? }))
}

fn unknown() -> Problem {
    Problem::not_found("There is no scenario with this name.")
}
