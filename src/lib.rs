//! A mock of the Smartpay Fuse OAuth 2.0 authorization server, for the tests of everyone who
//! integrates with it. It is faithful to what is documented, scriptable where a test needs another
//! behaviour, and fast enough for every test to have a server of its own.
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
//! // The code that the redirect carries once a merchant has clicked Allow.
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
//! A request that passes here should pass against the real server, and one that would fail there
//! fails here, with an explanation in `error_description`. A token request is checked by a table of
//! 21 rows, from "the method is POST" to "the server works"; the first row that fails decides. For
//! each behaviour, `docs/fidelity.md` names the source, or marks it as an assumption and names the
//! fixture member that changes it.
//!
//! # The clock
//!
//! All lifetimes, claims and dates follow the server's [`Clock`], which a test moves:
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
//! the API at `/pts/v2/payments` then refuses its tokens.
//!
//! # Fixtures
//!
//! Clients, merchants, codes, settings and scenarios come from YAML or JSON, in a file or a text. An
//! error in them has a line, a column, and a correction:
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
//! Injected while the test runs, with an expectation that fails the test and shows the requests that
//! came instead:
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
//! requests that match a [`Filter`], and shows those that almost did.
//!
//! # HTTPS and client certificates
//!
//! [`Builder::tls`] serves HTTPS with a CA of its own; [`Builder::client_auth`] demands a client
//! certificate, as the real server does. [`RealmHandle::ca_pem`] and
//! [`RealmHandle::client_identity`] are for the client.
//!
//! # Tests that are not async
//!
//! [`blocking`] has the same server for tests without a runtime.
//!
//! # Parallel tests
//!
//! A server starts in less than a millisecond after the first, and servers share nothing but
//! threads, so parallel tests do not meet. Tests that must share a server take a realm each
//! ([`MockAuthServer::new_realm`]). The threads are the library's own, so a test may block, or have
//! no runtime at all.
//!
//! # The signing key
//!
//! Unless [`Builder::signing_key`] sets another, tokens are signed with a key that is part of the
//! source. Everybody has it, so nothing real may trust it.
//!
//! # Layout
//!
//! Each module uses only those above it:
//!
//! | module | content |
//! |---|---|
//! | `units` | durations, time zones and host names, as people write them |
//! | `oauth` | the protocol's vocabulary: error codes, the rows of the decision table, forms, scopes, PKCE |
//! | `clock`, `limits` | the clock of a realm; resource limits |
//! | `token` | claims, identifiers, the signing key, verification |
//! | [`scenario`] | what a scenario matches, and its outcomes |
//! | [`fixture`] | what a fixture may say, and how it is read, merged and checked |
//! | `faults`, `journal`, `tls` | faults on the wire; the journal and its notes; certificates |
//! | `realm` | a realm: its fixtures, grants, scenarios, journal and clock |
//! | `flow` | the decisions of the token and authorize endpoints |
//! | `http` | the endpoints and the control API |
//! | `server` | listeners and connections, and the handles that tests use |
//! | `cli` | the command line |

#![forbid(unsafe_code)]

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
pub mod scenario;
mod server;
mod tls;
mod token;
pub mod units;

pub use clock::Clock;
pub use fixture::{FixtureError, FixtureErrors, PathPattern, PathPatternError, TlsFault};
pub use journal::{
    Difference, Filter, Issued, IssuedKind, NearMiss, RecordedEndpoint, RecordedOutcome,
    RecordedParam, RecordedRequest, Times, TimesError, Verification,
};
pub use limits::Limits;
pub use oauth::{ChallengeMethod, Dialect, ErrorCode, Secret, TokenResponse};
pub use realm::{CodeRequest, GrantInfo, IssueError, RealmError, TokensRequest};
pub use scenario::{Endpoint, Fault, Outcome, Pattern, Scenario, ScenarioState, When};
pub use server::{
    Builder, Follower, MockAuthServer, RealmBuilder, RealmHandle, ScenarioGuard, StartError,
    TokenIdError, blocking,
};
pub use tls::{ClientAuth, ClientIdentity, TlsError};
pub use token::{Inspection, KeyError, SigningKey, inspect};
pub use units::{HumanDuration, HumanDurationError};
