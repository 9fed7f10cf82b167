//! `clock`: the time of a running server.

use axum::http::Method;
use clap::{Args, Subcommand};
use serde_json::json;

use super::CliError;
use super::call::{Server, table};

#[derive(Args)]
pub(super) struct Clock {
    #[command(subcommand)]
    hand: Option<ClockCommand>,
    #[command(flatten)]
    server: Server,
}

/// What becomes of it; without any it is shown.
#[derive(Subcommand)]
enum ClockCommand {
    /// Move it forward.
    Advance {
        /// By how much: 16m, 365d.
        by: String,
    },
    /// Set it.
    Set {
        /// To this time, in RFC 3339: 2026-11-23T12:00:00Z.
        now: String,
    },
    /// Let it stand still.
    Freeze,
    /// Let it run on.
    Run,
    /// Back to the machine's time.
    Reset,
}

impl Clock {
    pub(super) fn run(self) -> Result<(), CliError> {
        let (method, path, body) = match self.hand {
            None => (Method::GET, "clock", None),
            Some(ClockCommand::Advance { by }) => {
                (Method::POST, "clock/advance", Some(json!({ "by": by })))
            }
            Some(ClockCommand::Set { now }) => (Method::PUT, "clock", Some(json!({ "now": now }))),
            Some(ClockCommand::Freeze) => (Method::PUT, "clock", Some(json!({ "frozen": true }))),
            Some(ClockCommand::Run) => (Method::PUT, "clock", Some(json!({ "frozen": false }))),
            Some(ClockCommand::Reset) => (Method::DELETE, "clock", None),
        };
        self.server.call(method, path, body, table)
    }
}
