//! `code`: an authorization code from a running server, without a browser.

use axum::http::Method;
use clap::Args;
use serde_json::json;

use super::CliError;
use super::call::{Server, plain};

#[derive(Args)]
pub(super) struct Code {
    /// The client, by id.
    #[arg(long, value_name = "ID")]
    client: String,
    /// The merchant who consents, by id.
    #[arg(long, value_name = "ID")]
    merchant: String,
    /// What is granted; all of the client's scopes unless given.
    #[arg(long, value_name = "SCOPE", num_args = 1..)]
    scopes: Option<Vec<String>>,
    /// The redirect URL that the code is for.
    #[arg(long, value_name = "URL")]
    redirect_url: Option<String>,
    #[command(flatten)]
    server: Server,
}

impl Code {
    pub(super) fn run(self) -> Result<(), CliError> {
        let wish = json!({
            "client_id": self.client,
            "merchant_id": self.merchant,
            "scopes": self.scopes,
            "redirect_url": self.redirect_url,
        });
        self.server.call(Method::POST, "codes", Some(wish), |answer| plain(&answer["code"]))
    }
}
