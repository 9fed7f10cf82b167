//! `health`: checks whether a running server is healthy; the health check of the container image.

use std::time::Duration;

use axum::http::Method;

use super::client::{OTHER_PROGRAM, ServerArgs};
use super::error::CliError;

pub(super) fn run(mut server: ServerArgs) -> Result<(), CliError> {
    // Any certificate of the server on this machine is accepted, unless its CA or its URL is given.
    server.tls.accepts_any = server.given_url.is_none() && server.tls.ca.is_none();
    let response = server.send(Method::GET, "health", None, Duration::ZERO)?;

    // Another program may have the port, and respond to any path with 200.
    if response["status"] != "ok" || !response["version"].is_string() {
        return Err(CliError::runtime(format!("{}: {OTHER_PROGRAM}", server.url())));
    }

    server.print_response(&response, ToString::to_string);
    Ok(())
}
