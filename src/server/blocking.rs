//! The same server for tests that are not async: each method waits until it is done.
//!
//! ```
//! use smartpay_oauth_mock::blocking::MockAuthServer;
//! use smartpay_oauth_mock::{ErrorCode, Outcome, Scenario};
//!
//! let server = MockAuthServer::start();
//! let code = server.issue_code("v6TJH1IqhM", "rahulrama").unwrap();
//! let busy = server.inject(Scenario::respond(Outcome::error(ErrorCode::ServerError)).times(1));
//! // Your code under test would exchange the code at server.token_url() here.
//! assert!(server.requests().is_empty());
//! ```
//!
//! What never waits is the same in both: [`RealmHandle`] dereferences to its
//! [async twin](super::RealmHandle). Inside a runtime these methods panic, as blocking there would
//! stop it.

use std::net::SocketAddr;
use std::ops::Deref;
use std::time::Duration;

use crate::fixture::{Client, FixtureErrors, Merchant};
use crate::journal::{Filter, RecordedRequest, Times, Verification};
use crate::oauth::TokenResponse;
use crate::realm::{CodeRequest, GrantInfo, IssueError, RealmError, TokensRequest};
use crate::scenario::{Scenario, ScenarioState};
use crate::server::{Builder, RealmBuilder, ScenarioGuard, StartError, runtime};
use crate::token::Inspection;

/// A running mock server. It stops when dropped.
#[derive(Debug)]
pub struct MockAuthServer {
    server: super::MockAuthServer,
    default: RealmHandle,
}

/// A realm of a server.
#[derive(Clone, Debug)]
pub struct RealmHandle {
    twin: super::RealmHandle,
}

/// Runs on the servers' own threads what needs their timers.
fn wait<T>(future: impl Future<Output = T>) -> T {
    match runtime::runtime() {
        Ok(runtime) => runtime.block_on(future),
        // Whoever has a server has its threads.
        Err(error) => panic!("the mock server's threads are gone: {error}"),
    }
}

impl Deref for MockAuthServer {
    type Target = RealmHandle;

    fn deref(&self) -> &RealmHandle {
        &self.default
    }
}

impl Deref for RealmHandle {
    type Target = super::RealmHandle;

    fn deref(&self) -> &super::RealmHandle {
        &self.twin
    }
}

impl From<super::RealmHandle> for RealmHandle {
    fn from(twin: super::RealmHandle) -> Self {
        Self { twin }
    }
}

impl From<super::MockAuthServer> for MockAuthServer {
    fn from(server: super::MockAuthServer) -> Self {
        let default = RealmHandle { twin: (*server).clone() };
        Self { server, default }
    }
}

impl MockAuthServer {
    /// Starts a server with the built-in fixtures on a free port of the loopback interface.
    ///
    /// # Panics
    ///
    /// If no port can be had; [`Builder::start_blocking`] returns an error instead.
    pub fn start() -> Self {
        wait(super::MockAuthServer::start()).into()
    }

    /// A server with other fixtures, another port, another key; begin it with
    /// [`Builder::start_blocking`].
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// A realm of this name, to be made; what [`RealmBuilder::create`] returns becomes a blocking
    /// handle by `into()`.
    pub fn new_realm(&self, name: impl Into<String>) -> RealmBuilder<'_> {
        self.server.new_realm(name)
    }

    /// Removes a realm with everything in it. `false`: there is none of this name.
    ///
    /// # Errors
    ///
    /// If it is the default realm, which is always there.
    pub fn remove_realm(&self, name: &str) -> Result<bool, RealmError> {
        self.server.remove_realm(name)
    }

    /// A realm that is there. `None`: there is none of this name.
    pub fn realm(&self, name: &str) -> Option<RealmHandle> {
        self.server.realm(name).map(RealmHandle::from)
    }

    /// Every realm, the default one first.
    pub fn realms(&self) -> Vec<RealmHandle> {
        self.server.realms().into_iter().map(RealmHandle::from).collect()
    }

    /// Stops accepting, waits for the requests in flight, and stops.
    pub fn stop(self) {
        wait(self.server.stop());
    }
}

impl Builder {
    /// Starts the server, for a test that is not async.
    ///
    /// # Errors
    ///
    /// If the address is taken or cannot be used.
    pub fn start_blocking(self) -> Result<MockAuthServer, StartError> {
        wait(self.start()).map(MockAuthServer::from)
    }
}

/// The twins; the documentation of each is that of its async namesake.
impl RealmHandle {
    /// See [`issue_code`](super::RealmHandle::issue_code).
    ///
    /// # Errors
    ///
    /// If there is no such client or merchant in the fixtures.
    pub fn issue_code(&self, client_id: &str, merchant_id: &str) -> Result<String, IssueError> {
        wait(self.twin.issue_code(client_id, merchant_id))
    }

    /// See [`issue_code_with`](super::RealmHandle::issue_code_with).
    ///
    /// # Errors
    ///
    /// If there is no such client or merchant, or the client did not register what is asked for.
    pub fn issue_code_with(&self, request: CodeRequest) -> Result<String, IssueError> {
        wait(self.twin.issue_code_with(request))
    }

    /// See [`issue_tokens`](super::RealmHandle::issue_tokens).
    ///
    /// # Errors
    ///
    /// If there is no such client or merchant in the fixtures.
    pub fn issue_tokens(
        &self,
        client_id: &str,
        merchant_id: &str,
    ) -> Result<TokenResponse, IssueError> {
        wait(self.twin.issue_tokens(client_id, merchant_id))
    }

    /// See [`issue_tokens_with`](super::RealmHandle::issue_tokens_with).
    ///
    /// # Errors
    ///
    /// If there is no such client or merchant, or the client does not have a scope.
    pub fn issue_tokens_with(&self, request: TokensRequest) -> Result<TokenResponse, IssueError> {
        wait(self.twin.issue_tokens_with(request))
    }

    /// See [`inspect`](super::RealmHandle::inspect).
    pub fn inspect(&self, token: &str) -> Inspection {
        wait(self.twin.inspect(token))
    }

    /// See [`grants`](super::RealmHandle::grants).
    pub fn grants(&self) -> Vec<GrantInfo> {
        wait(self.twin.grants())
    }

    /// See [`revoke_grant`](super::RealmHandle::revoke_grant).
    pub fn revoke_grant(&self, id: &str) -> bool {
        wait(self.twin.revoke_grant(id))
    }

    /// See [`inject`](super::RealmHandle::inject).
    ///
    /// # Panics
    ///
    /// If the scenario could never do what it says.
    pub fn inject(&self, scenario: Scenario) -> ScenarioGuard {
        wait(self.twin.inject(scenario))
    }

    /// See [`try_inject`](super::RealmHandle::try_inject).
    ///
    /// # Errors
    ///
    /// Every mistake in it.
    pub fn try_inject(&self, scenario: Scenario) -> Result<ScenarioGuard, FixtureErrors> {
        wait(self.twin.try_inject(scenario))
    }

    /// See [`scenarios`](super::RealmHandle::scenarios).
    pub fn scenarios(&self) -> Vec<ScenarioState> {
        wait(self.twin.scenarios())
    }

    /// See [`remove_scenario`](super::RealmHandle::remove_scenario).
    pub fn remove_scenario(&self, name: &str) -> bool {
        wait(self.twin.remove_scenario(name))
    }

    /// See [`clear_scenarios`](super::RealmHandle::clear_scenarios).
    pub fn clear_scenarios(&self) {
        wait(self.twin.clear_scenarios());
    }

    /// See [`requests`](super::RealmHandle::requests).
    pub fn requests(&self) -> Vec<RecordedRequest> {
        wait(self.twin.requests())
    }

    /// See [`requests_matching`](super::RealmHandle::requests_matching).
    pub fn requests_matching(&self, filter: &Filter) -> Vec<RecordedRequest> {
        wait(self.twin.requests_matching(filter))
    }

    /// See [`verify`](super::RealmHandle::verify).
    pub fn verify(&self, filter: &Filter, count: impl Into<Times>) -> Verification {
        wait(self.twin.verify(filter, count))
    }

    /// See [`verify_timeout`](super::RealmHandle::verify_timeout).
    pub fn verify_timeout(
        &self,
        filter: &Filter,
        count: impl Into<Times>,
        patience: Duration,
    ) -> Verification {
        wait(self.twin.verify_timeout(filter, count, patience))
    }

    /// See [`clear_requests`](super::RealmHandle::clear_requests).
    pub fn clear_requests(&self) {
        wait(self.twin.clear_requests());
    }

    /// See [`replace_fixtures`](super::RealmHandle::replace_fixtures).
    ///
    /// # Errors
    ///
    /// Every mistake in them; then nothing has changed.
    pub fn replace_fixtures(&self, text: &str) -> Result<(), FixtureErrors> {
        wait(self.twin.replace_fixtures(text))
    }

    /// See [`reset`](super::RealmHandle::reset).
    pub fn reset(&self) {
        wait(self.twin.reset());
    }

    /// See [`put_client`](super::RealmHandle::put_client).
    ///
    /// # Errors
    ///
    /// Every mistake in it; then nothing has changed.
    pub fn put_client(&self, client: Client) -> Result<(), FixtureErrors> {
        wait(self.twin.put_client(client))
    }

    /// See [`update_client`](super::RealmHandle::update_client).
    ///
    /// # Errors
    ///
    /// Every mistake in what it became; then nothing has changed.
    pub fn update_client(
        &self,
        id: &str,
        change: impl FnOnce(&mut Client),
    ) -> Result<bool, FixtureErrors> {
        wait(self.twin.update_client(id, change))
    }

    /// See [`remove_client`](super::RealmHandle::remove_client).
    ///
    /// # Errors
    ///
    /// If a scenario names it; then nothing has changed.
    pub fn remove_client(&self, id: &str) -> Result<bool, FixtureErrors> {
        wait(self.twin.remove_client(id))
    }

    /// See [`put_merchant`](super::RealmHandle::put_merchant).
    ///
    /// # Errors
    ///
    /// Every mistake in it; then nothing has changed.
    pub fn put_merchant(&self, merchant: Merchant) -> Result<(), FixtureErrors> {
        wait(self.twin.put_merchant(merchant))
    }

    /// See [`update_merchant`](super::RealmHandle::update_merchant).
    ///
    /// # Errors
    ///
    /// Every mistake in what it became; then nothing has changed.
    pub fn update_merchant(
        &self,
        id: &str,
        change: impl FnOnce(&mut Merchant),
    ) -> Result<bool, FixtureErrors> {
        wait(self.twin.update_merchant(id, change))
    }

    /// See [`remove_merchant`](super::RealmHandle::remove_merchant).
    ///
    /// # Errors
    ///
    /// If a scenario names it; then nothing has changed.
    pub fn remove_merchant(&self, id: &str) -> Result<bool, FixtureErrors> {
        wait(self.twin.remove_merchant(id))
    }

    /// See [`follow`](super::RealmHandle::follow).
    pub fn follow(&self) -> Follower {
        Follower { twin: self.twin.follow() }
    }
}

/// Reads a realm's journal as it grows.
#[derive(Debug)]
pub struct Follower {
    twin: super::Follower,
}

/// The next request each time, waited for; it ends when the realm is gone.
impl Iterator for Follower {
    type Item = RecordedRequest;

    fn next(&mut self) -> Option<RecordedRequest> {
        wait(self.twin.next())
    }
}
