//! A request that the control API rejected.

use std::error::Error;
use std::fmt;

use axum::http::StatusCode;
use serde_json::Value;

/// The problem (RFC 9457) in the response.
#[derive(Debug)]
pub(super) struct Rejection {
    pub(super) status: StatusCode,
    detail: String,
    /// The wrong members of the request: JSON pointer, and what is wrong.
    members: Vec<(String, String)>,
}

impl Rejection {
    /// Reads the body of a response with an error status. It may have no JSON: a proxy may have sent
    /// it.
    pub(super) fn new(status: StatusCode, problem: &Value) -> Self {
        let detail = match (problem["detail"].as_str(), problem["store"]["reason"].as_str()) {
            (Some(detail), _) => detail.to_owned(),
            // The response of the health check.
            (None, Some(reason)) => {
                let address = problem["store"]["address"].as_str().unwrap_or_default();
                format!("the store at {address} is not available: {reason}")
            }
            (None, None) => format!("unexpected response: {status}"),
        };
        let text_of =
            |member: &Value, name: &str| member[name].as_str().unwrap_or_default().to_owned();
        let members = problem["errors"].as_array().into_iter().flatten();
        let members =
            members.map(|member| (text_of(member, "pointer"), text_of(member, "detail"))).collect();

        Self { status, detail, members }
    }

    /// Whether values in the request are wrong by themselves, not because of the server's state.
    pub(super) fn is_of_values(&self) -> bool {
        self.status == StatusCode::UNPROCESSABLE_ENTITY && !self.members.is_empty()
    }

    /// Returns the errors with the names of the options that set the wrong members. `options` has
    /// their JSON pointers.
    pub(super) fn naming_options(&self, options: &[(&str, &str)]) -> String {
        let lines = self
            .members
            .iter()
            .map(|(pointer, detail)| format!("{}: {detail}", name_of(pointer, options)));
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)?;
        // The detail of a single one says it all.
        if self.members.len() > 1 {
            for (pointer, detail) in &self.members {
                write!(f, "\n  {pointer}: {detail}")?;
            }
        }
        Ok(())
    }
}

impl Error for Rejection {}

/// Returns the option that sets a member, or the pointer if there is none.
fn name_of<'a>(pointer: &'a str, options: &[(&str, &'a str)]) -> &'a str {
    let is_within = |member: &str| {
        pointer.strip_prefix(member).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    options.iter().find(|(member, _)| is_within(member)).map_or(pointer, |(_, option)| option)
}
