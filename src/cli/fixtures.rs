//! `fixtures`: shows or replaces the fixtures of a running server.

use std::path::PathBuf;
use std::time::Duration;

use axum::http::Method;
use clap::{Args, Subcommand};
use serde_json::json;

use super::client::ServerArgs;
use super::error::CliError;
use super::output::print;
use crate::fixture::load_paths;

#[derive(Args)]
pub(super) struct FixturesArgs {
    #[command(subcommand)]
    command: Option<FixturesCommand>,
    #[command(flatten)]
    server: ServerArgs,
}

/// What to do with the fixtures. Without one, the command shows them.
#[derive(Subcommand)]
enum FixturesCommand {
    /// Show the current fixtures as JSON, which can be used as a fixture file (the default)
    Show,
    /// Replace the fixtures
    Set {
        /// Fixture files and directories (*.yaml, *.yml, *.json); later ones override earlier ones
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
}

impl FixturesArgs {
    pub(super) fn run(self) -> Result<(), CliError> {
        let server = &self.server;

        match self.command.unwrap_or(FixturesCommand::Show) {
            FixturesCommand::Show => {
                server.send_and_print(Method::GET, "fixtures", None, |fixtures| {
                    format!("{fixtures:#}")
                })
            }
            FixturesCommand::Set { paths } => {
                let fixtures = load_paths(&paths).map_err(CliError::usage)?;
                let set =
                    server.send(Method::PUT, "fixtures", Some(json!(fixtures)), Duration::ZERO);
                set.map_err(|error| error.naming_options(&[("", "PATH")]))?;
                print("fixtures replaced");
                Ok(())
            }
        }
    }
}
