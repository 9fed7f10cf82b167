//! The report as users see it.

use std::fmt;
use std::time::SystemTime;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::Fault;
use crate::units::rfc3339;

/// What a realm has seen of the clients under test.
///
/// It counts from the start of the realm, or from the last time that the realm was reset or its
/// journal was cleared. It does not depend on the size of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Report")]
#[non_exhaustive]
pub struct Report {
    /// The real time since which it counts; in JSON, in the format of RFC 3339.
    #[serde(serialize_with = "rfc3339::serialize", deserialize_with = "rfc3339::deserialize")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: SystemTime,
    /// The number of requests.
    pub requests: u64,
    /// What the clients have met.
    pub coverage: Coverage,
    /// What the clients have done wrong: at most one finding for each rule, in the order of the rules.
    pub findings: Vec<Finding>,
    /// The names of scenarios that have matched no request, also of those that were removed. Built-in
    /// scenarios are left out.
    pub unused_scenarios: Vec<String>,
}

/// The errors, faults and flows that the clients have met.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Coverage")]
#[non_exhaustive]
pub struct Coverage {
    /// The errors, by their codes.
    pub errors: Vec<ErrorCoverage>,
    /// The failures of connections.
    pub faults: Vec<FaultCoverage>,
    /// The flows.
    pub flows: Vec<FlowCoverage>,
    /// How many of the documented error codes the clients have met.
    pub errors_met: usize,
    /// The number of documented error codes: 11.
    pub errors_of: usize,
}

/// An error that clients have met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "ErrorCoverage")]
#[non_exhaustive]
pub struct ErrorCoverage {
    /// The error code.
    pub error: String,
    /// The number of responses with this error.
    pub times: u64,
    /// What the client did next, once for each time. At most 10,000 are kept.
    pub then: Vec<NextStep>,
}

/// A failure of the connection that clients have met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "FaultCoverage")]
#[non_exhaustive]
pub struct FaultCoverage {
    /// The fault.
    pub fault: Fault,
    /// The number of requests that had this fault.
    pub times: u64,
    /// What the client did next, once for each time. At most 10,000 are kept.
    pub then: Vec<NextStep>,
}

/// A flow that clients have been through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "FlowCoverage")]
#[non_exhaustive]
pub struct FlowCoverage {
    /// The flow.
    pub flow: Flow,
    /// The number of times.
    pub times: u64,
}

/// What a client did next about a grant or a client after an error or a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(title = "NextStep")]
#[non_exhaustive]
pub enum NextStep {
    /// The same request again.
    Retried,
    /// A refresh.
    Refreshed,
    /// A request to the authorize endpoint, or the exchange of a new code.
    Reauthorized,
    /// None of these.
    Stopped,
}

/// A flow of the protocol.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(title = "Flow")]
#[non_exhaustive]
pub enum Flow {
    /// A code was exchanged.
    CodeExchange,
    /// A token was refreshed.
    Refresh,
    /// A refresh token was used in its grace period. It also counts as a refresh.
    RefreshInGrace,
    /// A refresh token was refused since its grace period was over.
    RefreshAfterGrace,
    /// A token was refused since its grant was revoked.
    Revoked,
    /// The API refused an access token since it had expired.
    AccessTokenExpired,
    /// The merchant denied consent.
    ConsentDenied,
}

/// What clients have done wrong by one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Finding")]
#[non_exhaustive]
pub struct Finding {
    /// The name of the rule.
    pub rule: String,
    /// How serious it is.
    pub severity: Severity,
    /// The number of requests that break the rule.
    pub times: u64,
    /// What was observed.
    pub text: String,
    /// The numbers of the requests that break the rule, and of those that show it. At most the first
    /// 100 are kept.
    pub requests: Vec<u64>,
    /// What the client should do.
    pub help: String,
}

/// How serious a finding is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(title = "Severity")]
#[non_exhaustive]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// It may fail in production, or against the vendor's recommendations.
    Warning,
    /// It fails in production, or is insecure.
    Error,
}

impl Severity {
    /// Returns its name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Report {
    /// Returns the findings that are at least this serious.
    ///
    /// ```
    /// use smartpay_oauth_mock::{MockAuthServer, Severity};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let server = MockAuthServer::start().await;
    /// let report = server.report().await;
    /// assert_eq!(report.findings_from(Severity::Warning).count(), 0);
    /// # }
    /// ```
    pub fn findings_from(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.severity >= severity)
    }

    /// Asserts that there are no errors and no warnings. Findings that are only worth knowing, such as
    /// plain HTTP on a server without HTTPS, are allowed.
    ///
    /// # Panics
    ///
    /// If there is an error or a warning. The message has all of them.
    #[track_caller]
    pub fn assert_no_findings(&self) {
        let found: Vec<String> =
            self.findings_from(Severity::Warning).map(|finding| format!("\n  {finding}")).collect();

        assert!(found.is_empty(), "the report has {} findings:{}", found.len(), found.concat());
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, severity, times, text, requests, help } = self;
        write!(f, "{severity} {rule} ({times} times): {text}")?;
        if !requests.is_empty() {
            let numbers: Vec<String> = requests.iter().map(|id| format!("#{id}")).collect();
            write!(f, " Requests {}.", numbers.join(", "))?;
        }
        write!(f, " {help}")
    }
}
