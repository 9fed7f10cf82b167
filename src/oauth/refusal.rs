//! A refused request: which row, and what to tell the client.

use std::borrow::Cow;

use super::Row;

/// Why a request was refused.
///
/// The description is the mock's own words: it names the parameter at fault and what would be
/// right, and never repeats what the request carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The row of the table that failed.
    pub row: Row,
    /// What the client is told.
    pub description: Cow<'static, str>,
}

impl Refusal {
    pub(crate) fn new(row: Row, description: impl Into<Cow<'static, str>>) -> Self {
        Self { row, description: description.into() }
    }
}

/// `Err` of a refusal, so that a check reads as one expression.
pub(crate) fn refuse<T>(row: Row, description: impl Into<Cow<'static, str>>) -> Result<T, Refusal> {
    Err(Refusal::new(row, description))
}
