//! `/_mock/requests`: the journal.

use std::sync::Arc;

use axum::Extension;
use axum::http::{StatusCode, Uri};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::query::Query;
use super::{Answer, json, json_body::JsonBody, no_content};
use crate::http::context::RequestContext;
use crate::journal::{Filter, RecordedRequest, Times};

/// The journal, or the part of it that was asked for.
#[derive(Serialize, JsonSchema)]
pub(super) struct RequestPage {
    /// The newest last.
    requests: Vec<Arc<RecordedRequest>>,
    /// How many fit, also those beyond the limit.
    total: usize,
    /// How many the journal has dropped since it was last emptied, because it was full.
    dropped: u64,
}

/// What requests are expected.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyRequest {
    /// Which requests are meant.
    #[serde(rename = "match", default)]
    filter: Filter,
    /// How many of them are expected; at least one unless given.
    #[serde(default)]
    count: Times,
}

pub(super) async fn list(Extension(context): Extension<RequestContext>, uri: Uri) -> Answer {
    let mut query = Query::of(&uri)?;
    let limit = query.number("limit")?;
    let after = query.number("after")?;
    let filter = query.filter()?;
    let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let excerpt = context.realm.journal().read(&filter, after, limit);
    let (requests, total, dropped) = (excerpt.entries, excerpt.total, excerpt.dropped);
    Ok(json(StatusCode::OK, &RequestPage { requests, total, dropped }))
}

pub(super) async fn clear(Extension(context): Extension<RequestContext>, uri: Uri) -> Answer {
    // Whoever sends a filter does not mean all of it.
    Query::of(&uri)?.end()?;
    context.realm.journal().clear();
    Ok(no_content())
}

pub(super) async fn verify(
    Extension(context): Extension<RequestContext>,
    uri: Uri,
    sent: JsonBody,
) -> Answer {
    let mut query = Query::of(&uri)?;
    let wait = query.wait()?;
    query.end()?;
    let expected: VerifyRequest = sent.json().await?;
    let count = expected.count.check().map_err(|error| Problem::of_member("/count", error))?;
    let found = context.realm.journal().verify_timeout(&expected.filter, count, wait).await;
    Ok(json(StatusCode::OK, &found))
}
