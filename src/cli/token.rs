//! `token`: tokens from a running server, without a flow.

use axum::http::Method;
use clap::Args;
use serde_json::json;

use super::CliError;
use super::call::{Server, table};

#[derive(Args)]
pub(super) struct Token {
    /// The client, by id.
    #[arg(long, value_name = "ID")]
    client: String,
    /// The merchant who consents, by id.
    #[arg(long, value_name = "ID")]
    merchant: String,
    /// What is granted; all of the client's scopes unless given.
    #[arg(long, value_name = "SCOPE", num_args = 1..)]
    scopes: Option<Vec<String>>,
    #[command(flatten)]
    server: Server,
}

impl Token {
    pub(super) fn run(self) -> Result<(), CliError> {
        let wish = json!({
            "client_id": self.client,
            "merchant_id": self.merchant,
            "scopes": self.scopes,
        });
        self.server.call(Method::POST, "tokens", Some(wish), table)
    }
}
