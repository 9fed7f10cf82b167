//! `inspect TOKEN|-`: decodes a token and checks whether it is valid, by itself or for a server.

use std::io::Read;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::Method;
use clap::Args;
use serde_json::{Value, json};

use super::client::ServerArgs;
use super::error::CliError;
use super::output::{print, printable_json};
use super::values::read_signing_key;
use crate::token::{SigningKey, inspect};
use crate::units::printable;

/// The maximum length of a token on standard input, in bytes.
const MAX_TOKEN_LENGTH: u64 = 1024 * 1024;

#[derive(Args)]
pub(super) struct Inspect {
    /// Token, with or without "Bearer", or - to read it from standard input
    #[arg(num_args = 1..=2, required = true)]
    token: Vec<String>,
    /// Signing key of the server, in PEM; without it and --server, the development key
    #[arg(long, value_name = "FILE")]
    signing_key: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

impl Inspect {
    pub(super) fn run(self) -> Result<(), CliError> {
        // A shell splits an unquoted "Bearer TOKEN".
        let token = self.token.join(" ");
        let token = if token == "-" { read_stdin()? } else { token };
        let token = without_scheme(&token);

        let inspection = match (&self.signing_key, &self.server.given_url) {
            (None, Some(_)) => {
                let request = Some(json!({ "token": token }));
                self.server.send(Method::POST, "inspect", request, Duration::ZERO)?
            }
            (None, None) => inspect_here(token, &SigningKey::development())?,
            (Some(file), _) => inspect_here(token, &read_signing_key(file)?)?,
        };

        if self.server.json {
            print(&printable_json(format!("{inspection:#}")));
        } else {
            print(&to_table(&inspection));
        }
        if inspection["valid"] == true { Ok(()) } else { Err(CliError::Unmet) }
    }
}

/// Inspects a token by itself, at the time of this machine.
fn inspect_here(token: &str, key: &SigningKey) -> Result<Value, CliError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    serde_json::to_value(inspect(token, key, now_ms)).map_err(CliError::runtime)
}

/// Returns a token without what stands before it in the header `Authorization`.
fn without_scheme(text: &str) -> &str {
    let text = text.trim();
    let mut rest = text;
    for prefix in ["authorization:", "bearer "] {
        if rest.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)) {
            rest = rest[prefix.len()..].trim_start();
        }
    }
    rest
}

fn read_stdin() -> Result<String, CliError> {
    let mut token = String::new();
    std::io::stdin()
        .take(MAX_TOKEN_LENGTH)
        .read_to_string(&mut token)
        .map_err(|error| CliError::runtime(format!("cannot read standard input: {error}")))?;
    Ok(token)
}

fn to_table(inspection: &Value) -> String {
    let reason = inspection["reason"].as_str().unwrap_or_default();
    let mut lines = vec![match inspection["type"].as_str() {
        Some(token_type) => format!("{token_type}: {reason}"),
        None => reason.to_owned(),
    }];

    let parts = [
        ("header", &inspection["header"], None),
        ("claims", &inspection["claims"], Some(&inspection["times"])),
    ];
    for (title, part, times) in parts {
        let Value::Object(members) = part else { continue };
        lines.push(format!("\n{title}"));
        lines.extend(members.iter().map(|(name, value)| {
            to_row(name, value, times.and_then(|times| times.get(name)?.as_str()))
        }));
    }
    lines.join("\n")
}

fn to_row(name: &str, value: &Value, time: Option<&str>) -> String {
    let value = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    };
    // The token is untrusted: control characters could send commands to the terminal.
    let (name, value) = (printable(name), printable(&value));

    let time = time.map(|time| format!("  ({time})")).unwrap_or_default();
    format!("  {name:<14} {value}{time}")
}
