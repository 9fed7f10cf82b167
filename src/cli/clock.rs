//! `clock`: shows or changes the clock of a running server.

use axum::http::Method;
use clap::{Args, Subcommand};
use serde_json::json;

use super::client::ServerArgs;
use super::error::CliError;
use super::json::to_table;
use crate::units::HumanDuration;

#[derive(Args)]
pub(super) struct Clock {
    #[command(subcommand)]
    command: Option<ClockCommand>,
    #[command(flatten)]
    server: ServerArgs,
}

/// A change of the clock. Without one, the command shows the clock.
#[derive(Subcommand)]
enum ClockCommand {
    /// Move the clock forward
    Advance {
        /// Duration, such as 16m or 365d
        #[arg(value_name = "DURATION")]
        by: HumanDuration,
    },
    /// Set the clock to a time
    Set {
        /// Time in RFC 3339 format, such as 2026-11-23T12:00:00Z
        #[arg(value_name = "TIME")]
        now: String,
    },
    /// Stop the clock
    Freeze,
    /// Let a stopped clock run again
    Run,
    /// Reset the clock to the system time
    Reset,
}

impl Clock {
    pub(super) fn run(self) -> Result<(), CliError> {
        let (method, path, body) = match self.command {
            None => (Method::GET, "clock", None),
            Some(ClockCommand::Advance { by }) => {
                (Method::POST, "clock/advance", Some(json!({ "by": by })))
            }
            Some(ClockCommand::Set { now }) => (Method::PUT, "clock", Some(json!({ "now": now }))),
            Some(ClockCommand::Freeze) => (Method::PUT, "clock", Some(json!({ "frozen": true }))),
            Some(ClockCommand::Run) => (Method::PUT, "clock", Some(json!({ "frozen": false }))),
            Some(ClockCommand::Reset) => (Method::DELETE, "clock", None),
        };

        let sent = self.server.send_and_print(method, path, body, to_table);
        sent.map_err(|error| error.naming_options(&[("/by", "DURATION"), ("/now", "TIME")]))
    }
}
