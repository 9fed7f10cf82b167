//! `inspect TOKEN|-`: decodes a token and checks whether it is valid.

use std::io::Read;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use serde_json::Value;

use super::error::CliError;
use super::output::print;
use super::values::read_signing_key;
use crate::token::{Inspection, SigningKey, inspect};

/// The maximum length of a token on standard input, in bytes.
const MAX_TOKEN_LENGTH: u64 = 1024 * 1024;

#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// Token, or - to read it from standard input
    token: String,
    /// Signing key of the server, in PEM [default: the development key]
    #[arg(long, value_name = "FILE")]
    signing_key: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(super) fn run(self) -> Result<(), CliError> {
        let key = match &self.signing_key {
            Some(file) => read_signing_key(file)?,
            None => SigningKey::development(),
        };
        let token = if self.token == "-" { read_stdin()? } else { self.token };

        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        let inspection = inspect(&token, &key, now_ms);

        if self.json {
            print(&serde_json::to_string_pretty(&inspection).map_err(CliError::runtime)?);
        } else {
            print(&to_table(&inspection));
        }
        Ok(())
    }
}

fn read_stdin() -> Result<String, CliError> {
    let mut token = String::new();
    std::io::stdin()
        .take(MAX_TOKEN_LENGTH)
        .read_to_string(&mut token)
        .map_err(|error| CliError::runtime(format!("cannot read standard input: {error}")))?;
    Ok(token)
}

fn to_table(inspection: &Inspection) -> String {
    let mut lines = vec![match inspection.token_type {
        Some(token_type) => format!("{token_type}: {}", inspection.reason),
        None => inspection.reason.clone(),
    }];

    let parts = [
        ("header", &inspection.header, None),
        ("claims", &inspection.claims, Some(&inspection.times)),
    ];
    for (title, part, times) in parts {
        let Some(Value::Object(members)) = part else { continue };
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
    let value = value.replace(char::is_control, "\u{fffd}");

    let time = time.map(|time| format!("  ({time})")).unwrap_or_default();
    format!("  {name:<14} {value}{time}")
}
