//! `report`: prints what a running server has to say about the client under test.

mod html;
mod junit;
mod markdown;
mod text;
mod verdict;

use std::path::PathBuf;
use std::time::Duration;

use axum::http::Method;
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use super::client::ServerArgs;
use super::error::CliError;
use super::output::{Color, print};
use crate::report::{Report, Severity, rules};
use verdict::Verdict;

#[derive(Args)]
pub(super) struct ReportCommand {
    #[command(flatten)]
    options: ReportOptions,
    /// Minimum number of the 11 documented errors that the client has met
    #[arg(long, value_name = "N")]
    min_errors_met: Option<usize>,
    #[command(flatten)]
    server: ServerArgs,
}

/// How a report is printed, and which findings fail it.
#[derive(Args)]
struct ReportOptions {
    /// Format of the report [default: text]
    #[arg(long, value_name = "FORMAT", conflicts_with = "json")]
    format: Option<Format>,
    /// Write the report to this file
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Lowest severity of findings for which the exit code is 1
    #[arg(
        long,
        value_name = "SEVERITY",
        default_value = "error",
        value_parser = ["error", "warning", "info", "never"]
    )]
    fail_on: String,
    /// Rules whose findings do not matter
    #[arg(
        long,
        value_name = "RULE",
        num_args = 1..,
        value_delimiter = ',',
        hide_possible_values = true,
        value_parser = PossibleValuesParser::new(rules().map(|rule| rule.name))
    )]
    ignore: Vec<String>,
}

/// The format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for people
    Text,
    /// The JSON of the control API
    Json,
    /// JUnit XML for CI servers, with a test case for each rule
    Junit,
    /// One HTML file
    Html,
    /// Markdown, for a summary or a comment
    Markdown,
}

impl ReportCommand {
    pub(super) fn run(self) -> Result<(), CliError> {
        let response = self
            .server
            .send(Method::GET, "report", None, Duration::ZERO)
            .map_err(CliError::while_checking)?;
        let report: Report = serde_json::from_value(response.clone()).map_err(|error| {
            let url = self.server.url();
            CliError::Unknown(format!("{url}: the response is not a report: {error}").into())
        })?;

        let ReportOptions { format, output, fail_on, ignore } = self.options;
        let severities = [Severity::Error, Severity::Warning, Severity::Info];
        let verdict = Verdict {
            report: &report,
            // Any other value is `never`.
            fail_on: severities.into_iter().find(|severity| severity.as_str() == fail_on),
            ignored: &ignore,
            min_errors_met: self.min_errors_met,
        };
        let format = format.unwrap_or(if self.server.json { Format::Json } else { Format::Text });
        let color = if output.is_none() { Color::for_stdout() } else { Color::none() };
        let text = match format {
            Format::Text => text::format(&verdict, color),
            Format::Json => response.to_string(),
            Format::Junit => junit::format(&verdict),
            Format::Html => html::format(&verdict),
            Format::Markdown => markdown::format(&verdict),
        };

        match &output {
            None => print(text.trim_end()),
            Some(file) => std::fs::write(file, text.trim_end().to_owned() + "\n")
                .map_err(|error| CliError::runtime(format!("{}: {error}", file.display())))?,
        }
        if verdict.is_passed() { Ok(()) } else { Err(CliError::Unmet) }
    }
}
