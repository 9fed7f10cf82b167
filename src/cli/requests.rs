//! `requests`: lists, follows or verifies the requests that a running server has received.

use std::collections::HashSet;
use std::time::Duration;

use axum::http::Method;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::client::{OTHER_PROGRAM, ServerArgs};
use super::error::CliError;
use super::json::{object, to_text};
use super::output::{Color, print, printable_values, to_json};
use super::requests_format::{format_entry, format_list, format_verification, notes};
use super::values::checked;
use crate::journal::{Filter, RecordedEndpoint};
use crate::units::HumanDuration;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Requests {
    #[command(subcommand)]
    command: Option<RequestsCommand>,
    /// Print requests as their responses are sent, until interrupted
    #[arg(long)]
    follow: bool,
    /// Show the last N requests only
    #[arg(long, value_name = "N", conflicts_with = "follow")]
    limit: Option<u64>,
    /// Show only requests after the one with this number
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    /// Omit the notes
    #[arg(long)]
    quiet_notes: bool,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    server: ServerArgs,
}

/// What to do instead of listing requests.
#[derive(Subcommand)]
enum RequestsCommand {
    /// Verify the number or the order of requests; exit with code 1 if it is not as expected, 3 if
    /// that cannot be found out
    Verify(Box<Verify>),
    /// Clear the journal
    Clear,
}

/// The options that set the members of a verification.
const OPTIONS: [(&str, &str); 5] = [
    ("/count/exactly", "--exactly"),
    ("/count/at_least", "--at-least"),
    ("/count/at_most", "--at-most"),
    ("/count", "--at-least, --at-most"),
    ("/order", "--order"),
];

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
    /// Expect requests in this order, others between them allowed: one option for each, with filters
    /// as in a query, such as 'grant_type=refresh_token&status=200'
    #[arg(
        long,
        value_name = "FILTERS",
        value_parser = parse_filter,
        conflicts_with_all = ["exactly", "at_least", "at_most", "Filters"]
    )]
    order: Vec<Filter>,
    /// Wait up to this long for the expectation to hold, such as 2s
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
    #[arg(long, value_parser = checked::<RecordedEndpoint>)]
    endpoint: Option<String>,
    /// HTTP method
    #[arg(long)]
    method: Option<String>,
    /// Path within the realm, without the query
    #[arg(long)]
    path: Option<String>,
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
    /// Header of the request; can be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_named)]
    header: Vec<(String, String)>,
    /// Parameter of the request; can be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_named)]
    param: Vec<(String, String)>,
}

fn parse_named(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

fn parse_filter(text: &str) -> Result<Filter, serde_urlencoded::de::Error> {
    serde_urlencoded::from_str(text)
}

impl Filters {
    /// Returns the conditions as members of a filter.
    fn into_object(self) -> Map<String, Value> {
        let mut members = object([
            ("endpoint", self.endpoint.map(Value::from)),
            ("method", self.method.map(Value::from)),
            ("path", self.path.map(Value::from)),
            ("client_id", self.client.map(Value::from)),
            ("merchant_id", self.merchant.map(Value::from)),
            ("grant_type", self.grant_type.map(Value::from)),
            ("correlation_id", self.correlation_id.map(Value::from)),
            ("status", self.status.map(Value::from)),
            ("error", self.error.map(Value::from)),
            ("scenario", self.scenario.map(Value::from)),
        ]);

        for (prefix, named) in [("header", self.header), ("param", self.param)] {
            let named = named.into_iter();
            members.extend(named.map(|(name, value)| (format!("{prefix}.{name}"), value.into())));
        }
        members
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
            follow(&self.server, &format!("events?{query}"), !self.quiet_notes)
        } else {
            let path = format!("requests?{query}");
            self.server.send_and_print(Method::GET, &path, None, |response| {
                format_list(response, !self.quiet_notes)
            })
        }
    }
}

impl Verify {
    fn run(self, server: &ServerArgs) -> Result<(), CliError> {
        let body = if self.order.is_empty() {
            let count = object([
                ("exactly", self.exactly.map(Value::from)),
                ("at_least", self.at_least.map(Value::from)),
                ("at_most", self.at_most.map(Value::from)),
            ]);
            json!({ "match": self.filters.into_object(), "count": count })
        } else {
            json!({ "order": self.order })
        };
        let path = match self.wait {
            None => "requests/verify".to_owned(),
            Some(wait) => format!("requests/verify?wait={}ms", wait.as_ms()),
        };

        let wait = self.wait.map(Duration::from).unwrap_or_default();
        let verification = server
            .send(Method::POST, &path, Some(body), wait)
            .map_err(|error| error.naming_options(&OPTIONS).while_checking())?;
        let Some(is_satisfied) = verification["satisfied"].as_bool() else {
            let text = format!("{}: {OTHER_PROGRAM}", server.url());
            return Err(CliError::runtime(text).while_checking());
        };

        server.print_response(&verification, format_verification);
        if is_satisfied { Ok(()) } else { Err(CliError::Unmet) }
    }
}

/// Prints requests as their responses are sent.
fn follow(server: &ServerArgs, path: &str, with_notes: bool) -> Result<(), CliError> {
    let color = Color::for_stdout();
    let mut printed_notes = HashSet::new();

    server.follow(path, |event, data| {
        let data: Value = serde_json::from_str(data).unwrap_or_default();
        if server.json {
            print(&to_json(&json!({ event: data })));
            return;
        }
        // The server drops events when this process reads them too slowly.
        if event == "dropped" {
            print(&color.yellow(&format!("... {} requests were missed", to_json(&data["count"]))));
            return;
        }

        let data = printable_values(&data);
        print(&format_entry(&data, color));
        for note in notes(&data).filter(|_| with_notes) {
            // Many notes apply to every request. Each is printed once.
            if printed_notes.insert(note.to_owned()) {
                print(&color.dim(&format!("      note: {note}")));
            }
        }
    })
}
