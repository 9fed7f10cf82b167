//! `check PATH...`: checks fixtures and lists all errors.

use std::path::PathBuf;

use clap::Args;

use super::error::CliError;
use super::output::print;
use crate::fixture::load_paths;

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Fixture files and directories (*.yaml, *.yml, *.json); later ones override earlier ones
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

impl Check {
    pub(super) fn run(self) -> Result<(), CliError> {
        let fixtures = load_paths(&self.paths).map_err(CliError::usage)?;

        let counts = [
            count(fixtures.clients.len(), "client"),
            count(fixtures.merchants.len(), "merchant"),
            count(fixtures.codes.len(), "code"),
            count(fixtures.refresh_tokens.len(), "refresh token"),
            count(fixtures.resources.len(), "resource"),
            count(fixtures.scenarios.len(), "scenario"),
        ];
        print(&format!("ok: {}", counts.join(", ")));
        Ok(())
    }
}

/// Returns a number with its noun: "1 client", "2 clients".
fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
