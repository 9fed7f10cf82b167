//! Problem details (RFC 9457): why a request of the control API failed, and which members are
//! invalid.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::fixture::{FixtureError, FixtureErrors};
use crate::http::response;
use crate::store::Unavailable;

/// Why a request failed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Problem {
    /// The reason phrase of the status.
    #[schemars(with = "String")]
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong with this request.
    detail: String,
    /// The invalid members of the body, if that is the problem.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
}

/// An invalid member of the request's body.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct FieldError {
    /// The member's JSON pointer (RFC 6901).
    pub(super) pointer: String,
    /// What is wrong with it.
    pub(super) detail: String,
    /// The line in the text of fixtures, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u32>,
    /// The column in characters in the text of fixtures, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) column: Option<u32>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { title, status: status.as_u16(), detail: detail.into(), errors: Vec::new() }
    }

    /// 404: what the path names does not exist.
    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// 422: these members are invalid.
    pub(super) fn of_members(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [FieldError { pointer, detail, .. }] if pointer.is_empty() => {
                format!("the body: {detail}")
            }
            [FieldError { pointer, detail, .. }] => format!("{pointer}: {detail}"),
            several => format!("{} members are invalid.", several.len()),
        };
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }

    /// 422: this member is invalid.
    pub(super) fn of_member(pointer: impl Into<String>, detail: impl ToString) -> Self {
        Self::of_members(vec![FieldError::new(pointer, detail.to_string())])
    }

    /// 422: the reader of a text with fixtures found these errors.
    pub(super) fn of_text(errors: FixtureErrors) -> Self {
        Self::of_members(errors.0.into_iter().map(FieldError::in_text).collect())
    }

    /// 409: the value of this member is taken.
    pub(super) fn of_conflict(pointer: impl Into<String>, detail: impl ToString) -> Self {
        let member = Self::of_member(pointer, detail);
        Self { errors: member.errors, ..Self::new(StatusCode::CONFLICT, member.detail) }
    }
}

/// 400: the request is malformed.
pub(super) fn bad_request(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

impl FieldError {
    pub(super) fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into(), line: None, column: None }
    }

    /// Creates an error with its location in a text. A text as a whole has none.
    fn in_text(error: FixtureError) -> Self {
        let (line, column) = (error.line, error.column);
        Self {
            line: Some(line).filter(|line| *line > 0),
            column: Some(column).filter(|_| line > 0),
            ..Self::new(error.pointer, error.message)
        }
    }
}

/// 422: the reader of the body found these errors.
impl From<Unavailable> for Problem {
    fn from(unavailable: Unavailable) -> Self {
        let text = format!("{unavailable}.").replacen("the", "The", 1);
        Self::new(StatusCode::SERVICE_UNAVAILABLE, text)
    }
}

impl From<FixtureErrors> for Problem {
    fn from(errors: FixtureErrors) -> Self {
        let errors = errors.0.into_iter();
        Self::of_members(
            errors.map(|error| FieldError::new(error.pointer, error.message)).collect(),
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        response::text(status, "application/problem+json", body)
    }
}
