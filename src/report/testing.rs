//! Requests for the tests of rules, without a server.

use std::time::{Duration, Instant};

use super::model::{Finding, Report};
use super::observation::{Conditions, RetryAfter, Seen};
use super::observer::RequestObserver;
use crate::fixture::RefreshPolicy;
use crate::journal::{
    CredentialState, Issued, IssuedKind, RecordedEndpoint, RecordedOutcome, RecordedParam,
    RecordedRequest, RequestFacts,
};
use crate::oauth::Dialect;
use crate::scenario::Fault;
use crate::token::GrantId;

/// A series of requests of a client that is well-mannered otherwise: over HTTPS, with a certificate.
pub(super) struct Run {
    observer: RequestObserver,
    pub(super) conditions: Conditions,
    start: Instant,
    /// Milliseconds since the start, by real time and by the realm's clock.
    real_ms: u64,
    realm_ms: i64,
    is_frozen: bool,
    requests: u64,
    hanging: Vec<(u64, Instant)>,
}

impl Default for Run {
    fn default() -> Self {
        let conditions = Conditions {
            dialect: Dialect::Documented,
            refresh_policy: RefreshPolicy::Reuse,
            code_lifetime_ms: 600_000,
            has_https: true,
        };
        Self {
            observer: RequestObserver::default(),
            conditions,
            start: Instant::now(),
            real_ms: 1_000_000,
            realm_ms: 1_000_000_000,
            is_frozen: false,
            requests: 0,
            hanging: Vec::new(),
        }
    }
}

impl Run {
    /// Sends a request, which takes a millisecond or as long as it says. Returns its number if its response
    /// hangs.
    pub(super) fn send(&mut self, request: Request) -> Option<u64> {
        let start = self.now();
        let start_ms = self.realm_ms;
        self.wait(1);
        self.requests += 1;
        let Request { mut entry, facts, started_before, retry_after } = request;
        entry.id = self.requests;
        entry.started = start - Duration::from_millis(started_before);

        self.observer.begin();
        self.observer.observe(Seen {
            entry: &entry,
            facts: &facts,
            conditions: self.conditions,
            retry_after,
            start_ms,
            end_ms: self.realm_ms,
            end: self.now(),
        });

        let hangs = entry.outcome.and_then(|outcome| outcome.fault) == Some(Fault::Hang);
        if hangs {
            self.observer.begin_hang_at(entry.id, self.now());
            self.hanging.push((entry.id, self.now()));
        }
        hangs.then_some(entry.id)
    }

    /// The client of a request whose response hangs gives up.
    pub(super) fn end_hang(&mut self, id: u64) {
        let (_, start) = self.hanging.iter().find(|(hanging, _)| *hanging == id).expect("a hang");
        self.observer.end_hang_at(id, *start, self.now());
    }

    /// Lets time pass.
    pub(super) fn wait(&mut self, ms: u64) {
        self.real_ms += ms;
        if !self.is_frozen {
            self.realm_ms += i64::try_from(ms).expect("a short time");
        }
    }

    /// Moves the realm's clock.
    pub(super) fn jump(&mut self, ms: i64) {
        self.realm_ms += ms;
    }

    pub(super) fn freeze(&mut self) {
        self.is_frozen = true;
    }

    pub(super) fn report(&self) -> Report {
        self.observer.report_at(self.now(), self.realm_ms)
    }

    /// Returns the names of the rules with findings.
    pub(super) fn findings(&self) -> Vec<String> {
        self.report().findings.into_iter().map(|finding| finding.rule).collect()
    }

    /// Returns the finding of a rule.
    pub(super) fn finding(&self, rule: &str) -> Finding {
        let findings = self.report().findings;
        findings.into_iter().find(|finding| finding.rule == rule).expect("the finding")
    }

    fn now(&self) -> Instant {
        self.start + Duration::from_millis(self.real_ms)
    }
}

/// A request and its response.
pub(super) struct Request {
    pub(super) entry: RecordedRequest,
    pub(super) facts: RequestFacts,
    /// How long before the others it started, in milliseconds.
    started_before: u64,
    retry_after: Option<RetryAfter>,
}

/// An exchange of a code.
pub(super) fn exchange(code: &str) -> Request {
    request(RecordedEndpoint::Token, Some("authorization_code")).param("code", code)
}

/// A refresh of the first grant.
pub(super) fn refresh(token: &str) -> Request {
    request(RecordedEndpoint::Token, Some("refresh_token")).param("refresh_token", token).grant(1)
}

/// A call of the API with an access token of the first grant, which is as old as its grant.
pub(super) fn api_call(token: &str) -> Request {
    let mut call = request(RecordedEndpoint::Resource, None).param("access_token", token).grant(1);
    call.facts.presented_iat_ms = Some(0);
    call.facts.presented_expiry_ms = Some(i64::MAX / 4);
    call
}

/// The consent of a merchant, with this code.
pub(super) fn consent(code: &str) -> Request {
    let mut consent = request(RecordedEndpoint::Authorize, None).status(302, None);
    consent.facts.has_state = Some(true);
    consent.issue(IssuedKind::Code, code);
    consent
}

fn request(endpoint: RecordedEndpoint, grant_type: Option<&str>) -> Request {
    let entry = RecordedRequest {
        endpoint,
        scheme: "https",
        certificate: Some("client".into()),
        client_id: Some("client".to_owned()),
        grant_type: grant_type.map(str::to_owned),
        correlation_id: Some("9a341edd-3ceb-4b36-b423-9088e9bad5a0".to_owned()),
        outcome: Some(RecordedOutcome::default()),
        ..RecordedRequest::example()
    };
    Request { entry, facts: RequestFacts::default(), started_before: 0, retry_after: None }
}

impl Request {
    fn param(mut self, name: &str, value: &str) -> Self {
        let value = RecordedParam::Fingerprint { fingerprint: fingerprint(value) };
        self.entry.params.insert(name.to_owned(), value);
        self
    }

    fn issue(&mut self, kind: IssuedKind, value: &str) {
        self.entry.issued.push(Issued { kind, jti: None, fingerprint: fingerprint(value) });
    }

    fn status(mut self, status: u16, error: Option<&str>) -> Self {
        let outcome = self.entry.outcome.as_mut().expect("an outcome");
        outcome.status = Some(status);
        outcome.error = error.map(str::to_owned);
        self
    }

    /// It succeeds, with tokens of the first grant unless it is of another one.
    pub(super) fn gives(mut self, access: &str, refresh: &str) -> Self {
        self.issue(IssuedKind::AccessToken, access);
        self.issue(IssuedKind::RefreshToken, refresh);
        self.facts.issued_lifetime_s = 899;
        let grant = self.facts.grant.is_none();
        let first = if grant { self.grant(1) } else { self };
        first.succeeds()
    }

    pub(super) fn succeeds(self) -> Self {
        self.status(200, None)
    }

    pub(super) fn refused(self, status: u16, error: &str) -> Self {
        self.status(status, Some(error))
    }

    /// Another grant than the first.
    pub(super) fn grant(mut self, number: u64) -> Self {
        self.facts.grant = GrantId::parse(&format!("{number:010x}"));
        self
    }

    pub(super) fn presents(mut self, state: CredentialState) -> Self {
        self.facts.credential = Some(state);
        self
    }

    pub(super) fn reusable(mut self) -> Self {
        self.facts.is_reusable = true;
        self
    }

    pub(super) fn denied(mut self) -> Self {
        self.entry.issued.clear();
        self.facts.is_denied = true;
        self
    }

    /// It takes effect, and its response is lost.
    pub(super) fn lost(mut self) -> Self {
        self.facts.is_replaced = true;
        self.meets(Fault::ConnectionReset)
    }

    /// A scenario removes the tokens from its response.
    pub(super) fn without_tokens(mut self) -> Self {
        self.facts.hides_tokens = true;
        self
    }

    pub(super) fn meets(mut self, fault: Fault) -> Self {
        let outcome = self.entry.outcome.as_mut().expect("an outcome");
        outcome.fault = Some(fault);
        outcome.status = None;
        self
    }

    /// The client closes the connection before the response.
    pub(super) fn gives_up(mut self) -> Self {
        self.entry.outcome = Some(RecordedOutcome::default());
        self
    }

    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(RetryAfter::Delay(Duration::from_secs(seconds)));
        self
    }

    /// It started earlier than the requests before it ended.
    pub(super) fn started_before(mut self, ms: u64) -> Self {
        self.started_before = ms;
        self
    }
}

/// Makes a fingerprint of 12 hexadecimal digits.
fn fingerprint(value: &str) -> String {
    let hash =
        value.bytes().fold(7_u64, |hash, byte| hash * 31 % 0xFFFF_FFFF_FFFF + u64::from(byte));
    format!("{:012x}", hash & 0xFFFF_FFFF_FFFF)
}
