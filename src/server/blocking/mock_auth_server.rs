//! The blocking version of the running server.

use std::net::SocketAddr;
use std::ops::Deref;

use axum::body::Bytes;
use axum::http::{Request, Response};

use super::realm_builder::RealmBuilder;
use super::realm_handle::RealmHandle;
use super::wait::wait;
use crate::realm::RealmError;
use crate::report::Report;
use crate::server::mock_auth_server as server;
use crate::server::{Builder, StartError};

/// A running mock server. It stops when it is dropped.
///
/// This is the blocking version of [`MockAuthServer`](crate::MockAuthServer). It owns its default
/// realm and dereferences to it: the methods of [`RealmHandle`] can be called on the server itself.
#[derive(Debug)]
#[must_use = "dropping the server stops it: bind it to a variable"]
pub struct MockAuthServer {
    inner: server::MockAuthServer,
    default: RealmHandle,
}

impl Deref for MockAuthServer {
    type Target = RealmHandle;

    fn deref(&self) -> &RealmHandle {
        &self.default
    }
}

impl From<server::MockAuthServer> for MockAuthServer {
    fn from(inner: server::MockAuthServer) -> Self {
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
        wait(server::MockAuthServer::start()).into()
    }

    /// Configures a server, which [`Builder::start_blocking`] starts.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Blocking version of [`address`](crate::MockAuthServer::address).
    pub fn address(&self) -> SocketAddr {
        self.inner.address()
    }

    /// Blocking version of [`http_url`](crate::MockAuthServer::http_url).
    pub fn http_url(&self) -> Option<String> {
        self.inner.http_url()
    }

    /// Blocking version of [`https_url`](crate::MockAuthServer::https_url).
    pub fn https_url(&self) -> Option<String> {
        self.inner.https_url()
    }

    /// Blocking version of [`portal_url`](crate::MockAuthServer::portal_url).
    pub fn portal_url(&self) -> Option<String> {
        self.inner.portal_url()
    }

    /// Blocking version of [`urls`](crate::MockAuthServer::urls).
    pub fn urls(&self) -> &[String] {
        self.inner.urls()
    }

    /// Blocking version of [`new_realm`](crate::MockAuthServer::new_realm).
    pub fn new_realm(&self, name: impl Into<String>) -> RealmBuilder<'_> {
        RealmBuilder { inner: self.inner.new_realm(name) }
    }

    /// Blocking version of [`remove_realm`](crate::MockAuthServer::remove_realm), with the same
    /// error.
    pub fn remove_realm(&self, name: &str) -> Result<bool, RealmError> {
        self.inner.remove_realm(name)
    }

    /// Blocking version of [`total_report`](crate::MockAuthServer::total_report).
    pub fn total_report(&self) -> Report {
        wait(self.inner.total_report())
    }

    /// Blocking version of [`default_realm`](crate::MockAuthServer::default_realm).
    pub fn default_realm(&self) -> &RealmHandle {
        &self.default
    }

    /// Blocking version of [`realm`](crate::MockAuthServer::realm).
    pub fn realm(&self, name: &str) -> Option<RealmHandle> {
        self.inner.realm(name).map(RealmHandle::from)
    }

    /// Blocking version of [`realms`](crate::MockAuthServer::realms).
    pub fn realms(&self) -> Vec<RealmHandle> {
        self.inner.realms().into_iter().map(RealmHandle::from).collect()
    }

    /// Blocking version of [`handle`](crate::MockAuthServer::handle).
    pub fn handle(&self, request: Request<String>) -> Response<Bytes> {
        wait(self.inner.handle(request))
    }

    /// Blocking version of [`stop`](crate::MockAuthServer::stop).
    pub fn stop(self) {
        wait(self.inner.stop());
    }
}

impl Builder {
    /// Blocking version of [`start`](Builder::start), with the same errors.
    pub fn start_blocking(self) -> Result<MockAuthServer, StartError> {
        wait(self.start()).map(MockAuthServer::from)
    }
}
