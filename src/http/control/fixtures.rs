//! `/_mock/fixtures` and `/_mock/reset`: the fixtures of the realm.

use std::sync::Arc;

use axum::http::StatusCode;

use super::json::{Json, JsonText};
use super::problem::Problem;
use super::routes::Routes;
use crate::fixture::{Fixtures, Source};
use crate::http::context::RequestContext;

/// The name of the body in errors.
pub(super) const BODY: &str = "fixtures.json";

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .get("/fixtures", show)
        .doc("getFixtures", "Returns the fixtures")
        .returns::<Fixtures>(200, "The fixtures.");

    routes
        .put("/fixtures", put)
        .doc(
            "replaceFixtures",
            "Replaces the fixtures, or changes nothing if they are invalid; existing grants are kept",
        )
        .takes::<Fixtures>()
        .returns::<Fixtures>(200, "The new fixtures.");

    routes
        .post("/reset", reset)
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
    JsonText(text): JsonText,
) -> Result<Json<Arc<Fixtures>>, Problem> {
    context.realm.replace_fixtures(Source { name: BODY.to_owned(), text })?;
    Ok(show(context).await)
}

async fn reset(context: RequestContext) -> StatusCode {
    context.realm.reset();
    StatusCode::NO_CONTENT
}
