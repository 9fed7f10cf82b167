//! `check PATH...`: checks fixtures and lists the errors, and what is probably not meant.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::error::CliError;
use super::output::{print, to_json};
use crate::fixture::{
    FixtureError, FixtureErrors, Fixtures, Source, Sources, check_read, skipped_directories,
};
use crate::units::printable;

/// The name of standard input in errors.
const STDIN: &str = "stdin";

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Fixture files and directories (*.yaml, *.yml, *.json), or - for standard input; later ones
    /// override earlier ones
    #[arg(required = true, value_name = "PATH|-")]
    paths: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(self) -> Result<(), CliError> {
        match check_read(self.read()) {
            Ok(fixtures) => {
                let text = if self.json { counts_as_json(&fixtures) } else { counts(&fixtures) };
                print(&text);
                self.print_skipped();
                Ok(())
            }
            Err(errors) if self.json => {
                print(&errors_as_json(&errors));
                Err(CliError::WrongFixtures)
            }
            Err(errors) => {
                self.print_skipped();
                Err(CliError::usage(errors))
            }
        }
    }

    /// Prints the directories that are not read.
    fn print_skipped(&self) {
        for directory in skipped_directories(&self.paths).iter().filter(|_| !self.json) {
            let directory = directory.display().to_string();
            print(&format!("skipped the directory {}", printable(&directory)));
        }
    }

    fn read(&self) -> Sources {
        let mut sources = Sources::default();
        for path in &self.paths {
            if path == Path::new("-") {
                let text = io::read_to_string(io::stdin());
                let source = text.map(|text| Source::new(STDIN, text));
                sources.push(source.map_err(|error| FixtureError::unreadable(STDIN, error)));
            } else {
                sources.add(path);
            }
        }
        sources
    }
}

fn counts(fixtures: &Fixtures) -> String {
    let counts = [
        count(fixtures.clients.len(), "client"),
        count(fixtures.merchants.len(), "merchant"),
        count(fixtures.codes.len(), "code"),
        count(fixtures.refresh_tokens.len(), "refresh token"),
        count(fixtures.resources.len(), "resource"),
        count(fixtures.scenarios.len(), "scenario"),
    ];
    format!("ok: {}", counts.join(", "))
}

/// Returns a number with its noun: "1 client", "2 clients".
fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn counts_as_json(fixtures: &Fixtures) -> String {
    to_json(&json!({
        "ok": true,
        "clients": fixtures.clients.len(),
        "merchants": fixtures.merchants.len(),
        "codes": fixtures.codes.len(),
        "refresh_tokens": fixtures.refresh_tokens.len(),
        "resources": fixtures.resources.len(),
        "scenarios": fixtures.scenarios.len(),
        "errors": [],
    }))
}

/// An error of a file as a whole has neither line nor column.
fn errors_as_json(errors: &FixtureErrors) -> String {
    let position = |number: u32| Some(number).filter(|number| *number > 0);
    let errors = errors.0.iter().map(|error| {
        json!({
            "file": error.file,
            "line": position(error.line),
            "column": position(error.column),
            "pointer": error.pointer,
            "message": error.message,
        })
    });
    to_json(&json!({ "ok": false, "errors": errors.collect::<Vec<_>>() }))
}
