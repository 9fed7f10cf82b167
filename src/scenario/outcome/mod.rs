//! What a request gets: the parts of an outcome, which combine. Each has a file of its own.

mod delay;
mod fault;
mod hold;
mod rate_limit;
mod response;
mod token;

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use delay::Delay;
pub use fault::{Fault, Phase};
pub(crate) use hold::Barrier;
pub use hold::Hold;
pub use rate_limit::RateLimit;
pub(crate) use rate_limit::RateWindow;
pub use response::ResponseAlteration;
pub use token::{AlteredAlgorithm, AlteredKey, AlteredSignature, TokenAlteration, TokenSelector};

use crate::oauth::ErrorCode;
use crate::units::HumanDuration;

/// What happens to one request. Without any part it passes: the ordinary answer.
///
/// ```
/// use smartpay_oauth_mock::{ErrorCode, Outcome};
///
/// let outcome = Outcome::error(ErrorCode::AccessDenied).status(418);
/// assert_eq!(serde_json::to_string(&outcome)?, r#"{"error":"access_denied","status":418}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "Outcome")]
pub struct Outcome {
    /// An error to answer with; also one that the page does not list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorCode>,
    /// The status of the error, or of a literal answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 200, max = 599))]
    pub status: Option<u16>,
    /// The error's description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Headers to send beside the usual ones.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body of a literal answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body of a literal answer, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// How long to wait first: a length of time, or one drawn between two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
    /// What goes wrong on the wire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// The time between two bytes of a `slow_body`; 100ms unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<HumanDuration>,
    /// Whether the request takes effect before it gets an error, a literal answer or a fault.
    #[serde(skip_serializing_if = "Phase::is_before")]
    pub phase: Phase,
    /// Keeps requests until enough are there, then answers all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// Beyond this many requests in a time, a 429.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// A success whose tokens are altered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenAlteration>,
    /// A success whose JSON is altered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<ResponseAlteration>,
}

impl Outcome {
    /// The ordinary answer.
    pub fn pass() -> Self {
        Self::default()
    }

    /// An error in place of the answer; nothing else happens.
    pub fn error(code: impl Into<ErrorCode>) -> Self {
        Self { error: Some(code.into()), ..Self::default() }
    }

    /// A literal answer with this JSON.
    pub fn json(status: u16, json: impl Into<Value>) -> Self {
        Self { status: Some(status), json: Some(json.into()), ..Self::default() }
    }

    /// A fault on the wire.
    pub fn fault(fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    /// With this HTTP status instead of the usual one.
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// With this `error_description`.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// With this header beside the usual ones.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// After this time.
    pub fn delay(mut self, delay: impl Into<Delay>) -> Self {
        self.delay = Some(delay.into());
        self
    }

    /// A literal answer with this text.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self { status: Some(status), body: Some(body.into()), ..Self::default() }
    }

    /// The ordinary answer once so many requests are held: a stampede on purpose.
    pub fn hold(until: usize) -> Self {
        Self { hold: Some(Hold { until }), ..Self::default() }
    }

    /// The ordinary answer for so many requests in each of these times, a 429 beyond.
    pub fn rate_limit(requests: u64, per: Duration) -> Self {
        Self { rate_limit: Some(RateLimit { requests, per: per.into() }), ..Self::default() }
    }

    /// A success whose tokens are altered.
    ///
    /// ```
    /// use smartpay_oauth_mock::{Outcome, scenario::TokenAlteration};
    ///
    /// let forged = Outcome::altered_tokens(TokenAlteration::signed_by_another_key());
    /// let stale = Outcome::altered_tokens(TokenAlteration::lifetime_ms(-1000).of_access_token());
    /// ```
    pub fn altered_tokens(token: TokenAlteration) -> Self {
        Self { token: Some(token), ..Self::default() }
    }

    /// A success with this member of its JSON set.
    pub fn response_with(member: impl Into<String>, value: impl Into<Value>) -> Self {
        let mut response = ResponseAlteration::default();
        response.set.insert(member.into(), value.into());
        Self { response: Some(response), ..Self::default() }
    }

    /// A success without this member of its JSON.
    pub fn response_without(member: impl Into<String>) -> Self {
        let response = ResponseAlteration { drop: vec![member.into()], ..Default::default() };
        Self { response: Some(response), ..Self::default() }
    }

    /// With this time between two bytes of a [`Fault::SlowBody`].
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval.into());
        self
    }

    /// Once the request has taken effect: the lost response.
    pub fn after(mut self) -> Self {
        self.phase = Phase::After;
        self
    }

    /// Whether the answer is an error or a literal one, not the ordinary one.
    pub(crate) fn has_answer(&self) -> bool {
        self.error.is_some() || self.is_literal()
    }

    /// Whether the answer is a literal one.
    pub(crate) fn is_literal(&self) -> bool {
        self.error.is_none()
            && (self.status.is_some() || self.body.is_some() || self.json.is_some())
    }

    /// Parts that do not go together, in words.
    pub(crate) fn contradiction(&self) -> Option<&'static str> {
        let answered = self.has_answer();
        let altered = self.token.is_some() || self.response.is_some();
        if self.body.is_some() && self.json.is_some() {
            Some("json and body exclude each other")
        } else if self.error.is_some() && (self.body.is_some() || self.json.is_some()) {
            Some("error and a literal body exclude each other")
        } else if matches!(self.status, Some(204 | 304))
            && (self.error.is_some() || self.body.is_some() || self.json.is_some())
        {
            Some("an answer with the status 204 or 304 has no body (RFC 9110)")
        } else if self.description.is_some() && self.error.is_none() {
            Some("description says more of an error; add error: CODE")
        } else if !self.headers.is_empty() && !answered && !altered {
            Some("headers go with an answer; add error: CODE, or status, body or json")
        } else if altered && (answered || self.fault.is_some_and(Fault::has_no_body)) {
            Some("token and response alter a success; here the answer is another")
        } else if self.interval.is_some() && self.fault != Some(Fault::SlowBody) {
            Some("interval goes with fault: slow_body")
        } else if answered && self.fault.is_some_and(Fault::has_no_body) {
            Some("with this fault no answer is sent, so an answer beside it has no effect")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_read_and_written_back() {
        for json in [
            r#"{"error":"teapot","status":418}"#,
            r#"{"delay":"2s"}"#,
            r#"{"status":503,"json":{"a":1},"phase":"after"}"#,
            r#"{"fault":"slow_body","interval":"5ms"}"#,
            r#"{"hold":{"until":4}}"#,
            r#"{"rate_limit":{"requests":10,"per":"1m"}}"#,
            r#"{"token":{"lifetime":"-1s","claims":{"a":null},"drop":["jti"],"kid":"other","signature":"invalid","alg":"none","which":"access"}}"#,
            r#"{"response":{"set":{"expires_in":1},"drop":["refresh_token"]}}"#,
        ] {
            let outcome: Outcome = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&outcome).unwrap(), json);
            assert_eq!(outcome.contradiction(), None, "{json}");
        }
        assert!(serde_json::from_str::<Outcome>(r#"{"eror":"x"}"#).is_err());
    }

    #[test]
    fn parts_that_do_not_go_together_are_told() {
        for json in [
            r#"{"body":"x","json":1}"#,
            r#"{"error":"a","body":"x"}"#,
            r#"{"status":204,"body":"x"}"#,
            r#"{"description":"x"}"#,
            r#"{"headers":{"a":"b"}}"#,
            r#"{"error":"a","token":{}}"#,
            r#"{"fault":"hang","response":{}}"#,
            r#"{"interval":"1s"}"#,
            r#"{"fault":"connection_reset","error":"a"}"#,
        ] {
            let outcome: Outcome = serde_json::from_str(json).unwrap();
            assert!(outcome.contradiction().is_some(), "{json}");
        }
    }
}
