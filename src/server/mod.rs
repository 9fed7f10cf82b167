//! The server as its user holds it: [`MockAuthServer`] and what starts it.

mod accept;
mod background;
mod builder;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use http_body_util::{BodyExt, Collected};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::http::{App, Connection, serve};
use crate::realm::IssueError;

#[cfg(feature = "cli")]
pub(crate) use background::runtime;
pub use builder::{Builder, StartError};

/// A running mock server. It stops when dropped.
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
    address: SocketAddr,
    app: Arc<App>,
    router: Router,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
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

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL that all its paths hang from, without a slash at the end.
    pub fn base_url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            // It listens everywhere; this machine reaches it here.
            address.set_ip(match address {
                SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            });
        }
        format!("http://{address}")
    }

    /// The URL of the token endpoint.
    pub fn token_url(&self) -> String {
        self.base_url() + "/oauth2/v3/token"
    }

    /// The clock that all lifetimes and dates follow.
    pub fn clock(&self) -> &Clock {
        self.app.realm.clock()
    }

    /// Issues an authorization code, as if the merchant had consented in a browser just now.
    ///
    /// # Errors
    ///
    /// If there is no such client or merchant in the fixtures.
    pub async fn issue_code(
        &self,
        client_id: &str,
        merchant_id: &str,
    ) -> Result<String, IssueError> {
        self.app.realm.issue_code(client_id, merchant_id, None).await
    }

    /// The `jti`s of the next tokens, in order; a refresh token takes one before its access
    /// token. With a frozen clock and [`SigningKey::with_kid`](crate::SigningKey::with_kid),
    /// tokens are then the same in every run.
    ///
    /// # Errors
    ///
    /// If one of them is not a UUID.
    pub fn fix_token_ids(&self, ids: &[&str]) -> Result<(), uuid::Error> {
        let ids: Result<Vec<uuid::Uuid>, _> =
            ids.iter().map(|id| uuid::Uuid::try_parse(id)).collect();
        self.app.realm.ids().fix(ids?);
        Ok(())
    }

    /// Answers a request in process, without a socket.
    ///
    /// ```
    /// use axum::http::Request;
    /// use smartpay_oauth_mock::MockAuthServer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockAuthServer::start().await;
    /// let request = Request::get("/oauth2/v3/token").body(String::new())?;
    /// assert_eq!(server.answer(request).await.status(), 405);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn answer(&self, request: Request<String>) -> Response<Bytes> {
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
        // An error means that the task is gone already, which is what is wanted.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for MockAuthServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
