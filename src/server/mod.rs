//! The server as its user holds it: [`MockAuthServer`] and what starts it.

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
use crate::realm::{Realm, RealmError};

pub use builder::{Builder, StartError};
pub use realm_builder::RealmBuilder;
pub use realm_handle::RealmHandle;
pub use requests::Follower;
#[cfg(feature = "cli")]
pub(crate) use runtime::runtime;
pub use scenarios::ScenarioGuard;

/// A running mock server. It stops when dropped.
///
/// It dereferences to its default realm: [`RealmHandle`] has what can be done with it.
///
/// It runs on threads of its own, so it answers also while a test blocks, and does not care which
/// runtime, if any, the test has.
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
pub struct MockAuthServer {
    default: RealmHandle,
    address: SocketAddr,
    router: Arc<Router>,
    stop: watch::Sender<bool>,
    accepting: Vec<AbortHandle>,
    /// Ends when all listeners, those of realms too, have served what was in flight.
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
    /// If no port can be had; [`Builder::start`] returns an error instead.
    pub async fn start() -> Self {
        match Self::builder().start().await {
            Ok(server) => server,
            Err(error) => panic!("the mock server could not start: {error}"),
        }
    }

    /// A server with other fixtures, another port, another key.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where it listens: for HTTPS, if it speaks that.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL for plain HTTP, without a slash at the end, if it speaks that.
    pub fn http_url(&self) -> Option<String> {
        self.app.options.http.map(|address| url_of("http", address))
    }

    /// The URL for HTTPS, without a slash at the end, if it speaks that.
    pub fn https_url(&self) -> Option<String> {
        self.app.options.https.map(|address| url_of("https", address))
    }

    /// A realm of this name, to be made: an isolated server within this one.
    pub fn new_realm(&self, name: impl Into<String>) -> RealmBuilder<'_> {
        RealmBuilder {
            server: &self.default,
            name: name.into(),
            fixtures: None,
            hosts: Vec::new(),
            own_port: false,
        }
    }

    /// Removes a realm with everything in it. `false`: there is none of this name.
    ///
    /// # Errors
    ///
    /// If it is the default realm, which is always there.
    pub fn remove_realm(&self, name: &str) -> Result<bool, RealmError> {
        self.app.realms.remove(name)
    }

    /// A realm that is there. `None`: there is none of this name.
    pub fn realm(&self, name: &str) -> Option<RealmHandle> {
        let realm = self.app.realms.get(name)?;
        Some(self.handle_of(realm))
    }

    /// Every realm, the default one first.
    pub fn realms(&self) -> Vec<RealmHandle> {
        self.app.realms.all().into_iter().map(|realm| self.handle_of(realm)).collect()
    }

    fn handle_of(&self, realm: Arc<Realm>) -> RealmHandle {
        RealmHandle::of(&self.default, realm)
    }

    /// Answers a request in process, without a socket. The runtime must have timers. (Not for
    /// `/_mock/events`, whose answer has no end.)
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
        let answer = serve(&self.app, &self.router, Connection::default(), request).await;
        let (parts, body) = answer.into_parts();
        // The bodies are made in memory, so reading them cannot fail.
        let body = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
        Response::from_parts(parts, body)
    }

    /// Stops accepting, waits for the requests in flight, and stops.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // Nothing is ever sent; it ends when all are done.
        let _ = self.all_done.recv().await;
    }
}

impl Drop for MockAuthServer {
    fn drop(&mut self) {
        self.accepting.iter().for_each(AbortHandle::abort);
        self.app.realms.remove_all();
    }
}

/// The URL by which this machine reaches an address that is listened on.
fn url_of(scheme: &str, mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("{scheme}://{address}")
}
