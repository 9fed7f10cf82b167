//! `requests`: lists, follows or verifies the requests that a running server has received.

use std::collections::HashSet;
use std::time::Duration;

use axum::http::Method;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::client::ServerArgs;
use super::error::CliError;
use super::json::{object, to_text};
use super::output::{Color, print};
use super::requests_format::{format_entry, format_list, format_verification, notes};
use crate::units::HumanDuration;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Requests {
    #[command(subcommand)]
    command: Option<RequestsCommand>,
    /// Print requests as they arrive, until interrupted
    #[arg(long)]
    follow: bool,
    /// Show the last N requests only
    #[arg(long, value_name = "N", conflicts_with = "follow")]
    limit: Option<u64>,
    /// Show only requests after the one with this number
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    server: ServerArgs,
}

/// What to do instead of listing requests.
#[derive(Subcommand)]
enum RequestsCommand {
    /// Verify the number of requests; exit with code 1 if it is not the expected one
    Verify(Box<Verify>),
    /// Clear the journal
    Clear,
}

#[derive(Args)]
struct Verify {
    /// Expect exactly N requests
    #[arg(long, value_name = "N", conflicts_with_all = ["at_least", "at_most"])]
    exactly: Option<u64>,
    /// Expect at least N requests [default: 1, if no number is given]
    #[arg(long, value_name = "N")]
    at_least: Option<u64>,
    /// Expect at most N requests
    #[arg(long, value_name = "N")]
    at_most: Option<u64>,
    /// Wait up to this long for the expected number, such as 2s
    #[arg(long, value_name = "DURATION")]
    wait: Option<HumanDuration>,
    #[command(flatten)]
    filters: Filters,
}

/// Which requests to select.
#[derive(Args)]
#[command(next_help_heading = "Filters (* matches any text)")]
struct Filters {
    /// Endpoint: token, authorize, resource, introspect, revoke, jwks, metadata or unknown
    #[arg(long)]
    endpoint: Option<String>,
    /// Client ID
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// Merchant ID
    #[arg(long, value_name = "ID")]
    merchant: Option<String>,
    /// Grant type
    #[arg(long, value_name = "TYPE")]
    grant_type: Option<String>,
    /// Value of the header v-c-client-correlation-id
    #[arg(long, value_name = "ID")]
    correlation_id: Option<String>,
    /// HTTP status of the response
    #[arg(long)]
    status: Option<u16>,
    /// Error code of the response; * matches any error
    #[arg(long, value_name = "CODE")]
    error: Option<String>,
    /// Scenario that matched; * matches any scenario
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
}

impl Filters {
    fn into_object(self) -> Map<String, Value> {
        object([
            ("endpoint", self.endpoint.map(Value::from)),
            ("client_id", self.client.map(Value::from)),
            ("merchant_id", self.merchant.map(Value::from)),
            ("grant_type", self.grant_type.map(Value::from)),
            ("correlation_id", self.correlation_id.map(Value::from)),
            ("status", self.status.map(Value::from)),
            ("error", self.error.map(Value::from)),
            ("scenario", self.scenario.map(Value::from)),
        ])
    }
}

impl Requests {
    pub(super) fn run(self) -> Result<(), CliError> {
        match self.command {
            Some(RequestsCommand::Verify(verify)) => verify.run(&self.server),
            Some(RequestsCommand::Clear) => {
                self.server.send_and_print(Method::DELETE, "requests", None, |_| {
                    "journal cleared".to_owned()
                })
            }
            None => self.list(),
        }
    }

    fn list(self) -> Result<(), CliError> {
        let mut members = self.filters.into_object();
        members.extend(object([
            ("limit", self.limit.map(Value::from)),
            ("after", self.after.map(Value::from)),
        ]));
        let pairs: Vec<_> = members.iter().map(|(name, value)| (name, to_text(value))).collect();
        let query = serde_urlencoded::to_string(pairs).map_err(CliError::runtime)?;

        if self.follow {
            follow(&self.server, &format!("events?{query}"))
        } else {
            let path = format!("requests?{query}");
            self.server.send_and_print(Method::GET, &path, None, format_list)
        }
    }
}

impl Verify {
    fn run(self, server: &ServerArgs) -> Result<(), CliError> {
        let count = object([
            ("exactly", self.exactly.map(Value::from)),
            ("at_least", self.at_least.map(Value::from)),
            ("at_most", self.at_most.map(Value::from)),
        ]);
        let body = json!({ "match": self.filters.into_object(), "count": count });
        let path = match self.wait {
            None => "requests/verify".to_owned(),
            Some(wait) => format!("requests/verify?wait={}ms", wait.as_ms()),
        };

        let wait = self.wait.map(Duration::from).unwrap_or_default();
        let verification = server.send(Method::POST, &path, Some(body), wait)?;
        server.print_response(&verification, format_verification);

        if verification["satisfied"] == true { Ok(()) } else { Err(CliError::Unmet) }
    }
}

/// Prints requests as they arrive.
fn follow(server: &ServerArgs, path: &str) -> Result<(), CliError> {
    let color = Color::for_stdout();
    let mut printed_notes = HashSet::new();

    server.follow(path, |event, data| {
        let data: Value = serde_json::from_str(data).unwrap_or_default();
        if server.is_json() {
            print(&json!({ event: data }).to_string());
            return;
        }
        // The server drops events when this process reads them too slowly.
        if event == "dropped" {
            print(&color.yellow(&format!("... {} requests were missed", data["count"])));
            return;
        }

        print(&format_entry(&data, color));
        for note in notes(&data) {
            // Many notes apply to every request. Each is printed once.
            if printed_notes.insert(note.to_owned()) {
                print(&color.dim(&format!("      note: {note}")));
            }
        }
    })
}
