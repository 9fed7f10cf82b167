//! The HTTP client for the control API of a running server.

use std::time::Duration;

use axum::http::{Method, Request, Response, Uri, header};
use clap::Args;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::time::timeout;

use super::connection::{TlsArgs, connect};
use super::error::{BoxError, CliError};
use super::json::to_table;
use super::output::{is_stdout_lost, print, printable_values, to_json};
use super::rejection::Rejection;

/// The URL of a server with the default options.
const DEFAULT_URL: &str = "http://127.0.0.1:8080";
/// The error if a response is not one of the control API.
pub(super) const OTHER_PROGRAM: &str =
    "the response is not that of smartpay-oauth-mock; another program has this port";
/// The maximum time until a response is complete.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum size of a response body, in bytes.
const MAX_RESPONSE_SIZE: usize = 64 * 1024 * 1024;

/// The running server that a command talks to.
#[derive(Args)]
#[command(next_help_heading = "Server options")]
pub(super) struct ServerArgs {
    /// Base URL of the server [default: the address that
    /// SMARTPAY_MOCK_LISTEN or SMARTPAY_MOCK_TLS_LISTEN gives to `serve`, or http://127.0.0.1:8080]
    #[arg(
        long = "server",
        global = true,
        value_name = "URL",
        env = "SMARTPAY_MOCK_SERVER",
        value_parser = parse_base_url
    )]
    pub(super) given_url: Option<Uri>,
    /// Name of the realm to use, instead of the default realm
    #[arg(long, global = true, value_name = "NAME")]
    realm: Option<String>,
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
    pub(super) tls: TlsArgs,
    /// Print JSON
    #[arg(long, global = true, help_heading = None)]
    pub(super) json: bool,
}

fn parse_base_url(text: &str) -> Result<Uri, String> {
    text.parse::<Uri>()
        .ok()
        .filter(|url| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some())
        .ok_or_else(|| "expected a URL such as http://127.0.0.1:8080".to_owned())
}

impl ServerArgs {
    /// Returns the base URL of the server: the given one, or else the one that `serve` has in this
    /// environment.
    pub(super) fn url(&self) -> Uri {
        self.given_url.clone().unwrap_or_else(|| default_url(|name| std::env::var(name).ok()))
    }

    /// Returns the options that select this server and realm, for a command that is shown to the
    /// user.
    pub(super) fn selection(&self) -> String {
        let url = self.given_url.as_ref().map(|url| format!(" --server {url}"));
        let realm = self.realm.as_ref().map(|realm| format!(" --realm {realm}"));
        url.unwrap_or_default() + &realm.unwrap_or_default()
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

    /// Prints the entry of a list whose member has this value. The list has the name of its path.
    pub(super) fn print_entry(
        &self,
        path: &str,
        member: &str,
        value: &str,
    ) -> Result<(), CliError> {
        let list = self.send(Method::GET, path, None, Duration::ZERO)?;
        let mut entries = list[path].as_array().into_iter().flatten();
        let entry = entries.find(|entry| entry[member] == value).ok_or_else(|| {
            CliError::runtime(format!("there is none with the {member} \"{value}\""))
        })?;

        self.print_response(entry, to_table);
        Ok(())
    }

    /// Deletes what is at a path, and prints its name.
    pub(super) fn delete(&self, path: &str, name: &str) -> Result<(), CliError> {
        self.send(Method::DELETE, path, None, Duration::ZERO)?;
        print(&format!("deleted {name}"));
        Ok(())
    }

    /// Prints a response: as JSON if the user asked for it, else as the text from `to_text`.
    pub(super) fn print_response(&self, response: &Value, to_text: impl FnOnce(&Value) -> String) {
        let text = if self.json { to_json(response) } else { to_text(&printable_values(response)) };
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
                // Nobody reads what is printed any more.
                if is_stdout_lost() {
                    break;
                }
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

        runtime.block_on(future).map_err(|error| match error.downcast::<Rejection>() {
            Ok(rejection) => {
                CliError::Rejected { server: self.url().to_string(), rejection: *rejection }
            }
            Err(error) => CliError::runtime(format!("{}: {error}", self.url())),
        })
    }

    /// Sends a request and returns the response, whose body is not read yet.
    async fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Response<Incoming>, BoxError> {
        let url = self.url();
        let stream = connect(&url, &self.tls).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Performs the I/O of the connection until it is closed.
        tokio::spawn(connection);

        let mut prefix = url.path().trim_end_matches('/').to_owned();
        if let Some(realm) = &self.realm {
            prefix.push_str(&format!("/realms/{}", path_segment(realm)));
        }
        let authority = url.authority().map_or("localhost", |authority| authority.as_str());
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

/// Returns the URL of the server that `serve` runs with these environment variables. Invalid values
/// count as not given: `serve` reports them.
fn default_url(variable: impl Fn(&str) -> Option<String>) -> Uri {
    let listen = variable("SMARTPAY_MOCK_LISTEN").unwrap_or_default();
    let (scheme, addresses) = if listen == "off" {
        ("https", variable("SMARTPAY_MOCK_TLS_LISTEN").unwrap_or_default())
    } else {
        ("http", listen)
    };

    let url = addresses.split(',').find_map(|address| own_url(scheme, address.trim()));
    url.unwrap_or_else(|| Uri::from_static(DEFAULT_URL))
}

/// Returns the URL at which this machine reaches an address that a server listens on. `None` if the
/// address has no fixed port.
fn own_url(scheme: &str, address: &str) -> Option<Uri> {
    let (host, port) = address.rsplit_once(':')?;
    let port: u16 = port.parse().ok().filter(|port| *port != 0)?;
    let host = match host {
        "0.0.0.0" => "127.0.0.1",
        "[::]" => "[::1]",
        host => host,
    };
    format!("{scheme}://{host}:{port}").parse().ok()
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
    let json = serde_json::from_slice(&body);

    if !status.is_success() {
        return Err(Rejection::new(status, &json.unwrap_or_default()).into());
    }
    if body.is_empty() {
        return Ok(Value::Null);
    }
    json.map_err(|_| OTHER_PROGRAM.into())
}

/// Returns a text as one segment of a path.
pub(super) fn path_segment(text: &str) -> String {
    const ENCODED: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, ENCODED).to_string()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_url_is_that_of_serve_in_the_same_environment() {
        for (listen, tls_listen, expected) in [
            (None, None, "http://127.0.0.1:8080/"),
            (Some(""), Some(""), "http://127.0.0.1:8080/"),
            (Some("0.0.0.0:9090"), Some("0.0.0.0:9443"), "http://127.0.0.1:9090/"),
            (Some("[::]:9090"), None, "http://[::1]:9090/"),
            (Some("localhost:9090"), None, "http://localhost:9090/"),
            (Some("127.0.0.1:0,10.0.0.1:81"), None, "http://10.0.0.1:81/"),
            (Some("off"), Some("0.0.0.0:9443"), "https://127.0.0.1:9443/"),
            (None, Some("127.0.0.1:9443"), "http://127.0.0.1:8080/"),
            (Some("nonsense"), None, "http://127.0.0.1:8080/"),
        ] {
            let variable = |name: &str| {
                let value = if name == "SMARTPAY_MOCK_LISTEN" { listen } else { tls_listen };
                value.map(str::to_owned)
            };
            assert_eq!(default_url(variable).to_string(), expected, "{listen:?} {tls_listen:?}");
        }
    }
}
