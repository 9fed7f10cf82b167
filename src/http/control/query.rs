//! Reading the query of a control call, with nothing unknown in it.

use std::time::Duration;

use axum::http::{StatusCode, Uri};

use super::problem::Problem;
use crate::journal::Filter;
use crate::oauth::Form;
use crate::units::HumanDuration;

/// The longest that a call waits for something to hold.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// The members of a filter of the journal, as parameters.
const FILTER: &str =
    "endpoint, client_id, merchant_id, grant_type, correlation_id, status, error, scenario";

/// The parameters that nobody has taken yet.
pub(super) struct Query {
    left: Vec<(String, String)>,
    /// The names that the call has asked for.
    known: Vec<&'static str>,
}

impl Query {
    pub(super) fn of(uri: &Uri) -> Result<Self, Problem> {
        let form = Form::parse(uri.query().unwrap_or_default().as_bytes())
            .map_err(|error| wrong(format!("The query is not well-formed: {error}.")))?;
        let pairs: Vec<_> =
            form.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        match form.duplicate() {
            None => Ok(Self { left: pairs, known: Vec::new() }),
            Some(_) => Err(wrong("A parameter of the query occurs twice.")),
        }
    }

    fn take(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let place = self.left.iter().position(|(known, _)| known == name)?;
        Some(self.left.swap_remove(place).1)
    }

    /// A whole number.
    pub(super) fn number(&mut self, name: &'static str) -> Result<Option<u64>, Problem> {
        let number = |text: String| {
            text.parse().map_err(|_| wrong(format!("{name}: \"{text}\" is not a whole number.")))
        };
        self.take(name).map(number).transpose()
    }

    /// How long to wait: `2s`.
    pub(super) fn wait(&mut self) -> Result<Duration, Problem> {
        let Some(text) = self.take("wait") else { return Ok(Duration::ZERO) };
        let period =
            text.parse::<HumanDuration>().map_err(|error| wrong(format!("wait: {error}.")))?;
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
        read(&self.left).map_err(|error| {
            // Which of them it is, serde does not say.
            let name = self.left.iter().find(|pair| read(std::slice::from_ref(pair)).is_err());
            let name = name.map_or("the query", |(name, _)| name);
            match (name, error.to_string()) {
                ("status", _) => wrong("status: an HTTP status is expected, such as 400."),
                (_, text) if text.starts_with("unknown field") => self.unknown(name, FILTER),
                (_, text) => wrong(format!("{name}: {text}.")),
            }
        })
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Result<(), Problem> {
        match self.left.first() {
            None => Ok(()),
            Some((name, _)) => Err(self.unknown(name, "")),
        }
    }

    fn unknown(&self, name: &str, others: &str) -> Problem {
        let known = [self.known.join(", ").as_str(), others]
            .into_iter()
            .filter(|names| !names.is_empty())
            .collect::<Vec<_>>()
            .join(", ");
        wrong(match known.as_str() {
            "" => format!("{name}: this call takes no parameters in the URL."),
            known => format!("{name}: this call has no such parameter; it has {known}."),
        })
    }
}

fn wrong(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}
