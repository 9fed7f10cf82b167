//! `inject`: makes a running server fail.

use axum::http::Method;
use clap::Args;
use serde_json::{Map, Value, json};

use super::CliError;
use super::call::{Server, plain};

#[derive(Args)]
pub(super) struct Inject {
    /// The error to answer with, such as server_error.
    #[arg(value_name = "CODE", required_unless_present_any = ["fault", "delay"])]
    error: Option<String>,
    /// A fault on the wire: connection_reset, empty_response, hang, truncated_body, garbage or
    /// slow_body.
    #[arg(long)]
    fault: Option<String>,
    /// How long to wait first: 250ms, 2s.
    #[arg(long, value_name = "TIME")]
    delay: Option<String>,
    /// The HTTP status, if not the error's own.
    #[arg(long)]
    status: Option<u16>,
    /// The error's description.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Let the request take effect first: the lost response.
    #[arg(long)]
    after: bool,
    /// For so many requests; for all unless given.
    #[arg(long, value_name = "N")]
    times: Option<u64>,
    /// For requests of this client only.
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// For this merchant only.
    #[arg(long, value_name = "ID")]
    merchant: Option<String>,
    /// For this grant type only.
    #[arg(long, value_name = "TYPE")]
    grant_type: Option<String>,
    /// For this endpoint: token, authorize, resource, introspect, revoke, jwks or any.
    #[arg(long)]
    endpoint: Option<String>,
    /// What to call the scenario.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    server: Server,
}

impl Inject {
    pub(super) fn run(self) -> Result<(), CliError> {
        let respond = given([
            ("error", self.error.map(Value::from)),
            ("fault", self.fault.map(Value::from)),
            ("delay", self.delay.map(Value::from)),
            ("status", self.status.map(Value::from)),
            ("description", self.description.map(Value::from)),
            ("phase", self.after.then(|| "after".into())),
        ]);
        let when = given([
            ("client_id", self.client.map(Value::from)),
            ("merchant_id", self.merchant.map(Value::from)),
            ("grant_type", self.grant_type.map(Value::from)),
            ("endpoint", self.endpoint.map(Value::from)),
        ]);
        let scenario = given([
            ("name", self.name.map(Value::from)),
            ("when", Some(json!(when))),
            ("respond", Some(json!(respond))),
            ("times", self.times.map(Value::from)),
        ]);
        let scenario = Some(json!(scenario));
        self.server.call(Method::POST, "scenarios", scenario, |answer| plain(&answer["name"]))
    }
}

/// The members that were given.
fn given<const N: usize>(members: [(&str, Option<Value>); N]) -> Map<String, Value> {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
