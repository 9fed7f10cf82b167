//! A mock of the Smartpay Fuse OAuth 2.0 authorization server, for testing clients of that server.
//! It behaves as the vendor documents, can be scripted where a test needs other behavior, and
//! starts fast enough for each test to have its own server.
//!
//! # Install
//!
//! ```toml
//! [dev-dependencies]
//! smartpay-oauth-mock = { version = "0.1", default-features = false }
//! ```
//!
//! The default feature `cli` is the command line, which tests do not need.
//!
//! # Quick start
//!
//! ```
//! use smartpay_oauth_mock::MockAuthServer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A server on a free port, with the built-in fixtures. It stops when it is dropped.
//! let server = MockAuthServer::start().await;
//!
//! // The code that the client would receive by redirect after the merchant clicks Allow.
//! let code = server.issue_code("v6TJH1IqhM", "rahulrama").await?;
//!
//! // The code under test does this part.
//! let tokens: serde_json::Value = reqwest::Client::new()
//!     .post(server.token_url())
//!     .header("Content-Type", "application/x-www-form-urlencoded")
//!     .body(format!(
//!         "grant_type=authorization_code&code={code}\
//!          &client_id=v6TJH1IqhM&client_secret=v6TJH1IqhM-secret"
//!     ))
//!     .send()
//!     .await?
//!     .json()
//!     .await?;
//! assert_eq!(tokens["token_type"], "bearer");
//! assert_eq!(tokens["expires_in"], 899);
//! # Ok(())
//! # }
//! ```
//!
//! # Strictness
//!
//! A request that succeeds here should succeed at the real server. A request that would fail there
//! fails here, with an explanation in `error_description`. A token request is checked against a
//! decision table of 21 rows, from "the method is POST" to "the server works"; the first row that
//! fails decides. For each behavior, `docs/fidelity.md` gives the source, or marks it as an
//! assumption and names the fixture member that changes it.
//!
//! # The clock
//!
//! All lifetimes, claims and dates follow the server's [`Clock`], which a test can change:
//!
//! ```
//! use std::time::Duration;
//! use smartpay_oauth_mock::MockAuthServer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = MockAuthServer::start().await;
//! let before = server.clock().now();
//! server.clock().advance(Duration::from_secs(365 * 86_400));
//! assert!(server.clock().now() >= before + Duration::from_secs(31_536_000));
//! # Ok(())
//! # }
//! ```
//!
//! # Consent, grants and the API
//!
//! [`RealmHandle::authorize_url`] is the URL to which a partner sends the merchant's browser. Tests
//! without a browser add `mock_consent=allow` to it, or skip it with [`RealmHandle::issue_code`] and
//! [`RealmHandle::issue_tokens`]. [`RealmHandle::revoke_grant`] revokes a grant as the merchant does:
//! the API at `/pts/v2/payments` then rejects its tokens.
//!
//! # Fixtures
//!
//! Clients, merchants, codes, settings and scenarios are defined in YAML or JSON, in a file or a
//! string. An error in them has a line, a column, and often a suggestion:
//!
//! ```
//! use smartpay_oauth_mock::MockAuthServer;
//!
//! let errors = MockAuthServer::builder()
//!     .fixtures("clients: [{ id: mine, secrt: s }]")
//!     .unwrap_err();
//! assert!(errors.to_string().contains("did you mean \"secret\"?"));
//! ```
//!
//! # Scenarios
//!
//! A [`Scenario`] makes matching requests fail, or changes their responses. In a fixture:
//!
//! ```
//! use smartpay_oauth_mock::MockAuthServer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = MockAuthServer::builder()
//!     .fixtures(
//!         "
//!         extends: default
//!         scenarios:
//!           - name: the-second-refresh-fails
//!             when: { grant_type: refresh_token }
//!             respond: [pass, { error: server_error }]
//!         ",
//!     )?
//!     .start()
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! Or injected while the test runs. The expectation fails the test unless it is met, and shows the
//! requests that were received instead:
//!
//! ```
//! use smartpay_oauth_mock::{ErrorCode, MockAuthServer, Outcome, Scenario, When};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let server = MockAuthServer::start().await;
//! let busy = Scenario::respond(Outcome::error(ErrorCode::ServerError))
//!     .when(When::new().grant_type("refresh_token"))
//!     .times(2);
//! let retried = server.inject(busy).await.expect(0..=2);
//! // ... the code under test refreshes, fails twice, and succeeds the third time.
//! # }
//! ```
//!
//! `docs/scenarios.md` is a cookbook of failures.
//!
//! # The journal
//!
//! [`RealmHandle::requests`] returns the journal: every request with its outcome, codes and tokens as
//! fingerprints, and notes on what the real server would do. [`RealmHandle::verify`] counts the
//! requests that match a [`Filter`], and returns the closest ones if the number is wrong.
//!
//! # The report
//!
//! [`RealmHandle::report`] returns what the server has to say about the client under test: the errors,
//! faults and flows that it met, and what it did wrong. [`Report::assert_no_findings`] fails a test if
//! there is something. `docs/report.md` explains each rule.
//!
//! # HTTPS and client certificates
//!
//! [`Builder::tls`] serves HTTPS with a certificate of the server's own CA;
//! [`Builder::client_auth`] requires a client certificate, as the real server does.
//! [`RealmHandle::ca_pem`] returns the CA that the client must trust, and
//! [`RealmHandle::client_identity`] issues a client certificate.
//!
//! # Tests that are not async
//!
//! [`blocking`] has the same API for tests without an async runtime.
//!
//! # Parallel tests
//!
//! After the first one, a server starts in less than a millisecond. Servers share only threads, so
//! parallel tests do not affect each other. Tests that must share a server use a realm each
//! ([`MockAuthServer::new_realm`]). The library has its own threads, so a test may block, or have
//! no async runtime.
//!
//! # The first signature
//!
//! The first signature of a process takes 30 ms or more, because AWS-LC, the cryptographic library,
//! measures the jitter of the CPU as a source of random numbers. The server starts this in the
//! background, so a test that prepares its client meanwhile rarely waits. To leave the measurement
//! out, build with the environment variable `AWS_LC_SYS_NO_JITTER_ENTROPY=1`; the random numbers of
//! the operating system are good enough for tests. In a project, `.cargo/config.toml` can set it:
//!
//! ```toml
//! [env]
//! AWS_LC_SYS_NO_JITTER_ENTROPY = "1"
//! ```
//!
//! # The signing key
//!
//! Unless [`Builder::signing_key`] sets another, tokens are signed with a key that is part of the
//! source code. Its private half is public, so no real system may trust it.
//!
//! # Layout
//!
//! Each module uses only modules above it:
//!
//! | module | content |
//! |---|---|
//! | `units` | durations, time zones and host names in text form |
//! | `oauth` | the protocol's vocabulary: error codes, the rows of the decision table, forms, scopes, PKCE |
//! | `clock`, `limits` | the clock of a realm; resource limits |
//! | `token` | claims, identifiers, the signing key, verification |
//! | [`scenario`] | what a scenario matches, and its outcomes |
//! | [`fixture`] | the members of a fixture, and how it is read, merged and checked |
//! | `faults`, `journal`, `tls` | connection faults; the journal and its notes; certificates |
//! | `report` | the report on the clients of a realm: its rules, and what they met |
//! | `store` | the codes and grants of a realm, and what became of its refresh tokens |
//! | `realm` | a realm: its fixtures, grants, scenarios, journal and clock |
//! | `flow` | the decisions of the token and authorize endpoints |
//! | `http` | the endpoints and the control API |
//! | `server` | listeners and connections, and the handles that tests use |
//! | `cli` | the command line |

#![forbid(unsafe_code)]
// Without a shared store, some of what it uses has no other use.
#![cfg_attr(not(feature = "redis"), allow(dead_code))]

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod clock;
mod faults;
pub mod fixture;
mod flow;
mod http;
#[cfg(feature = "internal")]
#[doc(hidden)]
pub mod internal;
mod journal;
mod json_schema;
mod limits;
mod oauth;
mod realm;
mod report;
pub mod scenario;
mod server;
mod store;
mod tls;
mod token;
pub mod units;

pub use clock::{Clock, ClockRangeError};
pub use fixture::{FixtureError, FixtureErrors, PathPattern, PathPatternError, TlsFault};
pub use journal::{
    Difference, Filter, Issued, IssuedClaims, IssuedKind, NearMiss, RecordedEndpoint,
    RecordedHeaders, RecordedOutcome, RecordedParam, RecordedParams, RecordedRequest, Times,
    TimesError, Verification,
};
pub use limits::Limits;
pub use oauth::{ChallengeMethod, Dialect, ErrorCode, Secret, TokenResponse};
pub use realm::{CodeRequest, GrantInfo, IssueError, RealmError, TokensRequest};
pub use report::{
    Coverage, ErrorCoverage, FaultCoverage, Finding, Flow, FlowCoverage, NextStep, Report, Severity,
};
pub use scenario::{Endpoint, Fault, Outcome, Pattern, Scenario, ScenarioState, When};
pub use server::{
    Builder, Follower, MockAuthServer, RealmBuilder, RealmHandle, ScenarioGuard, StartError,
    TokenIdError, blocking,
};
pub use tls::{ClientAuth, ClientIdentity, TlsError};
pub use token::{Inspection, KeyError, SigningKey, inspect};
pub use units::{HumanDuration, HumanDurationError};
