//! `grants`: shows or revokes the grants of a running server.

use std::time::Duration;

use axum::http::Method;
use clap::{Args, Subcommand};
use serde_json::Value;

use super::client::{ServerArgs, path_segment};
use super::error::CliError;
use super::json::{to_columns, to_text};
use super::output::print;

#[derive(Args)]
pub(super) struct Grants {
    #[command(subcommand)]
    command: Option<GrantsCommand>,
    #[command(flatten)]
    server: ServerArgs,
}

/// What to do with grants. Without one, the command lists them.
#[derive(Subcommand)]
enum GrantsCommand {
    /// List the grants, the oldest first (the default)
    List,
    /// Show a grant
    Show {
        /// ID of the grant
        id: String,
    },
    /// Revoke a grant, as the merchant does
    #[command(visible_alias = "revoke")]
    Delete {
        /// ID of the grant
        id: String,
    },
}

impl Grants {
    pub(super) fn run(self) -> Result<(), CliError> {
        let server = &self.server;

        match self.command.unwrap_or(GrantsCommand::List) {
            GrantsCommand::List => server.send_and_print(Method::GET, "grants", None, to_list),
            GrantsCommand::Show { id } => server.print_entry("grants", "id", &id),
            GrantsCommand::Delete { id } => {
                let path = format!("grants/{}", path_segment(&id));
                server.send(Method::DELETE, &path, None, Duration::ZERO)?;
                print(&format!("revoked {id}"));
                Ok(())
            }
        }
    }
}

fn to_list(list: &Value) -> String {
    let rows = list["grants"].as_array().into_iter().flatten().map(|grant| {
        let scopes = grant["scopes"].as_array().into_iter().flatten().map(to_text);
        [
            to_text(&grant["id"]),
            to_text(&grant["client_id"]),
            to_text(&grant["merchant_id"]),
            to_text(&grant["granted_at"]),
            if grant["revoked"] == true { "revoked" } else { "active" }.to_owned(),
            scopes.collect::<Vec<_>>().join(" "),
        ]
    });
    to_columns(["id", "client", "merchant", "granted at", "state", "scopes"], rows.collect())
}
