//! `/_mock/fixtures` and `/_mock/reset`: the fixtures of the realm.

use std::sync::Arc;

use axum::Extension;
use axum::http::StatusCode;

use super::json::{Json, JsonText};
use super::problem::Problem;
use super::routes::{OperationDoc, Routes};
use crate::fixture::{Fixtures, Source};
use crate::http::context::RequestContext;

/// The name of the body in errors.
pub(super) const BODY: &str = "fixtures.json";

pub(super) fn routes() -> Routes {
    let mut routes = Routes::default();

    routes.get(
        "/fixtures",
        show,
        OperationDoc::new("getFixtures", "Returns the fixtures")
            .returns::<Fixtures>(200, "The fixtures."),
    );

    routes.put(
        "/fixtures",
        put,
        OperationDoc::new(
            "replaceFixtures",
            "Replaces the fixtures, or changes nothing if they are invalid; existing grants are kept",
        )
        .takes::<Fixtures>()
        .returns::<Fixtures>(200, "The new fixtures."),
    );

    routes.post(
        "/reset",
        reset,
        OperationDoc::new(
            "reset",
            "Resets fixtures, grants, scenarios, journal and clock to their initial state",
        )
        .returns_nothing("The realm is reset."),
    );

    routes
}

async fn show(Extension(context): Extension<RequestContext>) -> Json<Arc<Fixtures>> {
    Json(Arc::clone(&context.realm.registry().fixtures))
}

async fn put(
    Extension(context): Extension<RequestContext>,
    JsonText(text): JsonText,
) -> Result<Json<Arc<Fixtures>>, Problem> {
    context.realm.replace_fixtures(Source { name: BODY.to_owned(), text })?;
    Ok(show(Extension(context)).await)
}

async fn reset(Extension(context): Extension<RequestContext>) -> StatusCode {
    context.realm.reset();
    StatusCode::NO_CONTENT
}
