//! A refused request: the row of the table, and the description.

use std::borrow::Cow;

use super::Row;

/// Why a request was refused.
///
/// The description is the mock's own: it names the parameter at fault and the expected value, and
/// never repeats a secret, a code or a token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The row of the table that failed.
    pub row: Row,
    /// The `error_description` of the response.
    pub description: Cow<'static, str>,
}

impl Refusal {
    pub(crate) fn new(row: Row, description: impl Into<Cow<'static, str>>) -> Self {
        Self { row, description: description.into() }
    }
}

/// Returns `Err` of a refusal, so that a check reads as one expression.
pub(crate) fn refuse<T>(row: Row, description: impl Into<Cow<'static, str>>) -> Result<T, Refusal> {
    Err(Refusal::new(row, description))
}
