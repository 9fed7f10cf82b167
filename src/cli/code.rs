//! `code`: issues an authorization code on a running server, without the consent page.

use axum::http::Method;
use clap::Args;
use serde_json::json;

use super::client::ServerArgs;
use super::error::CliError;
use super::json::to_text;

/// The options that set the members of the request.
const OPTIONS: [(&str, &str); 4] = [
    ("/client_id", "--client"),
    ("/merchant_id", "--merchant"),
    ("/scopes", "--scopes"),
    ("/redirect_url", "--redirect-url"),
];

#[derive(Args)]
pub(super) struct Code {
    /// Client ID
    #[arg(long, value_name = "ID")]
    client: String,
    /// ID of the merchant who grants access
    #[arg(long, value_name = "ID")]
    merchant: String,
    /// Scopes to grant [default: all scopes of the client]
    #[arg(long, value_name = "SCOPE", num_args = 1..)]
    scopes: Option<Vec<String>>,
    /// Redirect URL that the code is issued for
    #[arg(long, value_name = "URL")]
    redirect_url: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

impl Code {
    pub(super) fn run(self) -> Result<(), CliError> {
        let request = json!({
            "client_id": self.client,
            "merchant_id": self.merchant,
            "scopes": self.scopes,
            "redirect_url": self.redirect_url,
        });
        let sent = self
            .server
            .send_and_print(Method::POST, "codes", Some(request), |code| to_text(&code["code"]));
        sent.map_err(|error| error.naming_options(&OPTIONS))
    }
}
