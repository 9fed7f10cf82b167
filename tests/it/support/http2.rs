//! An HTTP/2 client over TLS.
#![allow(dead_code, reason = "each test binary uses some of it")]

use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2::{self, Builder, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use smartpay_oauth_mock::MockAuthServer;

use super::https_client::HttpsClient;

/// A connection over which requests can be sent concurrently.
#[derive(Clone)]
pub struct Http2Client {
    sender: SendRequest<Full<Bytes>>,
    authority: String,
}

impl Http2Client {
    /// Connects to a server with HTTPS.
    pub async fn connect(server: &MockAuthServer) -> Self {
        Self::connect_with(server, &http2::Builder::new(TokioExecutor::new())).await
    }

    /// Connects with settings of its own.
    pub async fn connect_with(server: &MockAuthServer, builder: &Builder<TokioExecutor>) -> Self {
        let port = server.address().port();
        let stream = HttpsClient::of(server).http2().connect("localhost", port).await.unwrap();
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self { sender, authority: server.address().to_string() }
    }

    /// Returns once the connection is closed.
    pub async fn closed(&self) {
        while !self.sender.is_closed() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Sends a request and returns the response, whose body is not read yet.
    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        body: impl Into<Bytes>,
    ) -> hyper::Result<Response<Incoming>> {
        let request = Request::builder()
            .method(method)
            .uri(format!("https://{}{path}", self.authority))
            .header("Content-Type", "application/json")
            .body(Full::new(body.into()))
            .unwrap();
        self.sender.send_request(request).await
    }
}
