//! An entry of the journal.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use crate::scenario::{Endpoint, Fault};

/// A request that a realm got, and what became of it.
///
/// Secrets are not in it; codes and tokens are, as fingerprints, so that a test can tell which of
/// them came back.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "RecordedRequest")]
pub struct RecordedRequest {
    /// Its number in the realm's journal, from 1 on.
    pub id: u64,
    /// When it came, in milliseconds since 1970 by the realm's clock. (RFC 3339 in JSON.)
    #[serde(rename = "time", serialize_with = "as_time")]
    #[schemars(with = "String", description = "When it came, by the realm's clock, in RFC 3339.")]
    pub time_ms: i64,
    /// The realm.
    pub realm: Arc<str>,
    /// Where it went.
    pub endpoint: RecordedEndpoint,
    /// Its HTTP method.
    pub method: String,
    /// Its path within the realm, without the query.
    pub path: String,
    /// `http` or `https`.
    #[schemars(with = "String")]
    pub scheme: &'static str,
    /// The common name of the client's certificate.
    pub certificate: Option<Arc<str>>,
    /// The client that it names, or whose access token it brings.
    pub client_id: Option<String>,
    /// The merchant whose code or token it brings.
    pub merchant_id: Option<String>,
    /// Its `grant_type`.
    pub grant_type: Option<String>,
    /// Its `v-c-client-correlation-id`.
    pub correlation_id: Option<String>,
    /// Its parameters, from the body or the query; an access token in the `Authorization` header
    /// is `access_token`.
    pub params: BTreeMap<String, RecordedParam>,
    /// What it got.
    pub outcome: RecordedOutcome,
    /// The codes and tokens that its answer carried, or would have.
    pub issued: Vec<Issued>,
    /// How long the answer took, in microseconds.
    pub duration_us: u64,
    /// What would fail, or is discouraged, against the real server.
    pub notes: Vec<Cow<'static, str>>,
    /// When it came, by the machine.
    #[serde(skip)]
    pub(crate) started: Instant,
}

/// Where a request went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordedEndpoint {
    /// Either path of the token endpoint.
    Token,
    /// Either path of the authorize endpoint.
    Authorize,
    /// A resource.
    Resource,
    /// The introspection endpoint.
    Introspect,
    /// The revocation endpoint.
    Revoke,
    /// The public keys.
    Jwks,
    /// The metadata of RFC 8414.
    Metadata,
    /// A path that nothing answers.
    #[default]
    Unknown,
}

/// A parameter's value as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum RecordedParam {
    /// A value that is no secret; or `***`, which stands for one.
    #[schemars(title = "RecordedText")]
    Text(String),
    /// A code or a token.
    #[schemars(title = "RecordedFingerprint")]
    Fingerprint {
        /// The first 12 hex digits of its SHA-256.
        fingerprint: String,
    },
}

/// What a request got.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RecordedOutcome {
    /// The HTTP status; none if no answer was sent.
    pub status: Option<u16>,
    /// The error code of the answer.
    pub error: Option<String>,
    /// The row of the decision table that refused it: 1 to 21, or 0 for plain HTTP where HTTPS is
    /// required.
    pub row: Option<u8>,
    /// The scenario that took part.
    pub scenario: Option<String>,
    /// What went wrong on the wire, on purpose.
    pub fault: Option<Fault>,
}

/// A code or token that an answer carried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Issued {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: IssuedKind,
    /// The token's `jti`; a code has none.
    pub jti: Option<String>,
    /// The first 12 hex digits of its SHA-256.
    pub fingerprint: String,
}

/// What was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IssuedKind {
    /// An authorization code.
    Code,
    /// An access token.
    AccessToken,
    /// A refresh token, be it new or the same again.
    RefreshToken,
}

fn as_time<S: Serializer>(ms: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    let time = Timestamp::from_millisecond(*ms).unwrap_or(Timestamp::MAX);
    serializer.collect_str(&format_args!("{time:.3}"))
}

impl RecordedRequest {
    /// How many microseconds after `origin` it came, and how many after that it was answered.
    pub(crate) fn span(&self, origin: Instant) -> (u128, u128) {
        let start = self.started.saturating_duration_since(origin).as_micros();
        (start, start + u128::from(self.duration_us))
    }

    #[cfg(test)]
    pub(crate) fn example() -> Self {
        Self {
            id: 0,
            time_ms: 0,
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
            params: BTreeMap::new(),
            outcome: RecordedOutcome { status: Some(200), ..RecordedOutcome::default() },
            issued: Vec::new(),
            duration_us: 5,
            notes: Vec::new(),
            started: Instant::now(),
        }
    }
}

/// One line: what was asked, by whom, and what came of it.
impl fmt::Display for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {} {}", self.id, self.method, self.path)?;
        for told in [&self.grant_type, &self.client_id, &self.merchant_id].into_iter().flatten() {
            write!(f, " {told}")?;
        }
        match self.outcome.status {
            Some(status) => write!(f, " -> {status}")?,
            None => f.write_str(" -> no answer")?,
        }
        if let Some(error) = &self.outcome.error {
            write!(f, " {error}")?;
        }
        if let Some(row) = self.outcome.row {
            write!(f, " (row {row})")?;
        }
        if let Some(scenario) = &self.outcome.scenario {
            write!(f, " by scenario {scenario}")?;
        }
        Ok(())
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
