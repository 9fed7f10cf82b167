//! `schema`: the JSON Schema of fixtures.

use clap::Args;

use super::{Failure, print};
use crate::fixture::schema;

#[derive(Debug, Args)]
pub(super) struct Schema {}

impl Schema {
    pub(super) fn run(self) -> Result<(), Failure> {
        print(&serde_json::to_string_pretty(&schema()).map_err(Failure::at_run_time)?);
        Ok(())
    }
}
