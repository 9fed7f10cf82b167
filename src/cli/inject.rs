//! `inject`: adds a scenario to a running server, such as an error, a fault or a delay.

use std::time::Duration;

use axum::http::Method;
use clap::Args;
use serde_json::{Value, json};

use super::client::ServerArgs;
use super::error::CliError;
use super::json::{object, to_text};
use super::log_queue::print_error;
use super::output::is_stdout_lost;
use super::values::checked;
use crate::oauth::ErrorCode;
use crate::scenario::{Endpoint, Fault};
use crate::units::HumanDuration;

/// The options that set the members of the scenario.
const OPTIONS: [(&str, &str); 16] = [
    ("/respond/error", "CODE"),
    ("/respond/fault", "--fault"),
    ("/respond/delay", "--delay"),
    ("/respond/status", "--status"),
    ("/respond/description", "--description"),
    ("/respond/phase", "--after"),
    ("/when/method", "--method"),
    ("/when/path", "--path"),
    ("/when/client_id", "--client"),
    ("/when/merchant_id", "--merchant"),
    ("/when/grant_type", "--grant-type"),
    ("/when/endpoint", "--endpoint"),
    ("/times", "--times"),
    ("/for", "--for"),
    ("/name", "--name"),
    ("/respond", "CODE"),
];

#[derive(Args)]
pub(super) struct Inject {
    /// Error code to respond with, such as server_error; optional with --fault or --delay
    #[arg(value_name = "CODE", value_parser = checked::<ErrorCode>, required_unless_present_any = ["fault", "delay"])]
    error: Option<String>,
    /// Connection fault: connection_reset, empty_response, hang, truncated_body, garbage or
    /// slow_body
    #[arg(long, value_parser = checked::<Fault>)]
    fault: Option<String>,
    /// Delay before the response, such as 250ms or 2s
    #[arg(long, value_name = "DURATION")]
    delay: Option<HumanDuration>,
    /// HTTP status [default: the status of the error code]
    #[arg(long)]
    status: Option<u16>,
    /// Description of the error
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Process the request first, then fail, as when a response is lost
    #[arg(long)]
    after: bool,
    /// Apply to the first N matches [default: all]
    #[arg(long, value_name = "N")]
    times: Option<u64>,
    /// Apply for this long by the server's clock, such as 30s [default: no limit]
    #[arg(long = "for", value_name = "DURATION")]
    for_duration: Option<HumanDuration>,
    /// Apply to requests with this method only
    #[arg(long)]
    method: Option<String>,
    /// Apply to requests to this path only, in which * is a wildcard, such as
    /// /pts/v2/payments/*/refunds
    #[arg(long)]
    path: Option<String>,
    /// Apply to requests of this client only
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// Apply to requests for this merchant only
    #[arg(long, value_name = "ID")]
    merchant: Option<String>,
    /// Apply to requests with this grant type only
    #[arg(long, value_name = "TYPE")]
    grant_type: Option<String>,
    /// Apply to this endpoint: token, authorize, resource, introspect, revoke, jwks, metadata or
    /// any [default: token, or any with --path]
    #[arg(long, value_parser = checked::<Endpoint>)]
    endpoint: Option<String>,
    /// Name of the scenario [default: generated]
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

impl Inject {
    pub(super) fn run(self) -> Result<(), CliError> {
        let respond = object([
            ("error", self.error.map(Value::from)),
            ("fault", self.fault.map(Value::from)),
            ("delay", self.delay.map(|delay| json!(delay))),
            ("status", self.status.map(Value::from)),
            ("description", self.description.map(Value::from)),
            ("phase", self.after.then(|| "after".into())),
        ]);
        // A path says more than the default, which would exclude all but two paths.
        let endpoint = self.endpoint.or_else(|| self.path.is_some().then(|| "any".to_owned()));
        let when = object([
            ("method", self.method.map(Value::from)),
            ("path", self.path.map(Value::from)),
            ("client_id", self.client.map(Value::from)),
            ("merchant_id", self.merchant.map(Value::from)),
            ("grant_type", self.grant_type.map(Value::from)),
            ("endpoint", endpoint.map(Value::from)),
        ]);

        let scenario = object([
            ("name", self.name.map(Value::from)),
            ("when", Some(when.into())),
            ("respond", Some(respond.into())),
            ("times", self.times.map(Value::from)),
            ("for", self.for_duration.map(|duration| json!(duration))),
        ]);
        let added = self
            .server
            .send(Method::POST, "scenarios", Some(scenario.into()), Duration::ZERO)
            .map_err(|error| error.naming_options(&OPTIONS))?;
        self.server.print_response(&added, |added| to_text(&added["name"]));

        // Standard output has the name alone, for scripts.
        if !self.server.json && !is_stdout_lost() {
            let (name, server) = (to_text(&added["name"]), self.server.selection());
            print_error(&format!(
                "remove it with: smartpay-oauth-mock scenarios delete {name}{server}"
            ));
        }
        Ok(())
    }
}
