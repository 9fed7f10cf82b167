//! `/_mock/requests`: the journal of the realm.

use std::time::Duration;

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;

use super::edit::{edit, journal};
use super::json::Json;
use super::problem::Problem;
use super::query::Query;
use super::routes::{DELETE, GET, POST, Routes};
use crate::http::context::RequestContext;
use crate::journal::{Expectation, Filter, RequestPage, Times, Verification};
use crate::realm::Realm;
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

/// The requests that are expected: a number of those that match, or several in an order.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct VerifyRequest {
    /// The requests to count. Default: all.
    #[serde(rename = "match")]
    filter: Option<Filter>,
    /// The expected number of requests. Default: at least one.
    count: Option<Times>,
    /// Requests that arrived in this order; others may be between them. Excludes `match` and
    /// `count`.
    #[schemars(length(min = 1))]
    order: Option<Vec<Filter>>,
}

impl VerifyRequest {
    /// Checks that its members make sense together.
    fn check(&self) -> Result<(), Problem> {
        let Some(order) = &self.order else {
            let count = self.count.unwrap_or_default().check();
            return count.map(drop).map_err(|error| Problem::of_member("/count", error));
        };

        if order.is_empty() {
            return Err(Problem::of_member("/order", "at least one filter is expected"));
        }
        if self.filter.is_some() || self.count.is_some() {
            return Err(Problem::of_member("/order", "order excludes match and count"));
        }
        Ok(())
    }
}

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .add(GET, "/requests", list)
        .doc("listRequests", "Lists the entries of the journal, newest last")
        .query::<PageParams>()
        .query::<Filter>()
        .returns::<RequestPage>(200, "The entries that match the filter.");

    routes
        .add(DELETE, "/requests", clear)
        .doc("clearRequests", "Clears the journal, and begins a new report")
        .returns_nothing("The journal is cleared.");

    routes
        .add(POST, "/requests/verify", verify)
        .doc(
            "verifyRequests",
            "Checks that the expected requests arrived, by number or in an order; if not, returns the \
             closest ones",
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
    Ok(Json(journal(&context).await?.read(&filter, page.after, limit)))
}

async fn clear(context: RequestContext, query: Query) -> Result<StatusCode, Problem> {
    // A client that sends a filter does not expect the whole journal to be emptied.
    query.finish()?;

    edit(&context, Realm::clear_requests).await?;
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
    expected.check()?;
    let filter = expected.filter.unwrap_or_default();
    let expectation = match &expected.order {
        Some(filters) => Expectation::Order(filters),
        None => Expectation::Count(&filter, expected.count.unwrap_or_default()),
    };

    let found = journal(&context).await?.verify_timeout(&expectation, wait).await;
    if found.satisfied || wait.is_zero() {
        return Ok(Json(found));
    }
    // What other replicas have completed last may not be here yet.
    Ok(Json(journal(&context).await?.verify(&expectation)))
}
