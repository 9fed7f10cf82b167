//! `schema`: prints the JSON Schema of fixtures.

use super::error::CliError;
use super::output::print;
use crate::fixture::schema;

pub(super) fn run() -> Result<(), CliError> {
    print(&serde_json::to_string_pretty(&schema()).map_err(CliError::runtime)?);
    Ok(())
}
