//! `inspect TOKEN|-`: what a token says, and whether it is good now.

use std::io::Read;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use serde_json::Value;

use super::{CliError, print, serve::read_key};
use crate::token::{Inspection, SigningKey, inspect};

/// The longest token that is read from standard input.
const LONGEST: u64 = 1024 * 1024;

#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// The token, or - to read it from standard input.
    token: String,
    /// The private key of the server, if not the development key.
    #[arg(long, value_name = "FILE")]
    signing_key: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(super) fn run(self) -> Result<(), CliError> {
        let key = match &self.signing_key {
            Some(file) => read_key(file)?,
            None => SigningKey::development(),
        };
        let token = match self.token.as_str() {
            "-" => from_stdin()?,
            token => token.to_owned(),
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        let inspection = inspect(&token, &key, now_ms);
        if self.json {
            print(&serde_json::to_string_pretty(&inspection).map_err(CliError::at_run_time)?);
        } else {
            print(&table(&inspection));
        }
        Ok(())
    }
}

fn from_stdin() -> Result<String, CliError> {
    let mut token = String::new();
    let read = std::io::stdin().take(LONGEST).read_to_string(&mut token);
    read.map_err(|error| CliError::at_run_time(format!("standard input: {error}")))?;
    Ok(token)
}

fn table(inspection: &Inspection) -> String {
    let mut lines = vec![match inspection.token_type {
        Some(kind) => format!("{kind}: {}", inspection.reason),
        None => inspection.reason.clone(),
    }];
    for (title, part) in [("header", &inspection.header), ("claims", &inspection.claims)] {
        let Some(Value::Object(members)) = part else { continue };
        lines.push(format!("\n{title}"));
        for (name, value) in members {
            let value = match value {
                Value::String(text) => text.clone(),
                Value::Array(items) if items.iter().all(Value::is_string) => {
                    items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
                }
                other => other.to_string(),
            };
            let time = inspection.times.get(name).filter(|_| title == "claims");
            let time = time.and_then(Value::as_str).map(|t| format!("  ({t})")).unwrap_or_default();
            // Whoever made the token may have put terminal commands into it.
            let value: String =
                value.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
            lines.push(format!("  {name:<14} {value}{time}"));
        }
    }
    lines.join("\n")
}
