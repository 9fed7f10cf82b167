//! `/_mock/fixtures` and `/_mock/reset`: the set in force.

use std::sync::Arc;

use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::problem::Problem;
use super::{Answer, json_body::JsonBody};
use crate::fixture::{Fixtures, Source, load_sources};
use crate::http::context::RequestContext;

pub(super) async fn show(Extension(context): Extension<RequestContext>) -> Response {
    super::json(StatusCode::OK, &*context.realm.registry().fixtures)
}

/// Replaces the set, all or nothing.
pub(super) async fn put(Extension(context): Extension<RequestContext>, sent: JsonBody) -> Answer {
    let text = sent.text().await?;
    context.realm.replace(&load(text, "")?);
    Ok(super::json(StatusCode::OK, &*context.realm.registry().fixtures))
}

pub(super) async fn reset(Extension(context): Extension<RequestContext>) -> Response {
    context.realm.reset();
    super::no_content()
}

/// Loads a set from JSON; `at` is where it stands in the body, for the pointers of mistakes.
pub(super) fn load(text: String, at: &str) -> Result<Arc<Fixtures>, Problem> {
    let source = Source { name: "fixtures.json".to_owned(), text };
    load_sources(&[source]).map(Arc::new).map_err(|mistakes| {
        let mut mistakes = mistakes.0;
        for mistake in &mut mistakes {
            mistake.pointer.insert_str(0, at);
        }
        Problem::of_mistakes(mistakes)
    })
}

/// The set in force as JSON, to be changed and loaded again.
pub(super) fn as_json(context: &RequestContext) -> Value {
    serde_json::to_value(&*context.realm.registry().fixtures).unwrap_or_default()
}
