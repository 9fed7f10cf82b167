//! `realms`: shows or changes the realms of a running server.

use std::path::PathBuf;
use std::time::Duration;

use axum::http::Method;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::{ServerArgs, path_segment};
use super::error::CliError;
use super::json::{object, to_columns, to_table, to_text};
use crate::fixture::load_paths;

/// The options that set the members of a request.
const OPTIONS: [(&str, &str); 2] = [("/fixtures", "--fixtures"), ("/hosts", "--host")];

#[derive(Args)]
pub(super) struct Realms {
    #[command(subcommand)]
    command: Option<RealmsCommand>,
    #[command(flatten)]
    server: ServerArgs,
}

/// What to do with realms. Without one, the command lists them.
#[derive(Subcommand)]
enum RealmsCommand {
    /// List the realms, the default realm first (the default)
    List,
    /// Show a realm with its URLs
    Show {
        /// Name of the realm
        name: String,
    },
    /// Create a realm, or replace the one with this name; prints its URLs
    Set(SetRealm),
    /// Delete a realm and everything in it
    Delete {
        /// Name of the realm
        name: String,
    },
}

#[derive(Args)]
struct SetRealm {
    /// Name of the realm
    name: String,
    /// Fixture files and directories [default: the fixtures of the server]
    #[arg(long, value_name = "PATH", num_args = 1..)]
    fixtures: Vec<PathBuf>,
    /// Host names of the realm: requests for them belong to it
    #[arg(long, value_name = "HOST", num_args = 1..)]
    host: Vec<String>,
    /// Give the realm ports of its own
    #[arg(long)]
    listen: bool,
}

impl Realms {
    pub(super) fn run(self) -> Result<(), CliError> {
        let path_of = |name: &str| format!("realms/{}", path_segment(name));
        let server = &self.server;

        match self.command.unwrap_or(RealmsCommand::List) {
            RealmsCommand::List => server.send_and_print(Method::GET, "realms", None, to_list),
            RealmsCommand::Show { name } => server.print_entry("realms", "name", &name),
            RealmsCommand::Set(realm) => {
                let (path, request) = (path_of(&realm.name), realm.request()?);
                let set = server.send(Method::PUT, &path, Some(request), Duration::ZERO);
                let set = set.map_err(|error| error.naming_options(&OPTIONS))?;
                server.print_response(&set, to_table);
                Ok(())
            }
            RealmsCommand::Delete { name } => server.delete(&path_of(&name), &name),
        }
    }
}

impl SetRealm {
    /// Returns the body of the request.
    fn request(&self) -> Result<Value, CliError> {
        let mut members =
            object([("hosts", Some(json!(self.host))), ("listen", Some(self.listen.into()))]);
        if !self.fixtures.is_empty() {
            let fixtures = load_paths(&self.fixtures).map_err(CliError::usage)?;
            members.insert("fixtures".to_owned(), json!(fixtures));
        }
        Ok(members.into())
    }
}

fn to_list(list: &Value) -> String {
    let rows = list["realms"].as_array().into_iter().flatten().map(|realm| {
        let hosts = realm["hosts"].as_array().into_iter().flatten().map(to_text);
        let own_ports = [&realm["http"], &realm["https"]];
        let own_ports = own_ports.into_iter().filter_map(Value::as_str);
        [
            to_text(&realm["name"]),
            to_text(&realm["url"]),
            own_ports.collect::<Vec<_>>().join(" "),
            hosts.collect::<Vec<_>>().join(" "),
        ]
    });
    to_columns(["name", "url", "own ports", "hosts"], rows.collect())
}
