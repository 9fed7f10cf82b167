//! `reset`: resets a running server, or one of its realms, to the initial state.

use axum::http::Method;

use super::client::ServerArgs;
use super::error::CliError;

pub(super) fn run(server: &ServerArgs) -> Result<(), CliError> {
    server.send_and_print(Method::POST, "reset", None, |_| "reset to the initial state".to_owned())
}
