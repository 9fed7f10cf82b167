//! `check PATH...`: whether fixtures are good, and if not, everything that is wrong with them.

use std::path::PathBuf;

use clap::Args;

use super::{CliError, print};
use crate::fixture::load_paths;

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files, and folders with *.yaml, *.yml and *.json; later ones win.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

impl Check {
    pub(super) fn run(self) -> Result<(), CliError> {
        let set = load_paths(&self.paths).map_err(CliError::usage)?;
        let counted = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
        print(&format!(
            "ok: {}, {}, {}, {}, {}, {}",
            counted(set.clients.len(), "client"),
            counted(set.merchants.len(), "merchant"),
            counted(set.codes.len(), "code"),
            counted(set.refresh_tokens.len(), "refresh token"),
            counted(set.resources.len(), "resource"),
            counted(set.scenarios.len(), "scenario"),
        ));
        Ok(())
    }
}
