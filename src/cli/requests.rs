//! `requests`: what a running server was asked, and whether that is what a test expects.

use std::collections::BTreeMap;

use axum::http::Method;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::call::{Server, plain};
use super::color::Color;
use super::{CliError, FAILED, print};
use crate::units::HumanDuration;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Requests {
    #[command(subcommand)]
    act: Option<RequestsCommand>,
    #[command(flatten)]
    filters: Filters,
    /// Print requests as they come, until interrupted.
    #[arg(long)]
    follow: bool,
    /// The last so many only.
    #[arg(long, value_name = "N", conflicts_with = "follow")]
    limit: Option<u64>,
    /// Only those behind the request with this number.
    #[arg(long, value_name = "ID")]
    after: Option<u64>,
    #[command(flatten)]
    server: Server,
}

/// What else can be done with the journal.
#[derive(Subcommand)]
enum RequestsCommand {
    /// Succeed if as many requests came as expected; else fail, and show which came close.
    Verify(Box<Verify>),
    /// Empty the journal.
    Clear,
}

#[derive(Args)]
struct Verify {
    #[command(flatten)]
    filters: Filters,
    /// So many requests, no more and no less.
    #[arg(long, value_name = "N", conflicts_with_all = ["at_least", "at_most"])]
    exactly: Option<u64>,
    /// So many or more; 1 unless any number is given.
    #[arg(long, value_name = "N")]
    at_least: Option<u64>,
    /// So many or fewer.
    #[arg(long, value_name = "N")]
    at_most: Option<u64>,
    /// Wait so long for it to hold: 2s.
    #[arg(long, value_name = "TIME")]
    wait: Option<HumanDuration>,
}

/// Which requests are meant; texts may have a * that stands for anything.
#[derive(Args)]
struct Filters {
    /// token, authorize, resource, introspect, revoke, jwks, metadata or unknown.
    #[arg(long)]
    endpoint: Option<String>,
    /// The client, by id.
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// The merchant, by id.
    #[arg(long, value_name = "ID")]
    merchant: Option<String>,
    /// The grant type.
    #[arg(long, value_name = "TYPE")]
    grant_type: Option<String>,
    /// The header v-c-client-correlation-id.
    #[arg(long, value_name = "ID")]
    correlation_id: Option<String>,
    /// The HTTP status of the answer.
    #[arg(long)]
    status: Option<u16>,
    /// The error code of the answer; * is any.
    #[arg(long, value_name = "CODE")]
    error: Option<String>,
    /// The scenario that took part; * is any.
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
}

impl Filters {
    fn members(self) -> Map<String, Value> {
        let text = |value: Option<String>| value.map(Value::from);
        [
            ("endpoint", text(self.endpoint)),
            ("client_id", text(self.client)),
            ("merchant_id", text(self.merchant)),
            ("grant_type", text(self.grant_type)),
            ("correlation_id", text(self.correlation_id)),
            ("status", self.status.map(Value::from)),
            ("error", text(self.error)),
            ("scenario", text(self.scenario)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
    }
}

impl Requests {
    pub(super) fn run(self) -> Result<(), CliError> {
        match self.act {
            Some(RequestsCommand::Verify(verify)) => verify.run(&self.server),
            Some(RequestsCommand::Clear) => {
                self.server
                    .call(Method::DELETE, "requests", None, |_| "the journal is empty".to_owned())
            }
            None => {
                let mut members = self.filters.members();
                members.extend(self.limit.map(|limit| ("limit".to_owned(), limit.into())));
                members.extend(self.after.map(|after| ("after".to_owned(), after.into())));
                let pairs: Vec<_> =
                    members.iter().map(|(name, value)| (name, plain(value))).collect();
                let query = serde_urlencoded::to_string(pairs).map_err(CliError::at_run_time)?;
                match self.follow {
                    true => follow(&self.server, &format!("events?{query}")),
                    false => {
                        let path = format!("requests?{query}");
                        self.server.call(Method::GET, &path, None, listed)
                    }
                }
            }
        }
    }
}

impl Verify {
    fn run(self, server: &Server) -> Result<(), CliError> {
        let count: Map<String, Value> =
            [("exactly", self.exactly), ("at_least", self.at_least), ("at_most", self.at_most)]
                .into_iter()
                .filter_map(|(name, n)| Some((name.to_owned(), n?.into())))
                .collect();
        let body = json!({ "match": self.filters.members(), "count": count });
        let path = match self.wait {
            None => "requests/verify".to_owned(),
            Some(wait) => format!("requests/verify?wait={}ms", wait.as_ms()),
        };
        let patience = self.wait.map(Into::into).unwrap_or_default();
        let found = server.ask(Method::POST, &path, Some(body), patience)?;
        server.show(&found, verdict);
        match found["satisfied"].as_bool() {
            Some(true) => Ok(()),
            _ => Err(CliError { code: FAILED, message: String::new() }),
        }
    }
}

/// Prints requests as they come.
fn follow(server: &Server, path: &str) -> Result<(), CliError> {
    let color = Color::of_stdout();
    let mut known = BTreeMap::new();
    server.follow(path, |event, data| {
        let data: Value = serde_json::from_str(data).unwrap_or_default();
        if server.is_json() {
            print(&json!({ event: data }).to_string());
        } else if event == "dropped" {
            print(&color.unusual(&format!("... {} were missed", data["count"])));
        } else {
            print(&line(&data, color));
            for note in notes(&data) {
                // A note that every request gets is read once.
                if known.insert(note.to_owned(), ()).is_none() {
                    print(&color.quiet(&format!("      note: {note}")));
                }
            }
        }
    })
}

fn notes(entry: &Value) -> impl Iterator<Item = &str> {
    entry["notes"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn text<'e>(entry: &'e Value, name: &str) -> &'e str {
    entry[name].as_str().unwrap_or("-")
}

/// A request in one line; columns line up as long as ids are of the usual length.
fn line(entry: &Value, color: Color) -> String {
    let outcome = &entry["outcome"];
    let time = text(entry, "time");
    let time = time.split_once('T').map_or(time, |(_, time)| time.trim_end_matches('Z'));
    let status = outcome["status"].as_u64();
    let shown = status.map_or("none".to_owned(), |status| status.to_string());
    let shown = match status {
        Some(..400) => color.good(&shown),
        _ => color.bad(&shown),
    };
    let mut why = Vec::new();
    why.extend(outcome["error"].as_str().map(str::to_owned));
    why.extend(outcome["row"].as_u64().map(|row| format!("row {row}")));
    let scenario = outcome["scenario"].as_str();
    why.extend(scenario.map(|name| color.unusual(&format!("scenario {name}"))));
    why.extend(outcome["fault"].as_str().map(|fault| color.unusual(fault)));
    let what = match text(entry, "endpoint") {
        "token" => text(entry, "grant_type").to_owned(),
        _ => format!("{} {}", text(entry, "method"), text(entry, "path")),
    };
    format!(
        "{:>5}  {time:<12.12}  {:<10}  {what:<20}  {:<12}  {:<12}  {shown}  {}",
        entry["id"].as_u64().unwrap_or_default(),
        text(entry, "endpoint"),
        text(entry, "client_id"),
        text(entry, "merchant_id"),
        why.join(", "),
    )
    .trim_end()
    .to_owned()
}

fn listed(answer: &Value) -> String {
    let color = Color::of_stdout();
    let entries = answer["requests"].as_array().map(Vec::as_slice).unwrap_or_default();
    let head = format!(
        "{:>5}  {:<12}  {:<10}  {:<20}  {:<12}  {:<12}  status",
        "#", "time", "endpoint", "what", "client", "merchant"
    );
    let mut lines = vec![color.quiet(&head)];
    lines.extend(entries.iter().map(|entry| line(entry, color)));
    let mut noted: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for entry in entries {
        for note in notes(entry) {
            noted.entry(note).or_default().push(entry["id"].as_u64().unwrap_or_default());
        }
    }
    for (note, ids) in noted {
        let who = match ids.as_slice() {
            [one] => format!("#{one}"),
            [first, .., last] => format!("{} from #{first} to #{last}", ids.len()),
            [] => continue,
        };
        lines.push(color.quiet(&format!("note ({who}): {note}")));
    }
    let (shown, total) = (entries.len() as u64, answer["total"].as_u64().unwrap_or_default());
    if shown < total {
        lines.push(format!("{shown} of {total}"));
    }
    if answer["dropped"].as_u64().is_some_and(|dropped| dropped > 0) {
        let text = format!("{} older ones were dropped", answer["dropped"]);
        lines.push(color.unusual(&text));
    }
    lines.join("\n")
}

fn verdict(found: &Value) -> String {
    let color = Color::of_stdout();
    let verdict = match found["satisfied"].as_bool() {
        Some(true) => color.good("it holds"),
        _ => color.bad("it does not hold"),
    };
    let (matched, overlapped) = (&found["matched"], &found["overlapped"]);
    let mut lines = vec![format!("{verdict}: {matched} matched, {overlapped} at the same time")];
    if found["dropped"].as_u64().is_some_and(|dropped| dropped > 0) {
        let text = format!(
            "the journal has dropped {} requests, which could not be counted; --journal-size keeps \
             more",
            found["dropped"]
        );
        lines.push(color.unusual(&text));
    }
    for near in found["closest"].as_array().into_iter().flatten() {
        lines.push(line(&near["request"], color));
        for differs in near["differs"].as_array().into_iter().flatten() {
            lines.push(format!(
                "       {}: {} is expected, {} was sent",
                text(differs, "member"),
                text(differs, "expected"),
                differs["actual"].as_str().unwrap_or("nothing"),
            ));
        }
    }
    lines.join("\n")
}
