//! `/_mock/report`: what the realm has seen of the clients under test.

use super::edit::{journal, refresh_scenarios};
use super::json::Json;
use super::problem::Problem;
use super::query::Query;
use super::routes::{GET, Routes};
use crate::http::context::RequestContext;
use crate::report::Report;

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .add(GET, "/report", report)
        .doc(
            "getReport",
            "Returns the report on the clients under test: what they met, and what they did wrong",
        )
        .returns::<Report>(
            200,
            "The report since the realm's start, or since its last reset or cleared journal.",
        );
}

async fn report(context: RequestContext, query: Query) -> Result<Json<Report>, Problem> {
    query.finish()?;

    journal(&context).await?;
    refresh_scenarios(&context).await?;
    Ok(Json(context.realm.report()))
}
