//! The outcome of a request. Its parts can be combined; each has its own file.

mod delay;
mod fault;
mod hold;
mod rate_limit;
mod response;
mod token;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
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

/// The outcome of one request. Without any member, the request gets the ordinary response.
///
/// ```
/// use smartpay_oauth_mock::{ErrorCode, Outcome};
///
/// let outcome = Outcome::error(ErrorCode::AccessDenied).status(418);
/// assert_eq!(serde_json::to_string(&outcome)?, r#"{"error":"access_denied","status":418}"#);
/// assert_eq!(serde_json::to_string(&Outcome::pass())?, r#""pass""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
// With `remote`, serde derives inherent functions; the traits below add the short form `pass`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, remote = "Self")]
#[schemars(
    title = "Outcome",
    rename = "Outcome",
    description = "The outcome of one request. Without any member, the request gets the ordinary \
                   response."
)]
#[non_exhaustive]
pub struct Outcome {
    /// The error code to respond with. It need not be one that the vendor documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorCode>,
    /// The HTTP status of the error or of the literal response. Default: the status of the error
    /// code, or 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 200, max = 599))]
    pub status: Option<u16>,
    /// The `error_description` of the error. Default: that of the error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Headers to add to the response.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body of a literal response, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body of a literal response, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// The delay before the response: a duration, or a range from which it is drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
    /// A failure of the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// The time between two bytes of a `slow_body`. Default: `100ms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<HumanDuration>,
    /// Whether the request takes effect before an error, a literal response or a fault replaces
    /// its response. Default: `before` (it does not).
    #[serde(skip_serializing_if = "Phase::is_before")]
    pub phase: Phase,
    /// Holds requests until a number of them has arrived, then lets all of them continue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// The maximum number of requests per window of time. Further requests get a 429 response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// Changes to the tokens of a successful response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenAlteration>,
    /// Changes to the JSON of a successful response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<ResponseAlteration>,
}

impl Outcome {
    /// Creates an outcome with the ordinary response.
    pub fn pass() -> Self {
        Self::default()
    }

    /// Whether a request waits before it takes effect.
    pub(crate) fn waits(&self) -> bool {
        self.hold.is_some() || self.delay.is_some()
    }

    /// Creates an outcome that responds with an error; the request does not take effect.
    pub fn error(code: impl Into<ErrorCode>) -> Self {
        Self { error: Some(code.into()), ..Self::default() }
    }

    /// Creates an outcome with a literal response: this status and this JSON.
    pub fn json(status: u16, json: impl Into<Value>) -> Self {
        Self { status: Some(status), json: Some(json.into()), ..Self::default() }
    }

    /// Creates an outcome with a literal response: this status and this text.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self { status: Some(status), body: Some(body.into()), ..Self::default() }
    }

    /// Creates an outcome in which the connection fails.
    pub fn fault(fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    /// Creates an outcome that holds requests until there are `until` of them, then gives all of
    /// them their ordinary response.
    pub fn hold(until: usize) -> Self {
        Self { hold: Some(Hold { until }), ..Self::default() }
    }

    /// Creates an outcome that limits the number of requests per window of time. Further requests
    /// get a 429 response.
    pub fn rate_limit(requests: u64, per: Duration) -> Self {
        Self { rate_limit: Some(RateLimit { requests, per: per.into() }), ..Self::default() }
    }

    /// Creates an outcome with altered tokens.
    ///
    /// ```
    /// use smartpay_oauth_mock::{Outcome, scenario::TokenAlteration};
    ///
    /// let forged = Outcome::altered_tokens(TokenAlteration::new().unknown_key());
    /// ```
    pub fn altered_tokens(token: TokenAlteration) -> Self {
        Self { token: Some(token), ..Self::default() }
    }

    /// Creates an outcome whose successful response has this member in its JSON.
    pub fn response_with(member: impl Into<String>, value: impl Into<Value>) -> Self {
        let mut response = ResponseAlteration::default();
        response.set.insert(member.into(), value.into());
        Self { response: Some(response), ..Self::default() }
    }

    /// Creates an outcome whose successful response lacks this member of its JSON.
    pub fn response_without(member: impl Into<String>) -> Self {
        let response = ResponseAlteration { drop: vec![member.into()], ..Default::default() };
        Self { response: Some(response), ..Self::default() }
    }

    /// Sets the HTTP status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Sets the `error_description`.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Adds a header to the response.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// Sets the delay before the response: a [`Duration`], or a [`Delay`] that is drawn from a
    /// range.
    pub fn delay(mut self, delay: impl Into<Delay>) -> Self {
        self.delay = Some(delay.into());
        self
    }

    /// Sets the time between two bytes of a [`Fault::SlowBody`]. Default: 100 ms.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval.into());
        self
    }

    /// Lets the request take effect before its response is replaced, as when a response is lost.
    pub fn after(mut self) -> Self {
        self.phase = Phase::After;
        self
    }

    /// Returns whether a literal response replaces the ordinary one.
    pub(crate) fn is_literal(&self) -> bool {
        self.error.is_none() && (self.status.is_some() || self.has_body())
    }

    fn has_body(&self) -> bool {
        self.body.is_some() || self.json.is_some()
    }

    /// Returns why some of its parts are mutually exclusive, if they are.
    pub(crate) fn conflict(&self) -> Option<&'static str> {
        let has_error = self.error.is_some();
        let is_replaced = has_error || self.is_literal();
        let is_altered = self.token.is_some() || self.response.is_some();
        let is_lost = self.fault.is_some_and(Fault::has_no_body);

        // Only the first conflict is reported.
        let conflicts = [
            (self.body.is_some() && self.json.is_some(), "json and body are mutually exclusive"),
            (has_error && self.has_body(), "error and a literal body are mutually exclusive"),
            (
                matches!(self.status, Some(204 | 304)) && (has_error || self.has_body()),
                "a response with the status 204 or 304 has no body (RFC 9110)",
            ),
            (self.description.is_some() && !has_error, "description requires error: CODE"),
            (
                !self.headers.is_empty() && !is_replaced && !is_altered,
                "headers requires error: CODE, or a literal response (status, body or json)",
            ),
            (
                is_altered && (is_replaced || is_lost),
                "token and response alter a successful response, which this outcome replaces",
            ),
            (
                self.interval.is_some() && self.fault != Some(Fault::SlowBody),
                "interval requires fault: slow_body",
            ),
            (
                is_replaced && is_lost,
                "this fault sends no response, so error, status, body and json have no effect",
            ),
        ];
        conflicts.into_iter().find_map(|(found, text)| found.then_some(text))
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if *self == Self::pass() {
            return serializer.serialize_str("pass");
        }
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Outcome {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Outcome;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("pass, or an object such as { error: server_error }")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Outcome, E> {
                match word {
                    "pass" => Ok(Outcome::pass()),
                    _ => Err(E::unknown_variant(word, &["pass"])),
                }
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Outcome, A::Error> {
                Outcome::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_read_and_written_back() {
        for json in [
            r#""pass""#,
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
            assert_eq!(outcome.conflict(), None, "{json}");
        }
        assert!(serde_json::from_str::<Outcome>(r#"{"eror":"x"}"#).is_err());
        assert!(serde_json::from_str::<Outcome>(r#""fail""#).is_err());
    }

    #[test]
    fn parts_that_exclude_each_other_are_a_conflict() {
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
            assert!(outcome.conflict().is_some(), "{json}");
        }
    }
}
