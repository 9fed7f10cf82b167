//! `/_mock/fixtures` and `/_mock/reset`: the fixtures in force.

use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Answer, json, json_body::JsonBody, no_content};
use crate::fixture::Source;
use crate::http::context::RequestContext;

/// The name of the body in errors.
pub(super) const BODY: &str = "fixtures.json";

pub(super) async fn show(Extension(context): Extension<RequestContext>) -> Response {
    json(StatusCode::OK, &*context.realm.registry().fixtures)
}

/// Replaces the fixtures, all or nothing.
pub(super) async fn put(Extension(context): Extension<RequestContext>, sent: JsonBody) -> Answer {
    let text = sent.text().await?;
    context.realm.replace_fixtures(Source { name: BODY.to_owned(), text })?;

    Ok(json(StatusCode::OK, &*context.realm.registry().fixtures))
}

pub(super) async fn reset(Extension(context): Extension<RequestContext>) -> Response {
    context.realm.reset();
    no_content()
}
