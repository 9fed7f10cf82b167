//! `checkup`: runs a command once for each documented failure, and says which of them it survives.

mod child;
mod format;
mod provocation;

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use self::child::{Ended, Running};
use self::format::Outcome;
use self::provocation::{PROVOCATIONS, Provocation, Survival};
use super::error::CliError;
use super::output::print;
use super::signals::ShutdownSignals;
use crate::fixture::{Fixtures, load_paths};
use crate::report::Report;
use crate::server::MockAuthServer;
use crate::tls::ClientAuth;
use crate::units::HumanDuration;

#[derive(Args)]
pub(super) struct Checkup {
    /// Names of the provocations to run [default: all]
    #[arg(
        long,
        value_name = "NAME",
        num_args = 1..,
        value_delimiter = ',',
        value_parser = PossibleValuesParser::new(PROVOCATIONS.iter().map(|it| it.name))
    )]
    only: Vec<String>,
    /// Time after which the command is ended
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    timeout: HumanDuration,
    /// Fixture files and directories of the servers [default: built-in fixtures]
    #[arg(long, value_name = "PATH", num_args = 1..)]
    fixtures: Vec<PathBuf>,
    /// Serve HTTPS, and give the command a CA and a client certificate
    #[arg(long)]
    tls: bool,
    /// Format of the result [default: text]
    #[arg(long, value_name = "FORMAT")]
    format: Option<CheckupFormat>,
    /// The test or script to run; it finds the server in SMARTPAY_MOCK_SERVER, SMARTPAY_MOCK_TOKEN_URL
    /// and SMARTPAY_MOCK_AUTHORIZE_URL
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// The format of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CheckupFormat {
    /// A table for people
    Text,
    /// JSON
    Json,
    /// JUnit XML for CI servers, with a test case for each provocation
    Junit,
    /// One HTML file
    Html,
    /// Markdown, for a summary or a comment
    Markdown,
}

/// A directory for outputs and certificates, which is removed at the end.
struct WorkDir(PathBuf);

impl WorkDir {
    fn create() -> std::io::Result<Self> {
        let name = format!("smartpay-checkup-{}-{}", std::process::id(), rand::random::<u64>());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    fn write(&self, name: &str, content: &str) -> std::io::Result<String> {
        let path = self.0.join(name);
        fs::write(&path, content)?;
        Ok(path.display().to_string())
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Checkup {
    pub(super) fn run(self) -> Result<(), CliError> {
        let fixtures = load_paths(&self.fixtures).map_err(CliError::usage)?;
        let work_dir = WorkDir::create().map_err(CliError::runtime)?;
        let runtime = crate::server::runtime().map_err(CliError::runtime)?;
        let _context = runtime.enter();

        runtime.block_on(async {
            let mut signals = ShutdownSignals::listen(false).map_err(CliError::runtime)?;
            // What is dropped ends the command with all its children, and the server.
            tokio::select! {
                result = self.run_all(&fixtures, &work_dir) => result,
                reason = signals.next() => {
                    Err(CliError::runtime(format!("the checkup was ended by {reason}")))
                }
            }
        })
    }

    async fn run_all(&self, fixtures: &Fixtures, work_dir: &WorkDir) -> Result<(), CliError> {
        let chosen = PROVOCATIONS
            .iter()
            .filter(|it| self.only.is_empty() || self.only.iter().any(|name| name == it.name));
        let format = self.format.unwrap_or(CheckupFormat::Text);
        let mut outcomes = Vec::new();

        for provocation in chosen {
            let (outcome, output) = self.run_one(provocation, fixtures, work_dir).await?;
            if format == CheckupFormat::Text {
                format::print_row(&outcome);
            }
            let is_failed_baseline = provocation.survival == Survival::Works && !outcome.survived;
            outcomes.push(outcome);
            if is_failed_baseline {
                eprintln!("{output}");
                break;
            }
        }

        match format {
            CheckupFormat::Text => format::print_summary(&outcomes),
            CheckupFormat::Json => print(&format::json(&outcomes)),
            CheckupFormat::Junit => print(format::junit(&outcomes).trim_end()),
            CheckupFormat::Html => print(format::html(&outcomes).trim_end()),
            CheckupFormat::Markdown => print(format::markdown(&outcomes).trim_end()),
        }
        if outcomes.iter().all(|outcome| outcome.survived) { Ok(()) } else { Err(CliError::Unmet) }
    }

    /// Runs the command against a fresh server. Returns the outcome, and the output of the command.
    async fn run_one(
        &self,
        provocation: &'static Provocation,
        fixtures: &Fixtures,
        work_dir: &WorkDir,
    ) -> Result<(Outcome, String), CliError> {
        let server = self.start_server(provocation, fixtures).await?;
        let environment = self.environment(provocation, &server, work_dir)?;
        let output = work_dir.0.join("output");

        let running = Running::start(&self.command, &environment, output).map_err(|error| {
            let program = Path::new(&self.command[0]).display();
            match error.kind() {
                ErrorKind::NotFound | ErrorKind::PermissionDenied => {
                    CliError::usage(format!("{program}: {error}"))
                }
                _ => CliError::runtime(format!("{program}: {error}")),
            }
        })?;
        let ended = running.wait(self.timeout.into()).await.map_err(CliError::runtime)?;

        let report = server.total_report().await;
        let survived = survives(provocation.survival, &ended, &report);
        let outcome = Outcome {
            provocation: provocation.name,
            survived,
            exit_code: ended.status.and_then(|status| status.code()),
            is_timed_out: ended.status.is_none(),
            seconds: ended.duration,
            findings: report.findings,
            advice: provocation.advice,
        };
        Ok((outcome, ended.output))
    }

    async fn start_server(
        &self,
        provocation: &Provocation,
        fixtures: &Fixtures,
    ) -> Result<MockAuthServer, CliError> {
        let mut fixtures = fixtures.clone();
        provocation.apply(&mut fixtures).map_err(CliError::runtime)?;
        let text = serde_json::to_string(&fixtures).map_err(CliError::runtime)?;

        let mut builder = MockAuthServer::builder().fixtures(&text).map_err(CliError::usage)?;
        if self.tls {
            builder = builder.tls().client_auth(ClientAuth::Optional);
        }
        builder.start().await.map_err(CliError::from)
    }

    /// Returns the variables that the command gets. Those without a value are removed.
    fn environment(
        &self,
        provocation: &Provocation,
        server: &MockAuthServer,
        work_dir: &WorkDir,
    ) -> Result<Vec<(&'static str, Option<String>)>, CliError> {
        let (mut ca, mut certificate, mut key) = (None, None, None);
        if self.tls {
            let identity = server.client_identity("checkup").map_err(CliError::runtime)?;
            let write =
                |name, content: &str| work_dir.write(name, content).map_err(CliError::runtime);
            ca = Some(write("ca.pem", &identity.ca_pem)?);
            certificate = Some(write("client.pem", &identity.certificate_pem)?);
            key = Some(write("client.key", &identity.key_pem)?);
        }

        Ok(vec![
            ("SMARTPAY_MOCK_SERVER", Some(server.base_url())),
            ("SMARTPAY_MOCK_TOKEN_URL", Some(server.token_url())),
            ("SMARTPAY_MOCK_AUTHORIZE_URL", Some(server.authorize_url())),
            ("SMARTPAY_MOCK_PROVOCATION", Some(provocation.name.to_owned())),
            ("SMARTPAY_MOCK_CA", ca),
            ("SMARTPAY_MOCK_CERT", certificate),
            ("SMARTPAY_MOCK_KEY", key),
        ])
    }
}

/// Returns whether the command survived.
fn survives(survival: Survival, ended: &Ended, report: &Report) -> bool {
    let Some(status) = ended.status else { return false };
    let keeps = |rule: &str| report.findings.iter().all(|finding| finding.rule != rule);

    match survival {
        Survival::Works => status.success() && report.requests > 0,
        Survival::EndsWithout(rule) => keeps(rule),
        Survival::Succeeds => status.success(),
        Survival::SucceedsWithout(rule) => status.success() && keeps(rule),
    }
}
