//! Reading the query of a control call, with nothing unknown in it.

use std::time::Duration;

use axum::http::{StatusCode, Uri};

use super::problem::Problem;
use crate::fixture::Period;
use crate::journal::Filter;
use crate::oauth::Form;

/// The longest that a call waits for something to hold.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// The parameters that nobody has taken yet.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of(uri: &Uri) -> Result<Self, Problem> {
        let form = Form::parse(uri.query().unwrap_or_default().as_bytes())
            .map_err(|error| wrong(format!("The query is not well-formed: {error}.")))?;
        let pairs: Vec<_> =
            form.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        match form.duplicate() {
            None => Ok(Self(pairs)),
            Some(_) => Err(wrong("A parameter of the query occurs twice.")),
        }
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let place = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(place).1)
    }

    /// A whole number.
    pub(super) fn number(&mut self, name: &str) -> Result<Option<u64>, Problem> {
        let number = |text: String| {
            text.parse().map_err(|_| wrong(format!("{name}: \"{text}\" is not a whole number.")))
        };
        self.take(name).map(number).transpose()
    }

    /// How long to wait: `2s`.
    pub(super) fn wait(&mut self) -> Result<Duration, Problem> {
        let Some(text) = self.take("wait") else { return Ok(Duration::ZERO) };
        let period = text.parse::<Period>().map_err(|error| wrong(format!("wait: {error}.")))?;
        match Duration::from(period) {
            wait if wait <= LONGEST_WAIT => Ok(wait),
            _ => Err(wrong(format!("wait: at most {} s are waited.", LONGEST_WAIT.as_secs()))),
        }
    }

    /// What is left is a filter of the journal.
    pub(super) fn filter(self) -> Result<Filter, Problem> {
        let read = |pairs: &[(String, String)]| {
            let text = serde_urlencoded::to_string(pairs).unwrap_or_default();
            serde_urlencoded::from_str::<Filter>(&text)
        };
        read(&self.0).map_err(|error| {
            // Which of them it is, serde does not say.
            let name = self.0.iter().find(|pair| read(std::slice::from_ref(pair)).is_err());
            let name = name.map_or("the query", |(name, _)| name);
            wrong(format!("{name}: {error}."))
        })
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Result<(), Problem> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(wrong(format!("{name}: this call has no such parameter."))),
        }
    }
}

fn wrong(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}
