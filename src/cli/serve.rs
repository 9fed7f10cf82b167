//! `serve`: runs the server until it is told to stop.

use std::fs;
use std::io::IsTerminal;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process;

use axum::http::Uri;
use clap::Args;
use clap::builder::FalseyValueParser;
use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::limits::{limits, more_sockets};
use super::panic_log::log_panics;
use super::signals::ShutdownSignals;
use super::{CliError, banner::banner, print};
use crate::server::{Builder, MockAuthServer, StartError};
use crate::token::SigningKey;

/// The variable beside `--fixtures`; its paths have commas between.
const FIXTURES: &str = "SMARTPAY_MOCK_FIXTURES";

/// A variable that is set to nothing counts as not set at all, as Compose files have it.
#[derive(Args)]
pub(super) struct Serve {
    /// Where to listen for HTTP; port 0 is any that is free, off means HTTPS only.
    #[arg(long, value_name = "ADDR", env = "SMARTPAY_MOCK_LISTEN", default_value = LISTEN)]
    listen: String,
    /// Where to listen for HTTPS. [default: off]
    #[arg(long, value_name = "ADDR", env = "SMARTPAY_MOCK_TLS_LISTEN")]
    tls_listen: Option<String>,
    /// A certificate (PEM chain) to present; one of the mock's own CA unless given.
    #[arg(long, value_name = "FILE", env = "SMARTPAY_MOCK_TLS_CERT")]
    tls_cert: Option<String>,
    /// The private key of --tls-cert: PEM, RSA or ECDSA.
    #[arg(long, value_name = "FILE", env = "SMARTPAY_MOCK_TLS_KEY")]
    tls_key: Option<String>,
    /// A folder that keeps the mock's CA and certificate; in memory unless given.
    #[arg(long, value_name = "DIR", env = "SMARTPAY_MOCK_TLS_DIR")]
    tls_dir: Option<String>,
    /// Another host that the certificate is for, beside localhost and this machine's name.
    #[arg(
        long, value_name = "NAME", env = "SMARTPAY_MOCK_TLS_HOST", num_args = 1..,
        value_delimiter = ','
    )]
    tls_host: Vec<String>,
    /// Whether clients must present a certificate: off, optional or required.
    #[arg(long, value_name = "MODE", env = "SMARTPAY_MOCK_CLIENT_AUTH", default_value = "off")]
    client_auth: String,
    /// A CA (PEM) whose client certificates count, beside the mock's own.
    #[arg(
        long, value_name = "FILE", env = "SMARTPAY_MOCK_CLIENT_CA", num_args = 1..,
        value_delimiter = ','
    )]
    client_ca: Vec<String>,
    /// Fixture files, and folders with *.yaml, *.yml and *.json; later ones win. The built-in set
    /// unless given. [env: SMARTPAY_MOCK_FIXTURES, with commas between]
    #[arg(long, value_name = "PATH", num_args = 1..)]
    fixtures: Vec<PathBuf>,
    /// Take the fixtures again whenever their files change; with a mistake in them, nothing
    /// changes and the log says why.
    #[arg(long, env = "SMARTPAY_MOCK_WATCH", value_parser = FalseyValueParser::new())]
    watch: bool,
    /// How many requests each realm's journal keeps.
    #[arg(long, value_name = "N", env = "SMARTPAY_MOCK_JOURNAL_SIZE", default_value = JOURNAL)]
    journal_size: String,
    /// A bound on what clients may take: connections, streams, handshakes, handshake_time,
    /// head_size, head_time, body_time, control_size, write_time, stop_time or last_call, as in
    /// head_time=5s.
    #[arg(
        long, value_name = "NAME=VALUE", env = "SMARTPAY_MOCK_LIMIT", num_args = 1..,
        value_delimiter = ','
    )]
    limit: Vec<String>,
    /// An RSA-2048 private key in PEM to sign with, or "generate" for a new one. The development
    /// key, which everybody has, unless given.
    #[arg(long, value_name = "FILE|generate", env = "SMARTPAY_MOCK_SIGNING_KEY")]
    signing_key: Option<String>,
    /// A file to write when requests are accepted, with the URLs as JSON. It is gone when the
    /// server has stopped.
    #[arg(long, value_name = "FILE", env = "SMARTPAY_MOCK_READY_FILE")]
    ready_file: Option<String>,
    /// Stop when standard input ends: with the parent process, say.
    #[arg(long, env = "SMARTPAY_MOCK_EXIT_ON_STDIN_CLOSE", value_parser = FalseyValueParser::new())]
    exit_on_stdin_close: bool,
    /// Whether there is a control API: on or off.
    #[arg(long, value_name = "on|off", env = "SMARTPAY_MOCK_CONTROL", default_value = "on")]
    control: String,
    /// Demand this bearer token of whoever uses the control API.
    #[arg(long, value_name = "TOKEN", env = "SMARTPAY_MOCK_CONTROL_TOKEN", hide_env_values = true)]
    control_token: Option<String>,
    /// The base of every URL that is handed out, whatever host a request names.
    #[arg(long, value_name = "URL", env = "SMARTPAY_MOCK_PUBLIC_URL")]
    public_url: Option<String>,
    /// Believe X-Forwarded-Proto, -Host and -Prefix: the server stands behind a proxy.
    #[arg(long, env = "SMARTPAY_MOCK_TRUST_FORWARDED", value_parser = FalseyValueParser::new())]
    trust_forwarded: bool,
    /// What to log to standard error: error, warn, info, debug, trace or off, also by module.
    #[arg(long, value_name = "FILTER", env = "SMARTPAY_MOCK_LOG", default_value = LOG)]
    log: String,
    /// How to write the log: text or json.
    #[arg(long, value_name = "FORMAT", env = "SMARTPAY_MOCK_LOG_FORMAT", default_value = "text")]
    log_format: String,
}

const LISTEN: &str = "127.0.0.1:8080";
const JOURNAL: &str = "10000";
const LOG: &str = "info";

impl Serve {
    pub(super) fn run(self) -> Result<(), CliError> {
        let listen = match or(&self.listen, LISTEN) {
            "off" => None,
            written => Some(address("--listen", written)?),
        };
        self.start_log()?;
        let ready_file = given(&self.ready_file).map(Path::new);
        if let Some(file) = ready_file {
            // Whoever waits for it must not find that of an earlier run.
            remove(file)?;
        }
        if self.control_token.as_deref() == Some("") {
            tracing::warn!("--control-token is empty, so the control API demands none");
        }
        let journal_size = or(&self.journal_size, JOURNAL);
        let journal_size = journal_size.parse().map_err(|_| {
            CliError::usage(format!("--journal-size {journal_size}: a number is expected"))
        })?;
        let limits = limits(&self.limit)?;
        let paths = self.fixture_paths();
        let certificate = given(&self.tls_cert).or(given(&self.tls_dir));
        if self.watch && paths.is_empty() && certificate.is_none() {
            let text = "--watch watches the files of --fixtures, --tls-cert and --tls-dir; there \
                        are none";
            return Err(CliError::usage(text));
        }
        let builder = MockAuthServer::builder().journal_size(journal_size).limits(limits);
        let builder = self.with_tls(builder, listen)?;
        let builder = match self.watch && !paths.is_empty() {
            true => builder.watched_fixtures_files(&paths),
            false => builder.fixtures_files(&paths),
        };
        let mut builder = builder.map_err(CliError::usage)?;
        if let Some(key) = given(&self.signing_key) {
            builder = builder.signing_key(match key {
                "generate" => SigningKey::generate().map_err(CliError::at_run_time)?,
                file => read_key(Path::new(file))?,
            });
        }
        match (or(&self.control, "on"), given(&self.control_token)) {
            ("on", None) => {}
            ("on", Some(token)) => builder = builder.control_token(token),
            ("off", _) => builder = builder.without_control(),
            (other, _) => {
                return Err(CliError::usage(format!("--control {other}: it is on or off")));
            }
        }
        if let Some(url) = given(&self.public_url) {
            builder = builder.public_url(base_url(url)?);
        }
        if self.trust_forwarded {
            builder = builder.trust_forwarded();
        }
        more_sockets();
        let runtime = crate::server::runtime().map_err(CliError::at_run_time)?;
        let server = runtime.block_on(builder.start()).map_err(|error| CliError::from(&error))?;
        let done = runtime.block_on(async {
            let mut reasons =
                ShutdownSignals::listen(self.exit_on_stdin_close).map_err(CliError::at_run_time)?;
            if let Some(file) = ready_file {
                announce(file, &server)?;
            }
            if std::io::stdout().is_terminal() {
                print(&banner(&server, &server.fixtures()));
            }
            for url in [server.http_url(), server.https_url()].into_iter().flatten() {
                tracing::info!("listening on {url}");
            }
            let reason = reasons.next().await;
            tracing::info!("stopping, because of {reason}; finishing the requests in flight");
            tokio::select! {
                () = server.stop() => {}
                reason = reasons.second_signal(reason) => {
                    tracing::warn!("stopping at once, because of {reason}");
                }
            }
            Ok(())
        });
        if let Some(file) = ready_file
            && is_own(file)
        {
            remove(file)?;
        }
        done
    }

    /// How HTTPS is spoken, if at all.
    fn with_tls(&self, builder: Builder, listen: Option<SocketAddr>) -> Result<Builder, CliError> {
        let tls_listen = given(&self.tls_listen).filter(|written| *written != "off");
        let tls_listen = tls_listen.map(|written| address("--tls-listen", written)).transpose()?;
        let Some(tls_listen) = tls_listen else {
            let needs =
                |option: &str| format!("{option} goes with --tls-listen, which is not given");
            let client_auth = or(&self.client_auth, "off") != "off";
            let options = [
                ("--tls-cert", given(&self.tls_cert).is_some()),
                ("--tls-key", given(&self.tls_key).is_some()),
                ("--tls-dir", given(&self.tls_dir).is_some()),
                ("--tls-host", self.tls_host.iter().any(|host| !host.is_empty())),
                ("--client-auth", client_auth),
                ("--client-ca", self.client_ca.iter().any(|file| !file.is_empty())),
            ];
            if let Some((option, _)) = options.iter().find(|(_, is_given)| *is_given) {
                return Err(CliError::usage(needs(option)));
            }
            return match listen {
                Some(listen) => Ok(builder.listen(listen)),
                None => Err(CliError::usage(needs("--listen off"))),
            };
        };
        let mut builder = match listen {
            Some(listen) => builder.listen(listen),
            None => builder.https_only(),
        };
        builder = builder.tls_listen(tls_listen);
        for host in self.tls_host.iter().filter(|host| !host.is_empty()) {
            builder = builder.tls_host(host);
        }
        match (given(&self.tls_cert), given(&self.tls_key), given(&self.tls_dir)) {
            (None, None, None) => {}
            (None, None, Some(dir)) => builder = builder.tls_dir(dir),
            (Some(certificate), Some(key), None) => {
                builder = builder.tls_certificate(certificate, key);
            }
            (_, _, Some(_)) => {
                let text = "--tls-dir and --tls-cert exclude each other: the folder has a \
                            certificate of its own";
                return Err(CliError::usage(text));
            }
            _ => return Err(CliError::usage("--tls-cert and --tls-key go together")),
        }
        let client_auth = or(&self.client_auth, "off").parse();
        let wrong = |error: String| CliError::usage(format!("--client-auth: {error}"));
        builder = builder.client_auth(client_auth.map_err(wrong)?);
        let named = self.client_ca.iter().any(|file| !file.is_empty());
        if named && or(&self.client_auth, "off") == "off" {
            let text = "--client-ca goes with --client-auth optional or required";
            return Err(CliError::usage(text));
        }
        for file in self.client_ca.iter().filter(|file| !file.is_empty()) {
            builder = builder.client_ca(file);
        }
        Ok(if self.watch { builder.watch_certificate() } else { builder })
    }

    fn fixture_paths(&self) -> Vec<PathBuf> {
        if !self.fixtures.is_empty() {
            return self.fixtures.clone();
        }
        let named = std::env::var(FIXTURES).unwrap_or_default();
        named.split(',').map(str::trim).filter(|path| !path.is_empty()).map(PathBuf::from).collect()
    }

    fn start_log(&self) -> Result<(), CliError> {
        let filter = filter(or(&self.log, LOG))?;
        let json = match or(&self.log_format, "text") {
            "text" => false,
            "json" => true,
            other => {
                return Err(CliError::usage(format!("--log-format {other}: it is text or json")));
            }
        };
        let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let log = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(colours)
            .with_target(false);
        match json {
            false => log.init(),
            true => log.json().init(),
        }
        log_panics();
        Ok(())
    }
}

/// A value, unless it is empty.
fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|value| !value.is_empty())
}

fn or<'a>(value: &'a str, default: &'a str) -> &'a str {
    if value.is_empty() { default } else { value }
}

/// A log filter. A lone word that is no level would be taken for a module's name, and silence
/// everything else.
fn filter(written: &str) -> Result<EnvFilter, CliError> {
    let wrong = |why: String| CliError::usage(format!("--log {written}: {why}"));
    let lone = written
        .split(',')
        .find(|part| !part.contains(['=', '[']) && part.trim().parse::<LevelFilter>().is_err());
    if lone.is_some() {
        return Err(wrong("error, warn, info, debug, trace or off is expected".to_owned()));
    }
    EnvFilter::try_new(written).map_err(|error| wrong(error.to_string()))
}

fn base_url(written: &str) -> Result<&str, CliError> {
    let good = written.parse::<Uri>().is_ok_and(|url| {
        matches!(url.scheme_str(), Some("http" | "https")) && url.query().is_none()
    });
    good.then_some(written).ok_or_else(|| {
        CliError::usage(format!(
            "--public-url {written}: a URL such as https://mock.example is expected"
        ))
    })
}

impl From<&StartError> for CliError {
    fn from(error: &StartError) -> Self {
        match error {
            StartError::Tls(_) => Self::usage(error),
            _ => Self::at_run_time(error),
        }
    }
}

fn address(option: &str, written: &str) -> Result<SocketAddr, CliError> {
    let found = written.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    found.ok_or_else(|| {
        CliError::usage(format!(
            "{option} {written}: an address and a port are expected, such as 127.0.0.1:8080 or \
             0.0.0.0:0"
        ))
    })
}

/// Reads a signing key from a PEM file.
pub(super) fn read_key(file: &Path) -> Result<SigningKey, CliError> {
    let name = file.display();
    let pem = fs::read_to_string(file)
        .map_err(|error| CliError::usage(format!("--signing-key {name}: {error}")))?;
    SigningKey::from_pem(&pem)
        .map_err(|error| CliError::usage(format!("--signing-key {name}: {error}")))
}

/// Writes the ready file whole: nobody sees half of it.
fn announce(file: &Path, server: &MockAuthServer) -> Result<(), CliError> {
    let ready = json!({
        "http": server.http_url(),
        "https": server.https_url(),
        "pid": process::id(),
    });
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(format!(".{}", process::id()));
    fs::write(&unfinished, format!("{ready}\n"))
        .and_then(|()| fs::rename(&unfinished, file))
        .map_err(|error| CliError::at_run_time(format!("--ready-file {}: {error}", file.display())))
}

/// Whether the ready file is this process's: another server may have been given the same one.
fn is_own(file: &Path) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    let ready: Value = serde_json::from_str(&text).unwrap_or_default();
    ready["pid"] == process::id()
}

fn remove(file: &Path) -> Result<(), CliError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(CliError::at_run_time(format!("--ready-file {}: {error}", file.display())))
        }
        _ => Ok(()),
    }
}
