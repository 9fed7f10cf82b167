//! Calling a running server.

use std::time::Duration;

use axum::http::{Method, Request, Response, Uri, header};
use clap::Args;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;

use super::reach::{TlsArgs, connect};
use super::{CliError, print};

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest answer that is read.
const LARGEST: usize = 64 * 1024 * 1024;

/// Which server to call.
#[derive(Args)]
pub(super) struct Server {
    /// The base URL of the running server; that of a realm ends in /realms/NAME.
    #[arg(
        long = "server",
        global = true,
        value_name = "URL",
        env = "SMARTPAY_MOCK_SERVER",
        default_value = "http://127.0.0.1:8080",
        value_parser = base_url
    )]
    url: Uri,
    /// The bearer token that the control API demands.
    #[arg(
        long,
        global = true,
        value_name = "TOKEN",
        env = "SMARTPAY_MOCK_CONTROL_TOKEN",
        hide_env_values = true
    )]
    control_token: Option<String>,
    #[command(flatten)]
    trust: TlsArgs,
    /// Print the answer as JSON.
    #[arg(long, global = true)]
    json: bool,
}

fn base_url(written: &str) -> Result<Uri, String> {
    let url = written.parse::<Uri>().ok();
    url.filter(|url| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some())
        .ok_or_else(|| "a URL such as http://127.0.0.1:8080 is expected".to_owned())
}

impl Server {
    /// Makes a control call, prints what `shown` makes of its answer, or the JSON if that is asked
    /// for; anything but a success is a failure.
    pub(super) fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        shown: impl FnOnce(&Value) -> String,
    ) -> Result<(), CliError> {
        let answer = self.ask(method, path, body, Duration::ZERO)?;
        self.show(&answer, shown);
        Ok(())
    }

    /// Prints an answer, as JSON if that is asked for.
    pub(super) fn show(&self, answer: &Value, shown: impl FnOnce(&Value) -> String) {
        let text = if self.json { answer.to_string() } else { shown(answer) };
        if !text.is_empty() {
            print(&text);
        }
    }

    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Makes a control call that may take this much longer than others, and returns its answer.
    pub(super) fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        longer: Duration,
    ) -> Result<Value, CliError> {
        let patience = PATIENCE + longer;
        self.run(async {
            let answered = async { read(self.send(method, path, body).await?).await };
            tokio::time::timeout(patience, answered)
                .await
                .unwrap_or_else(|_| Err(format!("no answer within {} seconds", patience.as_secs())))
        })
    }

    /// Reads server-sent events until the server ends them: `on_event` gets the name and the data
    /// of each.
    pub(super) fn follow(
        &self,
        path: &str,
        mut on_event: impl FnMut(&str, &str),
    ) -> Result<(), CliError> {
        self.run(async {
            let sent = self.send(Method::GET, path, None);
            let response = tokio::time::timeout(PATIENCE, sent)
                .await
                .unwrap_or_else(|_| Err("no answer".to_owned()))?;
            if !response.status().is_success() {
                return read(response).await.map(drop);
            }
            let mut body = response.into_body();
            let (mut text, mut event) = (Vec::new(), String::new());
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|error| error.to_string())?;
                text.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
                while let Some(end) = text.iter().position(|&b| b == b'\n') {
                    let line: Vec<u8> = text.drain(..=end).collect();
                    let line = String::from_utf8_lossy(&line);
                    let line = line.trim_end();
                    if let Some(name) = line.strip_prefix("event: ") {
                        name.clone_into(&mut event);
                    } else if let Some(data) = line.strip_prefix("data: ") {
                        on_event(&event, data);
                    }
                }
            }
            Ok(())
        })
    }

    fn run<T>(&self, work: impl Future<Output = Result<T, String>>) -> Result<T, CliError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(CliError::at_run_time)?;
        let done = runtime.block_on(work);
        done.map_err(|why| CliError::at_run_time(format!("{}: {why}", self.url)))
    }

    /// Sends a call and returns the answer with its body still to come.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Response<Incoming>, String> {
        let text = |error: &dyn std::error::Error| error.to_string();
        let stream = connect(&self.url, &self.trust).await?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| text(&error))?;
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
        let request = request.body(Full::new(Bytes::from(body))).map_err(|error| text(&error))?;
        sender.send_request(request).await.map_err(|error| text(&error))
    }
}

/// The JSON of an answer; `Err` if it is no success.
async fn read(response: Response<Incoming>) -> Result<Value, String> {
    let status = response.status();
    let body = Limited::new(response.into_body(), LARGEST).collect().await;
    let body = body.map_err(|error| error.to_string())?.to_bytes();
    let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    if status.is_success() {
        return Ok(answer);
    }
    match answer["detail"].as_str() {
        Some(detail) => Err(detail.to_owned()),
        None => Err(format!("answered {status}")),
    }
}

/// A member of an answer as plain text.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// An answer's members, a line each.
pub(super) fn table(answer: &Value) -> String {
    let Some(members) = answer.as_object() else { return String::new() };
    let width = members.keys().map(String::len).max().unwrap_or_default();
    let line = |(name, value): (&String, &Value)| format!("{name:<width$}  {}", plain(value));
    members.iter().map(line).collect::<Vec<_>>().join("\n")
}
