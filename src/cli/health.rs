//! `health`: whether a running server is well; what a container's health check calls.

use axum::http::Method;
use clap::Args;

use super::CliError;
use super::call::Server;

#[derive(Args)]
pub(super) struct Health {
    #[command(flatten)]
    server: Server,
}

impl Health {
    pub(super) fn run(self) -> Result<(), CliError> {
        self.server.call(Method::GET, "health", None, ToString::to_string)
    }
}
