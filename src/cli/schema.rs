//! `schema`: the JSON Schema of fixtures.

use clap::Args;

use super::{CliError, print};
use crate::fixture::schema;

#[derive(Debug, Args)]
pub(super) struct Schema {}

impl Schema {
    pub(super) fn run(self) -> Result<(), CliError> {
        print(&serde_json::to_string_pretty(&schema()).map_err(CliError::at_run_time)?);
        Ok(())
    }
}
