//! Problem details (RFC 9457): what was wrong with a control call, and where.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::fixture::{FixtureError, FixtureErrors};
use crate::http::response;

/// A failed call.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Problem {
    #[schemars(with = "String")]
    title: &'static str,
    status: u16,
    detail: String,
    /// The members at fault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
}

/// A member at fault, by its JSON pointer (RFC 6901) into the body that was sent.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct FieldError {
    pub(super) pointer: String,
    pub(super) detail: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { title, status: status.as_u16(), detail: detail.into(), errors: Vec::new() }
    }

    /// The body was JSON, but not what the call takes.
    pub(super) fn of_members(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("{}: {}", one.pointer_shown(), one.detail),
            several => format!("{} members are wrong.", several.len()),
        };
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }

    /// What a reader of the body found.
    pub(super) fn of_mistakes(mistakes: Vec<FixtureError>) -> Self {
        let fault = |mistake: FixtureError| FieldError {
            pointer: mistake.pointer,
            detail: mistake.message,
        };
        Self::of_members(mistakes.into_iter().map(fault).collect())
    }

    /// One member is wrong.
    pub(super) fn of_member(pointer: impl Into<String>, detail: impl ToString) -> Self {
        Self::of_members(vec![FieldError { pointer: pointer.into(), detail: detail.to_string() }])
    }

    /// One member is taken already.
    pub(super) fn of_conflict(pointer: impl Into<String>, detail: impl ToString) -> Self {
        let member = Self::of_member(pointer, detail);
        Self { errors: member.errors, ..Self::new(StatusCode::CONFLICT, member.detail) }
    }
}

impl From<FixtureErrors> for Problem {
    fn from(errors: FixtureErrors) -> Self {
        Self::of_mistakes(errors.0)
    }
}

impl FieldError {
    fn pointer_shown(&self) -> &str {
        if self.pointer.is_empty() { "the body" } else { &self.pointer }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        response::text(status, "application/problem+json", Body::from(body))
    }
}
