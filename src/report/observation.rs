//! What the report sees of a request that is complete.

use std::hash::{BuildHasher, Hash, RandomState};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::fixture::RefreshPolicy;
use crate::journal::{
    CredentialState, IssuedKind, RecordedEndpoint, RecordedParam, RecordedRequest, RequestFacts,
};
use crate::oauth::Dialect;
use crate::scenario::Fault;
use crate::token::GrantId;

/// The settings of the server and the realm that rules depend on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Conditions {
    pub(crate) dialect: Dialect,
    pub(crate) refresh_policy: RefreshPolicy,
    /// The lifetime of a code in milliseconds.
    pub(crate) code_lifetime_ms: i64,
    /// Whether the server serves HTTPS.
    pub(crate) has_https: bool,
}

/// When a client may repeat a request, by the `Retry-After` header of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RetryAfter {
    Delay(Duration),
    /// At this time of the realm's clock, in milliseconds since 1970.
    At(i64),
}

/// A complete request as it is handed to the report.
pub(crate) struct Seen<'a> {
    pub(crate) entry: &'a RecordedRequest,
    pub(crate) facts: &'a RequestFacts,
    pub(crate) conditions: Conditions,
    pub(crate) retry_after: Option<RetryAfter>,
    /// The time of the realm's clock, in milliseconds since 1970.
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
    pub(crate) end: Instant,
}

/// What identifies the grant of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum GrantKey {
    Grant(GrantId),
    /// The fingerprint of a refresh token whose grant is not known.
    Token(u64),
}

/// What rules see of a request: its entry, and what follows from it. It has no secrets.
pub(super) struct Observation<'a> {
    pub(super) id: u64,
    pub(super) entry: &'a RecordedRequest,
    pub(super) facts: &'a RequestFacts,
    pub(super) conditions: Conditions,
    pub(super) retry_after: Option<RetryAfter>,
    pub(super) start: Instant,
    pub(super) end: Instant,
    /// The time of the realm's clock at its arrival and at its end, in milliseconds since 1970.
    pub(super) start_ms: i64,
    pub(super) end_ms: i64,
    /// Identifies the client.
    pub(super) client: Option<u64>,
    pub(super) merchant: Option<u64>,
    pub(super) grant: Option<GrantKey>,
    /// The fingerprint of the code, refresh token or access token that it presents.
    pub(super) credential: Option<u64>,
    /// Identifies the same request sent again: by client, grant type, and code or token, or at the
    /// API by token, method and path.
    pub(super) key: u64,
}

impl<'a> Observation<'a> {
    pub(super) fn new(seen: Seen<'a>, hasher: &RandomState) -> Self {
        let Seen { entry, facts, conditions, retry_after, start_ms, end_ms, end } = seen;
        let hash = |text: &Option<String>| text.as_ref().map(|text| hasher.hash_one(text));
        let credential = presented_credential(entry);
        let is_refresh = entry.grant_type.as_deref() == Some("refresh_token");
        let grant = match facts.grant {
            Some(id) => Some(GrantKey::Grant(id)),
            None if is_refresh => credential.map(GrantKey::Token),
            None => None,
        };

        let client = hash(&entry.client_id);
        let key = match entry.endpoint {
            RecordedEndpoint::Resource => hasher.hash_one((credential, &entry.method, &entry.path)),
            endpoint => hasher.hash_one((endpoint as u8, client, &entry.grant_type, credential)),
        };
        Self {
            id: entry.id,
            entry,
            facts,
            conditions,
            retry_after,
            start: entry.started,
            end,
            start_ms,
            end_ms,
            client,
            merchant: hash(&entry.merchant_id),
            grant,
            credential,
            key,
        }
    }

    /// Whether it is a request to the token endpoint whose parameters are readable.
    fn is_token_request(&self) -> bool {
        self.entry.endpoint == RecordedEndpoint::Token && self.row().is_none_or(|row| row > 6)
    }

    /// Whether it presents a code to the token endpoint.
    pub(super) fn is_exchange(&self) -> bool {
        self.is_token_request() && self.entry.grant_type.as_deref() == Some("authorization_code")
    }

    /// Whether it presents a refresh token to the token endpoint.
    pub(super) fn is_refresh(&self) -> bool {
        self.is_token_request() && self.entry.grant_type.as_deref() == Some("refresh_token")
    }

    /// Whether it presents a code or a token to the token endpoint.
    pub(super) fn is_grant_request(&self) -> bool {
        self.is_exchange() || self.is_refresh()
    }

    /// Whether it is a request to the API.
    pub(super) fn is_api_call(&self) -> bool {
        self.entry.endpoint == RecordedEndpoint::Resource
    }

    fn row(&self) -> Option<u8> {
        self.entry.outcome.as_ref()?.row
    }

    /// Whether it failed at this row of the decision table.
    pub(super) fn fails_at(&self, row: u8) -> bool {
        self.row() == Some(row)
    }

    /// Returns the fault that it met.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.entry.outcome.as_ref()?.fault
    }

    /// Returns the status of the response, if the client received it.
    pub(super) fn status(&self) -> Option<u16> {
        self.entry.status().filter(|_| self.fault().is_none())
    }

    /// Returns the error of the response, if the client received it.
    pub(super) fn error(&self) -> Option<&'a str> {
        self.status()?;
        self.entry.outcome.as_ref()?.error.as_deref()
    }

    /// Whether the client received a success that is the server's own.
    pub(super) fn is_success(&self) -> bool {
        let is_success = self.status().is_some_and(|status| (200..300).contains(&status));
        is_success && !self.facts.is_replaced
    }

    /// Returns the fingerprint of a credential that it issued and that the client received.
    pub(super) fn given(&self, kind: IssuedKind) -> Option<u64> {
        // The redirect of the authorize endpoint gives a code.
        let is_given = match kind {
            IssuedKind::Code => self.status().is_some() && !self.facts.is_replaced,
            _ => self.is_success() && !self.facts.hides_tokens,
        };
        self.issued(kind).filter(|_| is_given)
    }

    /// Returns the fingerprint of a credential that it issued, whether or not the client received it.
    pub(super) fn issued(&self, kind: IssuedKind) -> Option<u64> {
        let issued = self.entry.issued.iter().find(|issued| issued.kind == kind)?;
        parse_fingerprint(&issued.fingerprint)
    }

    /// Whether it presents a code or token in this state.
    pub(super) fn presents(&self, state: CredentialState) -> bool {
        self.facts.credential == Some(state)
    }

    /// Whether it arrived after a time. Two requests that are under way together do not follow each
    /// other.
    pub(super) fn follows(&self, end: Instant) -> bool {
        self.start >= end
    }

    /// Whether the API told the client that its access token has expired.
    pub(super) fn is_refused_as_expired(&self) -> bool {
        let is_told = self.status() == Some(401) && self.presents(CredentialState::Expired);
        self.is_api_call() && (is_told || self.error() == Some("ACCESS_TOKEN_EXPIRED"))
    }
}

/// Returns the fingerprint of the code or token that a request presents.
fn presented_credential(entry: &RecordedRequest) -> Option<u64> {
    let names: &[&str] = match (entry.endpoint, entry.grant_type.as_deref()) {
        (RecordedEndpoint::Token, Some("refresh_token")) => &["refresh_token", "code"],
        (RecordedEndpoint::Token, _) => &["code"],
        (RecordedEndpoint::Resource, _) => &["access_token"],
        _ => &[],
    };
    names.iter().find_map(|name| match entry.params.get(name)? {
        RecordedParam::Fingerprint { fingerprint } => parse_fingerprint(fingerprint),
        RecordedParam::Text(_) => None,
    })
}

fn parse_fingerprint(text: &str) -> Option<u64> {
    u64::from_str_radix(text, 16).ok()
}
