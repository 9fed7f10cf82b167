//! `/_mock/scenarios`: the scenarios of the realm.

use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use super::json::{Json, JsonText};
use super::problem::Problem;
use super::routes::{OperationDoc, Routes};
use crate::http::context::RequestContext;
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

pub(super) fn routes() -> Routes {
    all_routes().merge(named_routes())
}

/// Returns the routes for all scenarios.
fn all_routes() -> Routes {
    let mut routes = Routes::default();

    routes.get(
        "/scenarios",
        list,
        OperationDoc::new("listScenarios", "Lists the scenarios in the order they are tried")
            .returns::<ScenarioList>(200, "All scenarios."),
    );

    routes.post(
        "/scenarios",
        add,
        OperationDoc::new("addScenario", "Adds a scenario before all others")
            .takes::<Scenario>()
            .returns::<ScenarioState>(201, "The new scenario."),
    );

    routes.delete(
        "/scenarios",
        clear,
        OperationDoc::new("deleteScenarios", "Deletes all scenarios")
            .returns_nothing("All scenarios are deleted."),
    );

    routes
}

/// Returns the routes for one scenario.
fn named_routes() -> Routes {
    let mut routes = Routes::default();

    routes.get(
        "/scenarios/{name}",
        show,
        OperationDoc::new("getScenario", "Returns a scenario and its progress")
            .returns::<ScenarioState>(200, "The scenario."),
    );

    routes.put(
        "/scenarios/{name}",
        put,
        OperationDoc::new(
            "putScenario",
            "Adds a scenario before all others, in place of the one with its name",
        )
        .takes::<Scenario>()
        .returns::<ScenarioState>(200, "The scenario, which replaced another.")
        .returns::<ScenarioState>(201, "The scenario, which is new."),
    );

    routes.delete(
        "/scenarios/{name}",
        remove,
        OperationDoc::new(
            "deleteScenario",
            "Deletes a scenario and releases the requests that it holds",
        )
        .returns_nothing("The scenario is deleted."),
    );

    routes.post(
        "/scenarios/{name}/release",
        release,
        OperationDoc::new("releaseScenario", "Releases the requests that a scenario holds")
            .returns::<ReleaseView>(200, "The number of released requests."),
    );

    routes
}

async fn list(Extension(context): Extension<RequestContext>) -> Json<ScenarioList> {
    Json(ScenarioList { scenarios: context.realm.scenario_states() })
}

async fn add(
    Extension(context): Extension<RequestContext>,
    JsonText(text): JsonText,
) -> Result<(StatusCode, Json<ScenarioState>), Problem> {
    let Some(active) = context.realm.add_scenario(&text)? else {
        let detail = "there is a scenario with this name; PUT replaces it";
        return Err(Problem::of_conflict("/name", detail));
    };
    Ok((StatusCode::CREATED, Json(active.state(context.realm.clock().now_ms()))))
}

async fn clear(Extension(context): Extension<RequestContext>) -> StatusCode {
    context.realm.clear_scenarios();
    StatusCode::NO_CONTENT
}

async fn show(
    Extension(context): Extension<RequestContext>,
    Path(name): Path<String>,
) -> Result<Json<ScenarioState>, Problem> {
    let active = context.realm.scenarios().get(&name).ok_or_else(unknown)?;
    Ok(Json(active.state(context.realm.clock().now_ms())))
}

async fn put(
    Extension(context): Extension<RequestContext>,
    Path(name): Path<String>,
    JsonText(text): JsonText,
) -> Result<(StatusCode, Json<ScenarioState>), Problem> {
    let (active, replaced) = context.realm.put_scenario(&text, Some(&name))?;
    let status = if replaced { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(active.state(context.realm.clock().now_ms()))))
}

async fn remove(
    Extension(context): Extension<RequestContext>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    if !context.realm.remove_scenario(&name) {
        return Err(unknown());
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn release(
    Extension(context): Extension<RequestContext>,
    Path(name): Path<String>,
) -> Result<Json<ReleaseView>, Problem> {
    let active = context.realm.scenarios().get(&name).ok_or_else(unknown)?;
    Ok(Json(ReleaseView { released: active.barrier().release() }))
}

fn unknown() -> Problem {
    Problem::not_found("There is no scenario with this name.")
}
