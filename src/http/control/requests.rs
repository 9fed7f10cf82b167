//! `/_mock/requests`: the journal of the realm.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::json::Json;
use super::problem::Problem;
use super::query::Query;
use super::routes::Routes;
use crate::http::context::RequestContext;
use crate::journal::{Filter, RecordedRequest, Times, Verification};
use crate::units::HumanDuration;

/// The maximum time that a request can wait for an expectation to be met.
const MAX_WAIT: Duration = Duration::from_secs(300);

/// The part of the journal to return.
#[derive(Deserialize, JsonSchema)]
struct PageParams {
    /// The maximum number of entries: the first ones after `after`, or the last ones without it.
    limit: Option<u64>,
    /// The ID of an entry; only later entries are returned.
    after: Option<u64>,
}

/// The time to wait for an expectation.
#[derive(Deserialize, JsonSchema)]
struct WaitParams {
    /// The maximum time to wait until the expectation is met, such as `2s`. At most `300s`.
    /// Default: 0.
    wait: Option<HumanDuration>,
}

/// Entries of the journal.
#[derive(Serialize, JsonSchema)]
struct RequestPage {
    /// The entries, newest last.
    requests: Vec<Arc<RecordedRequest>>,
    /// The number of entries that match the filter, including those beyond the limit.
    total: usize,
    /// The number of entries that the full journal has dropped since it was last cleared.
    dropped: u64,
}

/// The requests that are expected.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct VerifyRequest {
    /// The requests to count.
    #[serde(rename = "match", default)]
    filter: Filter,
    /// The expected number of requests. Default: at least one.
    #[serde(default)]
    count: Times,
}

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .get("/requests", list)
        .doc("listRequests", "Lists the entries of the journal, newest last")
        .query::<PageParams>()
        .query::<Filter>()
        .returns::<RequestPage>(200, "The entries that match the filter.");

    routes
        .delete("/requests", clear)
        .doc("clearRequests", "Clears the journal")
        .returns_nothing("The journal is cleared.");

    routes
        .post("/requests/verify", verify)
        .doc(
            "verifyRequests",
            "Checks that the expected requests arrived; if not, returns the closest ones",
        )
        .query::<WaitParams>()
        .may_take::<VerifyRequest>()
        .returns::<Verification>(200, "The result.");
}

async fn list(context: RequestContext, mut query: Query) -> Result<Json<RequestPage>, Problem> {
    let page: PageParams = query.read()?;
    let filter: Filter = query.read()?;
    query.finish()?;

    let limit = page.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let entries = context.realm.journal.read(&filter, page.after, limit);
    Ok(Json(RequestPage {
        requests: entries.entries,
        total: entries.total,
        dropped: entries.dropped,
    }))
}

async fn clear(context: RequestContext, query: Query) -> Result<StatusCode, Problem> {
    // A client that sends a filter does not expect the whole journal to be emptied.
    query.finish()?;

    context.realm.journal.clear();
    Ok(StatusCode::NO_CONTENT)
}

async fn verify(
    context: RequestContext,
    mut query: Query,
    body: Result<Json<VerifyRequest>, Problem>,
) -> Result<Json<Verification>, Problem> {
    let params: WaitParams = query.read()?;
    let wait = params.wait.map_or(Duration::ZERO, Duration::from);
    if wait > MAX_WAIT {
        let text = format!("wait: the maximum is {} s.", MAX_WAIT.as_secs());
        return Err(Problem::new(StatusCode::BAD_REQUEST, text));
    }
    query.finish()?;

    let Json(expected) = body?;
    let count = expected.count.check().map_err(|error| Problem::of_member("/count", error))?;

    Ok(Json(context.realm.journal.verify_timeout(&expected.filter, count, wait).await))
}
