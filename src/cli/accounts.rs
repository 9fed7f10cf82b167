//! `clients` and `merchants`: show or change the accounts of a running server.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::client::{ServerArgs, path_segment};
use super::error::CliError;
use super::json::{to_columns, to_table, to_text};

/// A kind of account.
pub(super) struct AccountKind {
    /// The path of the control API, and the member of its list.
    path: &'static str,
    /// The member that a list shows beside the ID, the status and the name.
    shown: &'static str,
}

pub(super) const CLIENTS: AccountKind = AccountKind { path: "clients", shown: "type" };
pub(super) const MERCHANTS: AccountKind = AccountKind { path: "merchants", shown: "can_grant" };

#[derive(Args)]
pub(super) struct Accounts {
    #[command(subcommand)]
    command: Option<AccountsCommand>,
    #[command(flatten)]
    server: ServerArgs,
}

/// What to do with accounts. Without one, the command lists them.
#[derive(Subcommand)]
enum AccountsCommand {
    /// List all (the default)
    List,
    /// Show one
    Show {
        /// ID
        id: String,
    },
    /// Change members of one, or create it
    Set {
        /// ID
        id: String,
        /// Members as in a fixture, such as status=inactive; a list in JSON, such as
        /// 'scopes=["users"]'
        #[arg(required = true, value_name = "MEMBER=VALUE", value_parser = parse_member)]
        members: Vec<(String, Value)>,
    },
    /// Delete one
    Delete {
        /// ID
        id: String,
    },
}

/// Parses `MEMBER=VALUE`. A secret of digits is a text, so only what cannot be a text in a fixture is
/// parsed as JSON.
fn parse_member(text: &str) -> Result<(String, Value), String> {
    let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.is_empty()) else {
        return Err("expected MEMBER=VALUE, such as status=inactive".to_owned());
    };

    let is_json = value.starts_with(['[', '{']) || ["true", "false", "null"].contains(&value);
    let value = if is_json {
        serde_json::from_str(value).map_err(|error| format!("invalid JSON: {error}"))?
    } else {
        Value::from(value)
    };
    Ok((name.to_owned(), value))
}

impl Accounts {
    pub(super) fn run(self, kind: &AccountKind) -> Result<(), CliError> {
        let path_of = |id: &str| format!("{}/{}", kind.path, path_segment(id));
        let server = &self.server;

        match self.command.unwrap_or(AccountsCommand::List) {
            AccountsCommand::List => {
                server.send_and_print(Method::GET, kind.path, None, |list| kind.to_list(list))
            }
            AccountsCommand::Show { id } => {
                server.send_and_print(Method::GET, &path_of(&id), None, to_table)
            }
            AccountsCommand::Set { id, members } => {
                let account = set(server, &path_of(&id), members.into_iter().collect());
                let account = account.map_err(|error| error.naming_options(&[]))?;
                server.print_response(&account, to_table);
                Ok(())
            }
            AccountsCommand::Delete { id } => server.delete(&path_of(&id), &id),
        }
    }
}

/// Changes an account, or creates it if it does not exist.
fn set(server: &ServerArgs, path: &str, members: Map<String, Value>) -> Result<Value, CliError> {
    let members = Value::from(members);
    match server.send(Method::PATCH, path, Some(members.clone()), Duration::ZERO) {
        Err(CliError::Rejected { rejection, .. }) if rejection.status == StatusCode::NOT_FOUND => {
            server.send(Method::PUT, path, Some(members), Duration::ZERO)
        }
        other => other,
    }
}

impl AccountKind {
    fn to_list(&self, list: &Value) -> String {
        let rows = list[self.path].as_array().into_iter().flatten().map(|account| {
            [
                to_text(&account["id"]),
                to_text(&account["status"]),
                to_text(&account[self.shown]),
                account["name"].as_str().unwrap_or_default().to_owned(),
            ]
        });
        to_columns(["id", "status", self.shown, "name"], rows.collect())
    }
}
