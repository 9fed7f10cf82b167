//! `/_mock/fixtures` and `/_mock/reset`: the fixtures of the realm.

use std::sync::Arc;

use axum::http::StatusCode;

use super::edit::edit;
use super::json::{FixturesText, Json};
use super::problem::Problem;
use super::routes::{GET, POST, PUT, Routes};
use crate::fixture::{Fixtures, Source};
use crate::http::context::RequestContext;
use crate::realm::Realm;

/// The name of the body in errors. Without the extension of JSON, it may be YAML.
pub(super) const BODY: &str = "fixtures";

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .add(GET, "/fixtures", show)
        .doc("getFixtures", "Returns the fixtures")
        .returns::<Fixtures>(200, "The fixtures.");

    routes
        .add(PUT, "/fixtures", put)
        .doc(
            "replaceFixtures",
            "Replaces the fixtures, or changes nothing if they are invalid; existing grants are kept",
        )
        .takes_json_or_yaml::<Fixtures>()
        .returns::<Fixtures>(200, "The new fixtures.");

    routes
        .add(POST, "/reset", reset)
        .doc(
            "reset",
            "Resets fixtures, grants, scenarios, journal and clock to their initial state",
        )
        .returns_nothing("The realm is reset.");
}

async fn show(context: RequestContext) -> Json<Arc<Fixtures>> {
    Json(Arc::clone(&context.realm.registry().fixtures))
}

async fn put(
    context: RequestContext,
    FixturesText(text): FixturesText,
) -> Result<Json<Arc<Fixtures>>, Problem> {
    let source = Source::new(BODY, text);
    let fixtures = edit(&context, move |realm| realm.replace_fixtures(source.clone())).await?;
    Ok(Json(fixtures.map_err(Problem::of_text)?))
}

async fn reset(context: RequestContext) -> Result<StatusCode, Problem> {
    edit(&context, Realm::reset).await?;
    Ok(StatusCode::NO_CONTENT)
}
