//! A request in the journal.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{RecordedHeaders, RecordedParams};
use crate::scenario::{Endpoint, Fault};
use crate::units::printable;

/// A request that a realm received, and its response.
///
/// A request is in the journal from its arrival on; until its response is sent, `outcome` is `None`. It
/// contains no secrets. Codes and tokens are recorded as fingerprints, so that a test can recognize
/// them in later requests. Long texts are cut.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "RecordedRequest")]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The number of the request in the realm's journal, starting with 1.
    pub id: u64,
    /// The time of arrival by the realm's clock; in JSON, in the format of RFC 3339.
    #[serde(serialize_with = "write_time", deserialize_with = "read_time")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub time: SystemTime,
    /// The name of the realm.
    pub realm: Arc<str>,
    /// The endpoint.
    pub endpoint: RecordedEndpoint,
    /// The HTTP method.
    pub method: String,
    /// The path within the realm, without the query.
    pub path: String,
    /// `http` or `https`.
    // A borrowed text cannot be read from JSON.
    #[serde(skip_deserializing)]
    #[schemars(with = "String")]
    pub scheme: &'static str,
    /// The common name of the client certificate, if the client presented one.
    pub certificate: Option<Arc<str>>,
    /// The client that the request names, or to which its access token was issued.
    pub client_id: Option<String>,
    /// The merchant of the request's code or token.
    pub merchant_id: Option<String>,
    /// The parameter `grant_type`.
    pub grant_type: Option<String>,
    /// The header `v-c-client-correlation-id`.
    pub correlation_id: Option<String>,
    /// The parameters of the body or the query. An access token in the `Authorization` header is
    /// recorded as `access_token`.
    pub params: RecordedParams,
    /// The headers by their names in lower case. Several values of a name are joined by commas, and
    /// credentials are replaced by `***`.
    pub headers: RecordedHeaders,
    /// The response; `null` until it is sent.
    pub outcome: Option<RecordedOutcome>,
    /// What was wrong, as the error description of the response says.
    pub error_description: Option<String>,
    /// The codes and tokens that were issued, even if the response was replaced.
    pub issued: Vec<Issued>,
    /// The claims of each of these, in the same order.
    pub issued_claims: Vec<IssuedClaims>,
    /// The time until the response, or until now if there is none yet, in microseconds.
    pub duration_us: u64,
    /// What the real server would reject, and what the vendor discourages.
    pub notes: Vec<Cow<'static, str>>,
    /// The time of arrival by the system clock.
    #[serde(skip, default = "Instant::now")]
    pub(crate) started: Instant,
}

/// The endpoint of a recorded request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecordedEndpoint {
    /// The token endpoint, by either of its paths.
    Token,
    /// The authorize endpoint, by either of its paths.
    Authorize,
    /// An API resource.
    Resource,
    /// The introspection endpoint.
    Introspect,
    /// The revocation endpoint.
    Revoke,
    /// The JWKS document with the public keys.
    Jwks,
    /// The metadata document of RFC 8414.
    Metadata,
    /// A path without an endpoint.
    #[default]
    Unknown,
}

/// The response to a recorded request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RecordedOutcome {
    /// The HTTP status, if a response was sent.
    pub status: Option<u16>,
    /// The error code of the response, if any.
    pub error: Option<String>,
    /// The row of the decision table that rejected the request: 1 to 21, or 0 for plain HTTP where
    /// HTTPS is required.
    pub row: Option<u8>,
    /// The name of the scenario that matched, if any.
    pub scenario: Option<String>,
    /// The failure of the connection that the scenario caused, if any.
    pub fault: Option<Fault>,
}

/// A code or token that was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Issued {
    /// The kind of credential.
    #[serde(rename = "type")]
    pub kind: IssuedKind,
    /// The `jti` of a token. Codes have none.
    pub jti: Option<String>,
    /// The first 12 hexadecimal digits of the SHA-256 of the value.
    pub fingerprint: String,
}

/// The claims of an issued token that are times. A code has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct IssuedClaims {
    /// The claim `iat`; in JSON, in the format of RFC 3339.
    #[serde(serialize_with = "write_optional_time", deserialize_with = "read_optional_time")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub iat: Option<SystemTime>,
    /// The claim `expires_in`; in JSON, in the format of RFC 3339. A refresh may extend the expiry.
    #[serde(serialize_with = "write_optional_time", deserialize_with = "read_optional_time")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub expires_in: Option<SystemTime>,
}

/// The kind of an issued credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IssuedKind {
    /// An authorization code.
    Code,
    /// An access token.
    AccessToken,
    /// A refresh token, either a new one or the one of the request again.
    RefreshToken,
}

fn write_optional_time<S: Serializer>(
    time: &Option<SystemTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => write_time(time, serializer),
        None => serializer.serialize_none(),
    }
}

fn write_time<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    let time = Timestamp::try_from(*time).unwrap_or(Timestamp::MAX);
    serializer.collect_str(&format_args!("{time:.3}"))
}

fn parse_time(text: &str) -> Result<SystemTime, jiff::Error> {
    let since_1970 = text.parse::<Timestamp>()?.as_millisecond().max(0).unsigned_abs();
    Ok(SystemTime::UNIX_EPOCH + Duration::from_millis(since_1970))
}

fn read_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_time(&text).map_err(D::Error::custom)
}

fn read_optional_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SystemTime>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    parse_time(&text).map(Some).map_err(D::Error::custom)
}

impl RecordedRequest {
    /// Returns the HTTP status of the response, if one was sent.
    pub fn status(&self) -> Option<u16> {
        self.outcome.as_ref()?.status
    }

    /// Returns the entry of a request without a response as it is now.
    pub(super) fn until_now(&self) -> Self {
        let duration_us = self.started.elapsed().as_micros();
        Self { duration_us: u64::try_from(duration_us).unwrap_or(u64::MAX), ..self.clone() }
    }

    /// Returns the microseconds from `origin` to its arrival and to its response.
    pub(crate) fn span(&self, origin: Instant) -> (u128, u128) {
        let start = self.started.saturating_duration_since(origin).as_micros();
        (start, start + u128::from(self.duration_us))
    }
}

/// Formats the request and its outcome as one line.
impl fmt::Display for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {} {}", self.id, printable(&self.method), printable(&self.path))?;
        for member in [&self.grant_type, &self.client_id, &self.merchant_id].into_iter().flatten() {
            write!(f, " {}", printable(member))?;
        }

        let Some(outcome) = &self.outcome else { return f.write_str(" -> no response yet") };
        match outcome.status {
            Some(status) => write!(f, " -> {status}")?,
            None => f.write_str(" -> no response")?,
        }

        if let Some(error) = &outcome.error {
            write!(f, " {error}")?;
        }
        if let Some(row) = outcome.row {
            write!(f, " (row {row})")?;
        }
        if let Some(scenario) = &outcome.scenario {
            write!(f, " by scenario {scenario}")?;
        }
        Ok(())
    }
}

impl fmt::Display for RecordedEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl From<Endpoint> for RecordedEndpoint {
    fn from(endpoint: Endpoint) -> Self {
        match endpoint {
            Endpoint::Token => Self::Token,
            Endpoint::Authorize => Self::Authorize,
            Endpoint::Resource => Self::Resource,
            Endpoint::Introspect => Self::Introspect,
            Endpoint::Revoke => Self::Revoke,
            Endpoint::Jwks => Self::Jwks,
            Endpoint::Metadata => Self::Metadata,
            Endpoint::Any => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl RecordedRequest {
        pub(crate) fn example() -> Self {
            Self {
                id: 0,
                time: SystemTime::UNIX_EPOCH,
                realm: "default".into(),
                endpoint: RecordedEndpoint::Token,
                method: "POST".into(),
                path: "/oauth2/v3/token".into(),
                scheme: "http",
                certificate: None,
                client_id: Some("v6TJH1IqhM".into()),
                merchant_id: None,
                grant_type: Some("refresh_token".into()),
                correlation_id: None,
                params: RecordedParams::default(),
                headers: RecordedHeaders::default(),
                outcome: Some(RecordedOutcome { status: Some(200), ..RecordedOutcome::default() }),
                error_description: None,
                issued: Vec::new(),
                issued_claims: Vec::new(),
                duration_us: 5,
                notes: Vec::new(),
                started: Instant::now(),
            }
        }
    }
}
