//! `serve`: runs the server until it is told to stop.

use std::fs;
use std::io::IsTerminal;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process;

use clap::{Args, ValueEnum};
use serde_json::json;
use tracing_subscriber::EnvFilter;

use super::signals::Reasons;
use super::{Failure, banner::banner, print};
use crate::fixture::load_paths;
use crate::server::{MockAuthServer, StartError};
use crate::token::SigningKey;

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Where to listen; port 0 is any that is free.
    #[arg(
        long,
        value_name = "ADDR",
        env = "SMARTPAY_MOCK_LISTEN",
        default_value = "127.0.0.1:8080"
    )]
    listen: String,
    /// Fixture files, and folders with *.yaml, *.yml and *.json; later ones win. The built-in set
    /// unless given.
    #[arg(long, value_name = "PATH", env = "SMARTPAY_MOCK_FIXTURES", num_args = 1.., value_delimiter = ',')]
    fixtures: Vec<PathBuf>,
    /// An RSA-2048 private key in PEM to sign with, or "generate" for a new one. The development
    /// key, which everybody has, unless given.
    #[arg(long, value_name = "FILE|generate", env = "SMARTPAY_MOCK_SIGNING_KEY")]
    signing_key: Option<PathBuf>,
    /// A file to write when requests are accepted, with the URLs as JSON. It is gone when the
    /// server has stopped.
    #[arg(long, value_name = "FILE", env = "SMARTPAY_MOCK_READY_FILE")]
    ready_file: Option<PathBuf>,
    /// Stop when standard input ends: with the parent process, say.
    #[arg(long, env = "SMARTPAY_MOCK_EXIT_ON_STDIN_CLOSE")]
    exit_on_stdin_close: bool,
    /// What to log to standard error: error, warn, info, debug, trace or off, also by module.
    #[arg(long, value_name = "FILTER", env = "SMARTPAY_MOCK_LOG", default_value = "info")]
    log: String,
    /// How to write the log.
    #[arg(long, value_name = "FORMAT", env = "SMARTPAY_MOCK_LOG_FORMAT", default_value = "text")]
    log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), Failure> {
        let listen = address(&self.listen)?;
        self.start_log()?;
        let fixtures = load_paths(&self.fixtures).map_err(Failure::wrong)?;
        let mut builder = MockAuthServer::builder().listen(listen).fixture_set(fixtures.clone());
        if let Some(key) = &self.signing_key {
            builder = builder.signing_key(match key.to_str() {
                Some("generate") => SigningKey::generate().map_err(Failure::at_run_time)?,
                _ => read_key(key)?,
            });
        }
        if let Some(file) = &self.ready_file {
            // Whoever waits for it must not find that of an earlier run.
            remove(file)?;
        }
        let runtime = crate::server::runtime().map_err(Failure::at_run_time)?;
        let server = runtime.block_on(builder.start()).map_err(|error| Failure::from(&error))?;
        let done = runtime.block_on(async {
            let mut reasons =
                Reasons::listen(self.exit_on_stdin_close).map_err(Failure::at_run_time)?;
            if let Some(file) = &self.ready_file {
                announce(file, &server)?;
            }
            if std::io::stdout().is_terminal() {
                print(&banner(&server.base_url(), &fixtures));
            }
            tracing::info!("listening on {}", server.base_url());
            let reason = reasons.next().await;
            tracing::info!("stopping, because of {reason}; finishing the requests in flight");
            tokio::select! {
                () = server.stop() => {}
                reason = reasons.next() => {
                    tracing::warn!("stopping at once, because of {reason}");
                }
            }
            Ok(())
        });
        if let Some(file) = &self.ready_file {
            remove(file)?;
        }
        done
    }

    fn start_log(&self) -> Result<(), Failure> {
        let filter = EnvFilter::try_new(&self.log)
            .map_err(|error| Failure::wrong(format!("--log {}: {error}", self.log)))?;
        let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let log = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(colours)
            .with_target(false);
        match self.log_format {
            LogFormat::Text => log.init(),
            LogFormat::Json => log.json().init(),
        }
        Ok(())
    }
}

impl From<&StartError> for Failure {
    fn from(error: &StartError) -> Self {
        Self::at_run_time(error)
    }
}

fn address(written: &str) -> Result<SocketAddr, Failure> {
    let found = written.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    found.ok_or_else(|| {
        Failure::wrong(format!(
            "--listen {written}: an address and a port are expected, such as 127.0.0.1:8080 or \
             0.0.0.0:0"
        ))
    })
}

/// Reads a signing key from a PEM file.
pub(super) fn read_key(file: &Path) -> Result<SigningKey, Failure> {
    let name = file.display();
    let pem = fs::read_to_string(file)
        .map_err(|error| Failure::wrong(format!("--signing-key {name}: {error}")))?;
    SigningKey::from_pem(&pem)
        .map_err(|error| Failure::wrong(format!("--signing-key {name}: {error}")))
}

/// Writes the ready file whole: nobody sees half of it.
fn announce(file: &Path, server: &MockAuthServer) -> Result<(), Failure> {
    let ready = json!({ "http": server.base_url(), "https": null, "pid": process::id() });
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(format!(".{}", process::id()));
    fs::write(&unfinished, format!("{ready}\n"))
        .and_then(|()| fs::rename(&unfinished, file))
        .map_err(|error| Failure::at_run_time(format!("--ready-file {}: {error}", file.display())))
}

fn remove(file: &Path) -> Result<(), Failure> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::at_run_time(format!("--ready-file {}: {error}", file.display())))
        }
        _ => Ok(()),
    }
}
