//! `inject`: adds a scenario to a running server, such as an error, a fault or a delay.

use axum::http::Method;
use clap::Args;
use serde_json::Value;

use super::client::ServerArgs;
use super::error::CliError;
use super::json::{object, to_text};

#[derive(Args)]
pub(super) struct Inject {
    /// Error code to respond with, such as server_error; optional with --fault or --delay
    #[arg(value_name = "CODE", required_unless_present_any = ["fault", "delay"])]
    error: Option<String>,
    /// Connection fault: connection_reset, empty_response, hang, truncated_body, garbage or
    /// slow_body
    #[arg(long)]
    fault: Option<String>,
    /// Delay before the response, such as 250ms or 2s
    #[arg(long, value_name = "DURATION")]
    delay: Option<String>,
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
    for_duration: Option<String>,
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
    #[arg(long)]
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
            ("delay", self.delay.map(Value::from)),
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
            ("for", self.for_duration.map(Value::from)),
        ]);
        self.server.send_and_print(Method::POST, "scenarios", Some(scenario.into()), |scenario| {
            to_text(&scenario["name"])
        })
    }
}
