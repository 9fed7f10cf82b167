//! The running server.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, Response};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use super::local_url::local_url;
use super::realm_builder::RealmBuilder;
use super::realm_handle::RealmHandle;
use crate::http::{Connection, serve};
use crate::realm::RealmError;
use crate::report::Report;
use crate::token::warm_up;

/// A running mock server. It stops when it is dropped.
///
/// The server owns its default realm and dereferences to it: the methods of [`RealmHandle`] can be
/// called on the server itself.
///
/// It runs on its own threads. It serves requests while a test blocks, and needs no async runtime.
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
    pub(super) default: RealmHandle,
    pub(super) address: SocketAddr,
    /// The base URL of each listener but the portal.
    pub(super) urls: Vec<String>,
    pub(super) router: Arc<Router>,
    pub(super) stop: watch::Sender<bool>,
    pub(super) accepting: Vec<AbortHandle>,
    /// Closes when every listener, those of realms included, has served its requests in flight.
    pub(super) all_done: mpsc::Receiver<Infallible>,
}

impl Deref for MockAuthServer {
    type Target = RealmHandle;

    fn deref(&self) -> &RealmHandle {
        &self.default
    }
}

impl MockAuthServer {
    /// Returns the address that the server listens on: the HTTPS address if it serves HTTPS, else
    /// the HTTP address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the base URL for plain HTTP, if the server serves it. It has no slash at the end.
    pub fn http_url(&self) -> Option<String> {
        self.app.options.http.map(|address| local_url("http", address))
    }

    /// Returns the base URL for HTTPS, if the server serves it. It has no slash at the end.
    pub fn https_url(&self) -> Option<String> {
        self.app.options.https.map(|address| local_url("https", address))
    }

    /// Returns the base URL of the portal, if the server has one ([`Builder::portal_listen`]). It
    /// has no slash at the end.
    ///
    /// [`Builder::portal_listen`]: crate::Builder::portal_listen
    pub fn portal_url(&self) -> Option<String> {
        self.app.options.portal.map(|address| local_url("https", address))
    }

    /// Returns the base URL of every address that the server listens on for HTTP, then for HTTPS.
    pub fn urls(&self) -> &[String] {
        &self.urls
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

    /// Returns the report on all realms together, also on those that were removed. The numbers of its
    /// requests are those of their realms.
    pub async fn total_report(&self) -> Report {
        self.app.realms.total_report()
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
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        Response::from_parts(parts, body)
    }

    /// Stops accepting connections, waits for the requests in flight, and stops the server.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // Nothing is ever sent. The channel closes when all requests have been served.
        let _ = self.all_done.recv().await;

        #[cfg(feature = "redis")]
        if let Some(store) = self.app.realms.store() {
            store.writer.flush().await;
        }
    }
}

impl Drop for MockAuthServer {
    fn drop(&mut self) {
        // The process may end after this.
        warm_up::finish();
        self.accepting.iter().for_each(AbortHandle::abort);
        self.app.realms.remove_all();
    }
}
