//! The same interface for tests that are not async: each method blocks until it is done.
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
//! Every method of the async interface has a blocking twin with the same name, parameters, result
//! and errors. The types that never wait, such as [`ScenarioGuard`](crate::ScenarioGuard) and
//! [`Clock`](crate::Clock), are the same in both. Within an async runtime the blocking methods
//! panic, because they would block the runtime.

mod realm_handle;

use std::net::SocketAddr;
use std::ops::Deref;
use std::path::Path;

use axum::body::Bytes;
use axum::http::{Request, Response};

use super::{Builder, StartError, runtime};
use crate::fixture::FixtureErrors;
use crate::journal::RecordedRequest;
use crate::realm::RealmError;

pub use realm_handle::RealmHandle;

/// A running mock server. It stops when it is dropped.
///
/// This is the blocking twin of [`MockAuthServer`](crate::MockAuthServer). It owns its default
/// realm and dereferences to it: the methods of [`RealmHandle`] can be called on the server itself.
#[derive(Debug)]
#[must_use = "dropping the server stops it: bind it to a variable"]
pub struct MockAuthServer {
    inner: super::MockAuthServer,
    default: RealmHandle,
}

/// Runs a future on the servers' own threads, which have the timers that it may need.
fn wait<T>(future: impl Future<Output = T>) -> T {
    match runtime::runtime() {
        Ok(runtime) => runtime.block_on(future),
        // A server that is running has its threads.
        Err(error) => panic!("cannot start the mock server's threads: {error}"),
    }
}

impl Deref for MockAuthServer {
    type Target = RealmHandle;

    fn deref(&self) -> &RealmHandle {
        &self.default
    }
}

impl From<super::MockAuthServer> for MockAuthServer {
    fn from(inner: super::MockAuthServer) -> Self {
        let default = inner.default_realm().clone().into();
        Self { inner, default }
    }
}

impl MockAuthServer {
    /// Starts a server with the built-in fixtures on a free port of the loopback interface.
    ///
    /// # Panics
    ///
    /// If there is no free port. [`Builder::start_blocking`] returns an error instead.
    pub fn start() -> Self {
        wait(super::MockAuthServer::start()).into()
    }

    /// Configures a server, which [`Builder::start_blocking`] starts.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Blocking twin of [`address`](crate::MockAuthServer::address).
    pub fn address(&self) -> SocketAddr {
        self.inner.address()
    }

    /// Blocking twin of [`http_url`](crate::MockAuthServer::http_url).
    pub fn http_url(&self) -> Option<String> {
        self.inner.http_url()
    }

    /// Blocking twin of [`https_url`](crate::MockAuthServer::https_url).
    pub fn https_url(&self) -> Option<String> {
        self.inner.https_url()
    }

    /// Blocking twin of [`new_realm`](crate::MockAuthServer::new_realm).
    pub fn new_realm(&self, name: impl Into<String>) -> RealmBuilder<'_> {
        RealmBuilder { inner: self.inner.new_realm(name) }
    }

    /// Blocking twin of [`remove_realm`](crate::MockAuthServer::remove_realm), with the same error.
    pub fn remove_realm(&self, name: &str) -> Result<bool, RealmError> {
        self.inner.remove_realm(name)
    }

    /// Blocking twin of [`default_realm`](crate::MockAuthServer::default_realm).
    pub fn default_realm(&self) -> &RealmHandle {
        &self.default
    }

    /// Blocking twin of [`realm`](crate::MockAuthServer::realm).
    pub fn realm(&self, name: &str) -> Option<RealmHandle> {
        self.inner.realm(name).map(RealmHandle::from)
    }

    /// Blocking twin of [`realms`](crate::MockAuthServer::realms).
    pub fn realms(&self) -> Vec<RealmHandle> {
        self.inner.realms().into_iter().map(RealmHandle::from).collect()
    }

    /// Blocking twin of [`handle`](crate::MockAuthServer::handle).
    pub fn handle(&self, request: Request<String>) -> Response<Bytes> {
        wait(self.inner.handle(request))
    }

    /// Blocking twin of [`stop`](crate::MockAuthServer::stop).
    pub fn stop(self) {
        wait(self.inner.stop());
    }
}

impl Builder {
    /// Blocking twin of [`start`](Builder::start), with the same errors.
    pub fn start_blocking(self) -> Result<MockAuthServer, StartError> {
        wait(self.start()).map(MockAuthServer::from)
    }
}

/// Settings of a new realm.
///
/// This is the blocking twin of [`RealmBuilder`](crate::RealmBuilder).
#[derive(Debug)]
#[must_use = "the realm does not exist until `create` is called"]
pub struct RealmBuilder<'s> {
    inner: super::RealmBuilder<'s>,
}

impl RealmBuilder<'_> {
    /// Blocking twin of [`fixtures`](crate::RealmBuilder::fixtures), with the same errors.
    pub fn fixtures(self, text: &str) -> Result<Self, FixtureErrors> {
        Ok(Self { inner: self.inner.fixtures(text)? })
    }

    /// Blocking twin of [`fixtures_file`](crate::RealmBuilder::fixtures_file), with the same
    /// errors.
    pub fn fixtures_file(self, path: impl AsRef<Path>) -> Result<Self, FixtureErrors> {
        Ok(Self { inner: self.inner.fixtures_file(path)? })
    }

    /// Blocking twin of [`fixtures_files`](crate::RealmBuilder::fixtures_files), with the same
    /// errors.
    pub fn fixtures_files<P: AsRef<Path>>(self, paths: &[P]) -> Result<Self, FixtureErrors> {
        Ok(Self { inner: self.inner.fixtures_files(paths)? })
    }

    /// Blocking twin of [`host`](crate::RealmBuilder::host).
    pub fn host(self, host: impl Into<String>) -> Self {
        Self { inner: self.inner.host(host) }
    }

    /// Blocking twin of [`own_port`](crate::RealmBuilder::own_port).
    pub fn own_port(self) -> Self {
        Self { inner: self.inner.own_port() }
    }

    /// Blocking twin of [`create`](crate::RealmBuilder::create), with the same errors.
    pub fn create(self) -> Result<RealmHandle, RealmError> {
        self.inner.create().map(RealmHandle::from)
    }
}

/// An iterator over the requests that a realm records, which ends when the realm is removed.
///
/// This is the blocking twin of [`Follower`](crate::Follower): each step blocks until there is a
/// request.
#[derive(Debug)]
#[must_use = "a follower returns requests only when it is iterated"]
pub struct Follower {
    inner: super::Follower,
}

impl Iterator for Follower {
    type Item = RecordedRequest;

    fn next(&mut self) -> Option<RecordedRequest> {
        wait(self.inner.next())
    }
}
