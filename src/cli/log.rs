//! The log on standard error.

use clap::Args;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::error::CliError;
use super::output::Color;
use super::panic_log::log_panics;
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
        let log = tracing_subscriber::fmt()
            .with_env_filter(parse_filter(or_default(&self.filter, DEFAULT_FILTER))?)
            .with_writer(std::io::stderr)
            .with_ansi(Color::for_stream(&std::io::stderr()).is_enabled())
            .with_target(false);

        match or_default(&self.format, DEFAULT_FORMAT) {
            "text" => log.init(),
            "json" => log.json().init(),
            other => {
                let message = format!("--log-format {other}: expected text or json");
                return Err(CliError::usage(message));
            }
        }
        log_panics();
        Ok(())
    }
}

fn parse_filter(filter: &str) -> Result<EnvFilter, CliError> {
    // EnvFilter takes an unknown level for the name of a module, and would log nothing else.
    let is_level = |part: &str| part.trim().parse::<LevelFilter>().is_ok();
    if !filter.split(',').all(|part| part.contains(['=', '[']) || is_level(part)) {
        return Err(CliError::usage(format!(
            "--log {filter}: expected error, warn, info, debug, trace or off"
        )));
    }

    EnvFilter::try_new(filter).map_err(|error| CliError::usage(format!("--log {filter}: {error}")))
}
