//! The library's interface: [`MockAuthServer`], its builder, and the handles of its realms.

mod accept;
pub mod blocking;
mod builder;
mod connection;
mod connections;
mod file_watcher;
mod fixtures;
mod handshake;
mod realm_builder;
mod realm_handle;
mod requests;
mod runtime;
mod scenarios;
mod tracked_body;

use std::convert::Infallible;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use http_body_util::{BodyExt, Collected};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use crate::http::{Connection, serve};
use crate::realm::RealmError;

pub use builder::{Builder, StartError};
pub use realm_builder::RealmBuilder;
pub use realm_handle::{RealmHandle, TokenIdError};
pub use requests::Follower;
#[cfg(feature = "cli")]
pub(crate) use runtime::runtime;
pub use scenarios::ScenarioGuard;

/// A running mock server. It stops when it is dropped.
///
/// The server owns its default realm and dereferences to it: the methods of [`RealmHandle`] can be
/// called on the server itself.
///
/// It runs on threads of its own. It serves requests while a test blocks, and needs no async
/// runtime.
///
/// ```
/// use smartpay_oauth_mock::MockAuthServer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = MockAuthServer::start().await;
/// let code = server.issue_code("v6TJH1IqhM", "rahulrama").await?;
/// assert!(server.token_url().ends_with("/oauth2/v3/token"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping the server stops it: bind it to a variable"]
pub struct MockAuthServer {
    default: RealmHandle,
    address: SocketAddr,
    router: Arc<Router>,
    stop: watch::Sender<bool>,
    accepting: Vec<AbortHandle>,
    /// Closes when every listener, those of realms included, has served its requests in flight.
    all_done: mpsc::Receiver<Infallible>,
}

impl Deref for MockAuthServer {
    type Target = RealmHandle;

    fn deref(&self) -> &RealmHandle {
        &self.default
    }
}

impl MockAuthServer {
    /// Starts a server with the built-in fixtures on a free port of the loopback interface.
    ///
    /// # Panics
    ///
    /// If there is no free port. [`Builder::start`] returns an error instead.
    pub async fn start() -> Self {
        match Self::builder().start().await {
            Ok(server) => server,
            Err(error) => panic!("the mock server could not start: {error}"),
        }
    }

    /// Configures a server: fixtures, ports, TLS, signing key and more.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Returns the address that the server listens on: that for HTTPS, if it serves HTTPS.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the base URL for plain HTTP, if the server serves it. It has no slash at the end.
    pub fn http_url(&self) -> Option<String> {
        self.app.options.http.map(|address| url_of("http", address))
    }

    /// Returns the base URL for HTTPS, if the server serves it. It has no slash at the end.
    pub fn https_url(&self) -> Option<String> {
        self.app.options.https.map(|address| url_of("https", address))
    }

    /// Configures a new realm, an isolated server within this one. [`RealmBuilder::create`] creates
    /// it.
    pub fn new_realm(&self, name: impl Into<String>) -> RealmBuilder<'_> {
        RealmBuilder::new(&self.default, name.into())
    }

    /// Removes a realm with everything in it. Returns `false` if there is no realm with this name.
    ///
    /// # Errors
    ///
    /// If it is the default realm, which cannot be removed.
    pub fn remove_realm(&self, name: &str) -> Result<bool, RealmError> {
        self.app.realms.remove(name)
    }

    /// Returns the default realm.
    pub fn default_realm(&self) -> &RealmHandle {
        &self.default
    }

    /// Returns the realm with this name, if there is one.
    pub fn realm(&self, name: &str) -> Option<RealmHandle> {
        self.app.realms.get(name).map(|realm| self.default.sibling(realm))
    }

    /// Returns all realms, the default realm first.
    pub fn realms(&self) -> Vec<RealmHandle> {
        self.app.realms.all().into_iter().map(|realm| self.default.sibling(realm)).collect()
    }

    /// Handles a request in process, without a socket.
    ///
    /// It must run on a Tokio runtime with timers. It does not return for `/_mock/events`, whose
    /// response has no end.
    ///
    /// ```
    /// use axum::http::Request;
    /// use smartpay_oauth_mock::MockAuthServer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockAuthServer::start().await;
    /// let request = Request::get("/oauth2/v3/token").body(String::new())?;
    /// assert_eq!(server.handle(request).await.status(), 405);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn handle(&self, request: Request<String>) -> Response<Bytes> {
        let request = request.map(Body::from);
        let response = serve(&self.app, &self.router, Connection::default(), request).await;

        // Bodies are made in memory, so reading one cannot fail.
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
        Response::from_parts(parts, body)
    }

    /// Stops accepting connections, waits for the requests in flight, and stops the server.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // Nothing is ever sent. The channel closes when all requests have been served.
        let _ = self.all_done.recv().await;
    }
}

impl Drop for MockAuthServer {
    fn drop(&mut self) {
        self.accepting.iter().for_each(AbortHandle::abort);
        self.app.realms.remove_all();
    }
}

/// Returns the URL at which this machine reaches a listening address.
fn url_of(scheme: &str, mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }

    format!("{scheme}://{address}")
}
