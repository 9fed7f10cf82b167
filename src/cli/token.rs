//! `token`: issues tokens on a running server, without an authorization flow.

use axum::http::Method;
use clap::Args;
use serde_json::json;

use super::client::ServerArgs;
use super::error::CliError;
use super::json::to_table;

/// The options that set the members of the request.
const OPTIONS: [(&str, &str); 3] =
    [("/client_id", "--client"), ("/merchant_id", "--merchant"), ("/scopes", "--scopes")];

#[derive(Args)]
pub(super) struct Token {
    /// Client ID
    #[arg(long, value_name = "ID")]
    client: String,
    /// ID of the merchant who grants access
    #[arg(long, value_name = "ID")]
    merchant: String,
    /// Scopes to grant [default: all scopes of the client]
    #[arg(long, value_name = "SCOPE", num_args = 1..)]
    scopes: Option<Vec<String>>,
    #[command(flatten)]
    server: ServerArgs,
}

impl Token {
    pub(super) fn run(self) -> Result<(), CliError> {
        let request = json!({
            "client_id": self.client,
            "merchant_id": self.merchant,
            "scopes": self.scopes,
        });
        let sent = self.server.send_and_print(Method::POST, "tokens", Some(request), to_table);
        sent.map_err(|error| error.naming_options(&OPTIONS))
    }
}
