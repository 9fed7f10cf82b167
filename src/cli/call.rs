//! Calling a running server.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, Uri, header};
use clap::Args;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Failure;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest answer that is read.
const LARGEST: usize = 64 * 1024 * 1024;

/// Which server to call.
#[derive(Debug, Args)]
pub(super) struct Server {
    /// The base URL of the running server.
    #[arg(
        long = "server",
        value_name = "URL",
        env = "SMARTPAY_MOCK_SERVER",
        default_value = "http://127.0.0.1:8080",
        value_parser = base_url
    )]
    url: Uri,
}

fn base_url(written: &str) -> Result<Uri, String> {
    let url = written.parse::<Uri>().ok();
    url.filter(|url| url.scheme_str() == Some("http") && url.host().is_some())
        .ok_or_else(|| "a URL such as http://127.0.0.1:8080 is expected".to_owned())
}

impl Server {
    /// GETs a path below the server's URL; anything but a success is a failure.
    pub(super) fn get(&self, path: &str) -> Result<String, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(Failure::at_run_time)?;
        let answer = runtime.block_on(async {
            tokio::time::timeout(PATIENCE, self.call(path))
                .await
                .unwrap_or_else(|_| Err(format!("no answer within {} seconds", PATIENCE.as_secs())))
        });
        answer.map_err(|why| Failure::at_run_time(format!("{}: {why}", self.url)))
    }

    async fn call(&self, path: &str) -> Result<String, String> {
        let host = self.url.host().unwrap_or_default();
        let port = self.url.port_u16().unwrap_or(80);
        let text = |error: &dyn std::error::Error| error.to_string();
        let host = host.trim_matches(['[', ']']);
        let stream = TcpStream::connect((host, port)).await.map_err(|error| text(&error))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| text(&error))?;
        tokio::spawn(connection);
        let prefix = self.url.path().trim_end_matches('/');
        let authority = self.url.authority().map_or(host, |authority| authority.as_str());
        let request = Request::get(format!("{prefix}{path}"))
            .header(header::HOST, authority)
            .body(Empty::<Bytes>::new())
            .map_err(|error| text(&error))?;
        let response = sender.send_request(request).await.map_err(|error| text(&error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LARGEST).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes();
        if !status.is_success() {
            return Err(format!("answered {status}"));
        }
        String::from_utf8(body.to_vec()).map_err(|error| text(&error))
    }
}
