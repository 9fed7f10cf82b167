//! `reset`: puts a running server, or a realm of it, back to its start.

use axum::http::Method;
use clap::Args;

use super::CliError;
use super::call::Server;

#[derive(Args)]
pub(super) struct Reset {
    #[command(flatten)]
    server: Server,
}

impl Reset {
    pub(super) fn run(self) -> Result<(), CliError> {
        self.server.call(Method::POST, "reset", None, |_| "back to the start".to_owned())
    }
}
