//! `serve`: runs the server until a signal stops it.

use std::io::{ErrorKind, IsTerminal};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::FalseyValueParser;

use super::banner::banner;
use super::error::CliError;
use super::https::{HttpsArgs, PORTAL_OPTION};
use super::limits::parse_limits;
use super::log::LogArgs;
use super::output::print;
use super::ready_file::ReadyFile;
use super::signals::ShutdownSignals;
#[cfg(feature = "redis")]
use super::store::StoreArgs;
use super::values::{
    check_control_host, check_public_url, non_empty, non_empty_items, or_default, parse_address,
    read_signing_key,
};
use crate::fixture::{files_of, skipped_directories};
use crate::limits::Limits;
use crate::server::{Builder, Interfaces, MockAuthServer, StartError};
#[cfg(feature = "redis")]
use crate::store::options::StoreError;
use crate::token::SigningKey;
use crate::units::printable;

/// The environment variable of `--fixtures`. clap does not read it, since it would split the
/// option's values at commas as well.
const FIXTURES_VARIABLE: &str = "SMARTPAY_MOCK_FIXTURES";

/// The number of open files beside the connections: listeners, files and the reserved connections.
const OTHER_FILES: usize = 40;

const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
const DEFAULT_JOURNAL_SIZE: &str = "10000";
const DEFAULT_CONTROL: &str = "on";

#[derive(Args)]
pub(super) struct Serve {
    /// Address to listen on for HTTP; can be repeated; port 0 selects a free port, localhost means
    /// both 127.0.0.1 and ::1, "off" disables HTTP
    #[arg(
        long, value_name = "ADDR", env = "SMARTPAY_MOCK_LISTEN", default_value = DEFAULT_LISTEN,
        value_delimiter = ','
    )]
    listen: Vec<String>,
    /// Fixture files and directories (*.yaml, *.yml, *.json); later ones override earlier ones
    /// [default: built-in fixtures] [env: SMARTPAY_MOCK_FIXTURES, separated by commas]
    #[arg(long, value_name = "PATH", num_args = 1..)]
    fixtures: Vec<PathBuf>,
    /// Reload fixtures and certificates when their files change
    #[arg(long, env = "SMARTPAY_MOCK_WATCH", value_parser = FalseyValueParser::new())]
    watch: bool,
    /// Maximum number of requests in the journal of each realm
    #[arg(
        long, value_name = "N", env = "SMARTPAY_MOCK_JOURNAL_SIZE",
        default_value = DEFAULT_JOURNAL_SIZE
    )]
    journal_size: String,
    /// Resource limits, such as head_time=5s; NAME is connections, streams, handshakes,
    /// handshake_time, head_size, head_time, body_time, control_size, write_time, stop_time or
    /// last_call
    #[arg(
        long, value_name = "NAME=VALUE", env = "SMARTPAY_MOCK_LIMIT", num_args = 1..,
        value_delimiter = ','
    )]
    limit: Vec<String>,
    /// RSA-2048 private key that signs tokens, in PEM, or "generate" for a new key [default: the
    /// built-in development key]
    #[arg(long, value_name = "FILE|generate", env = "SMARTPAY_MOCK_SIGNING_KEY")]
    signing_key: Option<String>,
    /// Write the URLs as JSON to this file when the server accepts requests; remove it on exit
    #[arg(long, value_name = "FILE", env = "SMARTPAY_MOCK_READY_FILE")]
    ready_file: Option<String>,
    /// Stop when standard input is closed, for example because the parent process has ended
    #[arg(long, env = "SMARTPAY_MOCK_EXIT_ON_STDIN_CLOSE", value_parser = FalseyValueParser::new())]
    exit_on_stdin_close: bool,
    /// Enable or disable the control API
    #[arg(
        long, value_name = "on|off", env = "SMARTPAY_MOCK_CONTROL", default_value = DEFAULT_CONTROL
    )]
    control: String,
    /// Require this bearer token for the control API
    #[arg(long, value_name = "TOKEN", env = "SMARTPAY_MOCK_CONTROL_TOKEN", hide_env_values = true)]
    control_token: Option<String>,
    /// Additional host names by which browsers may use the control API, such as the name of a
    /// container; other names may be those of pages that resolve to this machine
    #[arg(
        long, value_name = "NAME", env = "SMARTPAY_MOCK_CONTROL_HOST", num_args = 1..,
        value_delimiter = ','
    )]
    control_host: Vec<String>,
    /// Base URL for the URLs in responses [default: taken from the request]
    #[arg(long, value_name = "URL", env = "SMARTPAY_MOCK_PUBLIC_URL")]
    public_url: Option<String>,
    /// Trust the headers X-Forwarded-Proto, -Host, -Port and -Prefix, for a server behind a proxy
    #[arg(long, env = "SMARTPAY_MOCK_TRUST_FORWARDED", value_parser = FalseyValueParser::new())]
    trust_forwarded: bool,
    #[command(flatten)]
    https: HttpsArgs,
    #[cfg(feature = "redis")]
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    log: LogArgs,
}

impl Serve {
    /// Runs the server. `warnings` are logged first.
    pub(super) fn run(self, warnings: &[String]) -> Result<(), CliError> {
        self.log.init()?;
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        let ready_file = non_empty(&self.ready_file).map(ReadyFile::new).transpose()?;
        raise_open_files_limit();
        let builder = self.build()?;

        let runtime = crate::server::runtime().map_err(CliError::runtime)?;
        // Signal handlers are installed on the current runtime.
        let _context = runtime.enter();
        let interfaces = self.interfaces()?;
        let server = runtime
            .block_on(builder.start())
            .map_err(|error| naming_listen_option(error, &interfaces))?;
        let signals =
            ShutdownSignals::listen(self.exit_on_stdin_close).map_err(CliError::runtime)?;

        log_fixture_files(&self.fixture_paths());
        if let Some(file) = &ready_file {
            file.write(&server)?;
        }
        announce(&server, self.exposed_control(&interfaces).as_deref());
        runtime.block_on(stop_on_signal(server, signals));

        ready_file.map_or(Ok(()), |file| file.remove_if_own())
    }

    /// Returns a builder with all options applied.
    fn build(&self) -> Result<Builder, CliError> {
        let journal_size = or_default(&self.journal_size, DEFAULT_JOURNAL_SIZE);
        let journal_size = journal_size.parse().map_err(|_| {
            CliError::usage(format!("--journal-size {journal_size}: expected a number"))
        })?;

        let builder = MockAuthServer::builder().journal_size(journal_size);
        let builder = builder.limits(within_open_files(parse_limits(&self.limit)?));
        let builder = self.https.apply(builder, self.listen()?)?;
        let builder = self.apply_fixtures(builder)?;
        let mut builder = self.apply_control(builder)?;
        #[cfg(feature = "redis")]
        {
            builder = self.store.apply(builder)?;
        }

        if let Some(key) = non_empty(&self.signing_key) {
            builder = builder.signing_key(match key {
                "generate" => SigningKey::generate().map_err(CliError::runtime)?,
                file => read_signing_key(Path::new(file))?,
            });
        }
        if let Some(url) = non_empty(&self.public_url) {
            builder = builder.public_url(check_public_url(url)?);
        }
        if self.trust_forwarded {
            builder = builder.trust_forwarded();
        }
        Ok(builder)
    }

    /// Returns the interfaces for plain HTTP.
    fn listen(&self) -> Result<Vec<Interfaces>, CliError> {
        let given: Vec<&str> = non_empty_items(&self.listen).map(String::as_str).collect();
        match given.as_slice() {
            [] => Ok(vec![parse_address("--listen", DEFAULT_LISTEN)?]),
            ["off"] => Ok(Vec::new()),
            addresses if addresses.contains(&"off") => {
                Err(CliError::usage("--listen off cannot be used with another address"))
            }
            addresses => {
                addresses.iter().map(|address| parse_address("--listen", address)).collect()
            }
        }
    }

    /// Returns all interfaces, each with its option.
    fn interfaces(&self) -> Result<Vec<(&'static str, Interfaces)>, CliError> {
        let http = self.listen()?.into_iter().map(|interfaces| ("--listen", interfaces));
        Ok(http.chain(self.https.interfaces()?).collect())
    }

    /// Returns who can use the control API, if that is not only this machine.
    fn exposed_control(&self, interfaces: &[(&str, Interfaces)]) -> Option<String> {
        let with_control = interfaces.iter().filter(|(option, _)| *option != PORTAL_OPTION);
        let address = with_control.filter_map(|(_, interfaces)| interfaces.exposed()).next()?;
        if or_default(&self.control, DEFAULT_CONTROL) == "off" {
            return None;
        }

        let access = match non_empty(&self.control_token) {
            Some(_) => "with the token of --control-token",
            None => "and control it; --control-token restricts this",
        };
        Some(format!("other machines can reach {address} {access}"))
    }

    /// Loads the fixtures, and watches their files and those of the certificate if asked to.
    fn apply_fixtures(&self, mut builder: Builder) -> Result<Builder, CliError> {
        let paths = self.fixture_paths();
        if self.watch {
            if paths.is_empty() && !self.https.has_files() {
                return Err(CliError::usage(
                    "--watch requires --fixtures, --tls-cert or --tls-dir",
                ));
            }
            // Has no effect without certificate files.
            builder.watch_certificate = true;
        }

        let builder = if self.watch && !paths.is_empty() {
            builder.watched_fixtures_files(&paths)
        } else {
            builder.fixtures_files(&paths)
        };
        builder.map_err(CliError::usage)
    }

    fn fixture_paths(&self) -> Vec<PathBuf> {
        if !self.fixtures.is_empty() {
            return self.fixtures.clone();
        }

        std::env::var(FIXTURES_VARIABLE)
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
            .collect()
    }

    fn apply_control(&self, mut builder: Builder) -> Result<Builder, CliError> {
        for host in non_empty_items(&self.control_host) {
            builder = builder.control_host(check_control_host(host)?);
        }
        if self.control_token.as_deref() == Some("") {
            tracing::warn!("--control-token is empty; the control API requires no token");
        }

        match (or_default(&self.control, DEFAULT_CONTROL), non_empty(&self.control_token)) {
            ("on", None) => Ok(builder),
            ("on", Some(token)) => Ok(builder.control_token(token)),
            ("off", _) => Ok(builder.without_control()),
            (other, _) => Err(CliError::usage(format!("--control {other}: expected on or off"))),
        }
    }
}

/// Logs the files that the fixtures are read from, and the directories that are not.
fn log_fixture_files(paths: &[PathBuf]) {
    // What cannot be read is an error of the loading.
    for file in paths.iter().flat_map(|path| files_of(path).unwrap_or_default()) {
        tracing::info!("fixtures from {}", printable(&file.display().to_string()));
    }
    for directory in skipped_directories(paths) {
        let directory = directory.display().to_string();
        tracing::warn!(
            "skipping the directory {}: files in it are read only if --fixtures names it",
            printable(&directory)
        );
    }
}

impl From<StartError> for CliError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Tls(_) => Self::usage(error),
            #[cfg(feature = "redis")]
            StartError::Store(StoreError::Url) => Self::usage(error),
            _ => Self::runtime(error),
        }
    }
}

/// Returns the error of a server that cannot start, with the option that selects another address.
fn naming_listen_option(error: StartError, interfaces: &[(&str, Interfaces)]) -> CliError {
    let StartError::Listen { address, source, .. } = &error else { return error.into() };
    // Of two that take the same port, the last one fails.
    let failed = interfaces.iter().rfind(|(_, interfaces)| interfaces.contain(*address));
    let Some((option, _)) = failed else { return error.into() };

    let advice = match source.kind() {
        ErrorKind::AddrInUse => {
            format!(
                "select another port with {option}, or a free one with {option} {}",
                free_port(*address)
            )
        }
        ErrorKind::PermissionDenied => format!("select a port above 1023 with {option}"),
        _ => format!("select another address with {option}"),
    };
    CliError::runtime(format!("{error}; {advice}"))
}

fn free_port(mut address: SocketAddr) -> SocketAddr {
    address.set_port(0);
    address
}

/// Prints the banner if a person is watching, and logs the URLs. `exposed_control` says who can use
/// the control API, if that is not only this machine.
fn announce(server: &MockAuthServer, exposed_control: Option<&str>) {
    if std::io::stdout().is_terminal() {
        print(&banner(server, &server.fixtures(), exposed_control));
    }
    if let Some(text) = exposed_control {
        tracing::info!("control API: {text}");
    }
    let portal = server.portal_url();
    for url in server.urls().iter().chain(&portal) {
        tracing::info!(%url, "listening");
    }
}

/// Waits for a signal and stops the server. Requests in flight are finished, unless there is a
/// second signal.
async fn stop_on_signal(server: MockAuthServer, mut signals: ShutdownSignals) {
    let first = signals.next().await;
    tracing::info!(reason = %first, "stopping; waiting for requests in flight");

    tokio::select! {
        () = server.stop() => {}
        second = signals.second_signal(first) => {
            tracing::warn!(reason = %second, "stopping at once; requests in flight are aborted");
        }
    }
}

/// Lowers the maximum number of connections to what the system allows, so that those which are kept
/// for the control API find a socket.
fn within_open_files(limits: Limits) -> Limits {
    let Ok((open_files, _)) = rlimit::Resource::NOFILE.get() else { return limits };
    let open_files = usize::try_from(open_files).unwrap_or(usize::MAX);

    let max = open_files.saturating_sub(OTHER_FILES).max(1);
    if max >= limits.connections {
        return limits;
    }
    tracing::info!("at most {max} connections, as the system allows {open_files} open files");
    limits.connections(max)
}

/// Raises the limit on open files to the maximum that the system allows. Shells often set it to
/// 1,024, which is too low for a load test.
fn raise_open_files_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::debug!(%error, "cannot raise the limit on open files");
    }
}
