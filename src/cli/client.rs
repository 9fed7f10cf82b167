//! The HTTP client for the control API of a running server.

use std::time::Duration;

use axum::http::{Method, Request, Response, Uri, header};
use clap::Args;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::time::timeout;

use super::connection::{TlsArgs, connect};
use super::error::{BoxError, CliError};
use super::output::print;

/// The maximum time until a response is complete.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum size of a response body, in bytes.
const MAX_RESPONSE_SIZE: usize = 64 * 1024 * 1024;

/// The running server that a command talks to.
#[derive(Args)]
#[command(next_help_heading = "Server options")]
pub(super) struct ServerArgs {
    /// Base URL of the server; for a realm, append /realms/NAME
    #[arg(
        long = "server",
        global = true,
        value_name = "URL",
        env = "SMARTPAY_MOCK_SERVER",
        default_value = "http://127.0.0.1:8080",
        value_parser = parse_base_url
    )]
    url: Uri,
    /// Bearer token for the control API
    #[arg(
        long,
        global = true,
        value_name = "TOKEN",
        env = "SMARTPAY_MOCK_CONTROL_TOKEN",
        hide_env_values = true
    )]
    control_token: Option<String>,
    #[command(flatten)]
    tls: TlsArgs,
    /// Print JSON
    #[arg(long, global = true, help_heading = None)]
    json: bool,
}

fn parse_base_url(text: &str) -> Result<Uri, String> {
    text.parse::<Uri>()
        .ok()
        .filter(|url| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some())
        .ok_or_else(|| "expected a URL such as http://127.0.0.1:8080".to_owned())
}

impl ServerArgs {
    /// Whether the user asked for JSON.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Sends a request and prints the response.
    pub(super) fn send_and_print(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        to_text: impl FnOnce(&Value) -> String,
    ) -> Result<(), CliError> {
        let response = self.send(method, path, body, Duration::ZERO)?;
        self.print_response(&response, to_text);
        Ok(())
    }

    /// Prints a response: as JSON if the user asked for it, else as the text from `to_text`.
    pub(super) fn print_response(&self, response: &Value, to_text: impl FnOnce(&Value) -> String) {
        let text = if self.json { response.to_string() } else { to_text(response) };
        if !text.is_empty() {
            print(&text);
        }
    }

    /// Sends a request and returns the JSON of the response. `wait` is the time that the server
    /// may wait before it responds.
    ///
    /// # Errors
    ///
    /// If there is no response, or one with an error status.
    pub(super) fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        wait: Duration,
    ) -> Result<Value, CliError> {
        let limit = RESPONSE_TIMEOUT + wait;
        self.block_on(async {
            let exchange = async { read_json(self.request(method, path, body).await?).await };
            within(limit, exchange).await
        })
    }

    /// Reads server-sent events until the server closes the connection. `on_event` gets the name
    /// and the data of each event.
    pub(super) fn follow(
        &self,
        path: &str,
        mut on_event: impl FnMut(&str, &str),
    ) -> Result<(), CliError> {
        self.block_on(async {
            let response = within(RESPONSE_TIMEOUT, self.request(Method::GET, path, None)).await?;
            if !response.status().is_success() {
                return read_json(response).await.map(drop);
            }

            let mut body = response.into_body();
            let mut parser = EventParser::default();
            while let Some(frame) = body.frame().await {
                if let Some(bytes) = frame?.data_ref() {
                    parser.push(bytes, &mut on_event);
                }
            }
            Ok(())
        })
    }

    /// Runs a future to its end, and names the server in its error.
    fn block_on<T>(
        &self,
        future: impl Future<Output = Result<T, BoxError>>,
    ) -> Result<T, CliError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(CliError::runtime)?;

        runtime
            .block_on(future)
            .map_err(|error| CliError::runtime(format!("{}: {error}", self.url)))
    }

    /// Sends a request and returns the response, whose body is not read yet.
    async fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Response<Incoming>, BoxError> {
        let stream = connect(&self.url, &self.tls).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Performs the I/O of the connection until it is closed.
        tokio::spawn(connection);

        let prefix = self.url.path().trim_end_matches('/');
        let authority = self.url.authority().map_or("localhost", |authority| authority.as_str());
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{prefix}/_mock/{path}"))
            .header(header::HOST, authority)
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = self.control_token.as_ref().filter(|token| !token.is_empty()) {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }

        let body = body.map(|body| body.to_string()).unwrap_or_default();
        Ok(sender.send_request(request.body(Full::new(Bytes::from(body)))?).await?)
    }
}

/// Waits for a future, but no longer than the limit.
async fn within<T>(
    limit: Duration,
    future: impl Future<Output = Result<T, BoxError>>,
) -> Result<T, BoxError> {
    timeout(limit, future)
        .await
        .map_err(|_| format!("no response within {} seconds", limit.as_secs()))?
}

/// Reads the JSON of a response. An error status is an error with the server's explanation.
async fn read_json(response: Response<Incoming>) -> Result<Value, BoxError> {
    let status = response.status();
    let body = Limited::new(response.into_body(), MAX_RESPONSE_SIZE).collect().await?.to_bytes();
    // The body may have no JSON: a proxy may have sent it.
    let json: Value = serde_json::from_slice(&body).unwrap_or_default();

    if status.is_success() {
        return Ok(json);
    }
    match json["detail"].as_str() {
        Some(detail) => Err(detail.into()),
        None => Err(format!("unexpected response: {status}").into()),
    }
}

/// A parser of server-sent events that arrive in pieces.
#[derive(Default)]
struct EventParser {
    /// The start of a line whose end has not arrived yet.
    incomplete: Vec<u8>,
    /// The name of the current event.
    event: String,
}

impl EventParser {
    /// Parses the next piece of the stream, and passes the name and the data of each event on.
    fn push(&mut self, bytes: &[u8], mut on_event: impl FnMut(&str, &str)) {
        self.incomplete.extend_from_slice(bytes);

        while let Some(end) = self.incomplete.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.incomplete.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();

            if let Some(name) = line.strip_prefix("event: ") {
                name.clone_into(&mut self.event);
            } else if let Some(data) = line.strip_prefix("data: ") {
                on_event(&self.event, data);
            }
        }
    }
}
