//! `scenarios`: shows or changes the scenarios of a running server.

use std::path::PathBuf;
use std::time::Duration;

use axum::http::Method;
use clap::{Args, Subcommand};
use serde_json::Value;

use super::client::{ServerArgs, path_segment};
use super::error::CliError;
use super::json::{to_columns, to_table, to_text};
use super::values::read_json_or_yaml;

#[derive(Args)]
pub(super) struct Scenarios {
    #[command(subcommand)]
    command: Option<ScenariosCommand>,
    #[command(flatten)]
    server: ServerArgs,
}

/// What to do with scenarios. Without one, the command lists them.
#[derive(Subcommand)]
enum ScenariosCommand {
    /// List the scenarios, with the number of requests that each has matched (the default)
    List,
    /// Show a scenario
    Show {
        /// Name of the scenario
        name: String,
    },
    /// Add a scenario, or replace the one with this name
    Set {
        /// Name of the scenario
        name: String,
        /// YAML or JSON file with the scenario, such as "respond: { error: server_error }"; - reads
        /// standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Delete a scenario
    Delete {
        /// Name of the scenario
        name: String,
    },
    /// Release the requests that a scenario holds
    Release {
        /// Name of the scenario
        name: String,
    },
    /// Delete all scenarios
    Clear,
}

impl Scenarios {
    pub(super) fn run(self) -> Result<(), CliError> {
        let path_of = |name: &str| format!("scenarios/{}", path_segment(name));
        let server = &self.server;

        match self.command.unwrap_or(ScenariosCommand::List) {
            ScenariosCommand::List => {
                server.send_and_print(Method::GET, "scenarios", None, to_list)
            }
            ScenariosCommand::Show { name } => {
                server.send_and_print(Method::GET, &path_of(&name), None, to_table)
            }
            ScenariosCommand::Set { name, file } => {
                let scenario = read_json_or_yaml("FILE", &file)?;
                let set = server.send(Method::PUT, &path_of(&name), Some(scenario), Duration::ZERO);
                let set = set.map_err(|error| error.naming_options(&[("", "FILE")]))?;
                server.print_response(&set, |set| to_text(&set["name"]));
                Ok(())
            }
            ScenariosCommand::Delete { name } => server.delete(&path_of(&name), &name),
            ScenariosCommand::Release { name } => {
                let path = path_of(&name) + "/release";
                server.send_and_print(Method::POST, &path, None, |released| {
                    format!("released {} requests", released["released"])
                })
            }
            ScenariosCommand::Clear => server.delete("scenarios", "all scenarios"),
        }
    }
}

fn to_list(list: &Value) -> String {
    let rows = list["scenarios"].as_array().into_iter().flatten().map(|scenario| {
        let state = if scenario["enabled"] == false { "disabled" } else { "enabled" };
        let remaining = &scenario["remaining"];
        [
            to_text(&scenario["name"]),
            state.to_owned(),
            scenario["matched"].to_string(),
            if remaining.is_null() { "no limit".to_owned() } else { remaining.to_string() },
            scenario["held"].to_string(),
        ]
    });
    to_columns(["name", "state", "matched", "remaining", "held"], rows.collect())
}
