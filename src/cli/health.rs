//! `health`: checks whether a running server is healthy; the health check of the container image.

use axum::http::Method;

use super::client::ServerArgs;
use super::error::CliError;

pub(super) fn run(server: &ServerArgs) -> Result<(), CliError> {
    server.send_and_print(Method::GET, "health", None, ToString::to_string)
}
