//! `error`: an error in place of the answer.

use std::collections::BTreeMap;

use super::Outcome;
use crate::oauth::ErrorCode;

/// An error that a scenario asks for, with what it says about how to send it.
pub(crate) struct InjectedError<'a> {
    pub(crate) code: &'a ErrorCode,
    pub(crate) status: Option<u16>,
    pub(crate) description: Option<&'a str>,
    pub(crate) headers: &'a BTreeMap<String, String>,
}

impl Outcome {
    /// The error of this outcome, if it has one.
    pub(crate) fn injected_error(&self) -> Option<InjectedError<'_>> {
        self.error.as_ref().map(|code| InjectedError {
            code,
            status: self.status,
            description: self.description.as_deref(),
            headers: &self.headers,
        })
    }
}
