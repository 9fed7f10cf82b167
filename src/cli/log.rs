//! The log on standard error.

use std::sync::Arc;

use clap::Args;
use tracing::{Dispatch, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

use super::error::CliError;
use super::log_queue::{LogLines, LogQueue, log_panic};
use super::output::Color;
use super::panic_log::PanicReport;
use super::values::or_default;

const DEFAULT_FILTER: &str = "info";
const DEFAULT_FORMAT: &str = "text";

/// What to log, and how.
#[derive(Args)]
#[command(next_help_heading = "Logging options")]
pub(super) struct LogArgs {
    /// Log level: error, warn, info, debug, trace or off; or a filter by module, such as
    /// info,smartpay_oauth_mock::http=debug
    #[arg(long = "log", value_name = "FILTER", env = "SMARTPAY_MOCK_LOG", default_value = DEFAULT_FILTER)]
    filter: String,
    /// Log format: text or json
    #[arg(
        long = "log-format", value_name = "FORMAT", env = "SMARTPAY_MOCK_LOG_FORMAT",
        default_value = DEFAULT_FORMAT
    )]
    format: String,
}

impl LogArgs {
    /// Starts logging, panics included.
    pub(super) fn init(&self) -> Result<(), CliError> {
        let queue = LogQueue::new();
        let direct = Dispatch::new(self.subscriber(|| LogLines(None))?);
        queue.start(direct).map_err(CliError::runtime)?;

        let queued = self.subscriber(move || LogLines(Some(Arc::clone(&queue))))?;
        tracing::subscriber::set_global_default(queued).map_err(CliError::runtime)?;
        std::panic::set_hook(Box::new(|panic| log_panic(PanicReport::new(panic))));
        Ok(())
    }

    /// Returns a log with the given writer.
    fn subscriber<W>(&self, writer: W) -> Result<Box<dyn Subscriber + Send + Sync>, CliError>
    where
        W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    {
        let filter = parse_filter(or_default(&self.filter, DEFAULT_FILTER))?;
        let filtered = tracing_subscriber::registry().with(filter);
        let log = tracing_subscriber::fmt::layer()
            .with_writer(writer)
            .with_ansi(Color::for_stream(&std::io::stderr()).is_enabled())
            .with_target(false)
            // It would print them to standard error, and panic if that fails.
            .log_internal_errors(false);

        match or_default(&self.format, DEFAULT_FORMAT) {
            "text" => Ok(Box::new(filtered.with(log))),
            "json" => Ok(Box::new(filtered.with(log.json()))),
            other => Err(CliError::usage(format!("--log-format {other}: expected text or json"))),
        }
    }
}

fn parse_filter(filter: &str) -> Result<Targets, CliError> {
    let parts = filter.split(',').map(str::trim).filter(|part| !part.is_empty());
    let targets = parts.clone().try_fold(Targets::new(), add_part);

    targets.filter(|_| parts.count() > 0).ok_or_else(|| {
        CliError::usage(format!(
            "--log {filter}: expected error, warn, info, debug, trace or off, or a filter by module, \
             such as info,smartpay_oauth_mock::http=debug"
        ))
    })
}

/// Adds a part of a filter: a level, or that of a module. `None` if it is neither.
fn add_part(targets: Targets, part: &str) -> Option<Targets> {
    let level = |text: &str| text.parse::<LevelFilter>().ok().filter(|_| !text.is_empty());
    let is_module = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:".contains(&b))
    };

    match part.split_once('=') {
        None => Some(targets.with_default(level(part)?)),
        Some((module, text)) if is_module(module) => {
            Some(targets.with_target(module, level(text)?))
        }
        Some(_) => None,
    }
}
