//! `health`: whether a running server is well; what a container's health check calls.

use clap::Args;

use super::call::Server;
use super::{Failure, print};

#[derive(Debug, Args)]
pub(super) struct Health {
    #[command(flatten)]
    server: Server,
}

impl Health {
    pub(super) fn run(self) -> Result<(), Failure> {
        let answer = self.server.get("/_mock/health")?;
        print(&answer);
        Ok(())
    }
}
