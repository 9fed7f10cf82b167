//! A mock of the Smartpay Fuse OAuth 2.0 authorization server, for the tests of whoever
//! integrates with it: faithful to what is documented, scriptable where a test needs it
//! otherwise, and quick enough that every test has its own.
//!
//! ```
//! use smartpay_oauth_mock::MockAuthServer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A server on a free port, with the built-in fixtures. It stops when dropped.
//! let server = MockAuthServer::start().await;
//!
//! // What the redirect would have brought, had a merchant clicked Allow.
//! let code = server.issue_code("v6TJH1IqhM", "rahulrama").await?;
//!
//! // Your code under test would do this part.
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
//! # It is strict
//!
//! What passes here should pass against the real server, and what would fail there fails here,
//! with an explanation in `error_description`. A token request goes through one table of 21 rows,
//! from "the method is POST" to "the merchant's account is active"; the first row that fails
//! answers. `docs/fidelity.md` says of each behaviour where it is documented, or that it is an
//! assumption and which member of a fixture changes it.
//!
//! # Time is yours
//!
//! All lifetimes, claims and dates follow the server's [`Clock`]. A year passes in one call:
//!
//! ```
//! use std::time::Duration;
//! use smartpay_oauth_mock::MockAuthServer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let server = MockAuthServer::start().await;
//! let before = server.clock().now_ms();
//! server.clock().advance(Duration::from_secs(365 * 86_400));
//! assert!(server.clock().now_ms() - before >= 31_536_000_000);
//! # }
//! ```
//!
//! # From consent to the API
//!
//! [`RealmHandle::authorize_url`] is where a partner sends the merchant's browser. Tests that have
//! none add `mock_consent=allow` to that URL, or skip it with [`RealmHandle::issue_code`] and
//! [`RealmHandle::issue_tokens`]. [`RealmHandle::revoke_grant`] is the merchant who changes their
//! mind; the API at `/pts/v2/payments` refuses the token from then on.
//!
//! # Fixtures and scenarios
//!
//! Clients, merchants, codes, settings and scenarios come from YAML or JSON, a file or a text.
//! Whatever is wrong with them is an error that names line, column, and what would be right:
//!
//! ```
//! use smartpay_oauth_mock::MockAuthServer;
//!
//! let mistakes = MockAuthServer::builder()
//!     .fixtures("clients: [{ id: mine, secrt: s }]")
//!     .unwrap_err();
//! assert!(mistakes.to_string().contains("did you mean \"secret\"?"));
//! ```
//!
//! A scenario makes the server fail on demand. This one lets the first refresh through, fails the
//! second, and then lets all pass:
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
//! Or inject it while the test runs, and expect what should come of it. If the calls do not come,
//! the test fails and shows those that did:
//!
//! ```
//! use smartpay_oauth_mock::{ErrorCode, MockAuthServer, Outcome, Scenario, When};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let server = MockAuthServer::start().await;
//! let busy = Scenario::respond(Outcome::error(ErrorCode::ServerError))
//!     .when(When::grant_type("refresh_token"))
//!     .times(2);
//! let retried = server.inject(busy).await.expect(0..=2);
//! // ... the code under test refreshes, is refused twice, and tries again.
//! # }
//! ```
//!
//! `docs/scenarios.md` is a cookbook of failures.
//!
//! # See what was asked
//!
//! [`RealmHandle::requests`] is the journal: each request with what it got and why, codes and tokens
//! as fingerprints, and notes on what the real server would have made of it.
//! [`RealmHandle::verify`] counts those that fit a [`Filter`], and tells which came close.
//!
//! # HTTPS and client certificates
//!
//! [`Builder::tls`] serves HTTPS with a CA of the server's own; [`Builder::client_auth`] demands a
//! certificate, as the real service does. [`RealmHandle::ca_pem`] and
//! [`RealmHandle::client_identity`] are for the client.
//!
//! # Without async
//!
//! [`blocking`] has the same server for tests that have no runtime.
//!
//! # Each test its own
//!
//! Starting costs well under a millisecond after the first, and servers share nothing but
//! threads, so parallel tests never meet. Where they must share one server, each takes a realm
//! ([`MockAuthServer::new_realm`]). The threads are the library's own: a test may block, or
//! have no runtime at all.
//!
//! The keys are not secret: the development key, which signs unless
//! [`Builder::signing_key`] says otherwise, is in the source for everyone to read.

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
mod limits;
mod oauth;
mod realm;
pub mod scenario;
mod server;
mod tls;
mod token;
pub mod units;

pub use clock::Clock;
pub use fixture::{FixtureErrors, PathPattern, TlsFault};
pub use journal::{
    Difference, Filter, Issued, IssuedKind, NearMiss, RecordedEndpoint, RecordedOutcome,
    RecordedParam, RecordedRequest, Times, TimesError, Verification,
};
pub use limits::Limits;
pub use oauth::{ChallengeMethod, Dialect, ErrorCode, Secret, TokenResponse};
pub use realm::{IssueError, RealmError};
pub use scenario::{Endpoint, Fault, Outcome, Pattern, Scenario, When};
pub use server::{
    Builder, CodeOptions, Follower, GrantInfo, MockAuthServer, RealmBuilder, RealmHandle,
    ScenarioGuard, ScenarioState, StartError, blocking,
};
pub use tls::{ClientAuth, ClientIdentity, TlsError};
pub use token::{Inspection, KeyError, SigningKey, inspect};
pub use units::{HumanDuration, HumanDurationError};
