//! A scenario with its progress, as users see it.

use std::time::SystemTime;

use schemars::JsonSchema;
use serde::Serialize;

use super::Scenario;
use crate::units::rfc3339;

/// A scenario and its progress.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ScenarioState {
    /// The scenario, with its name.
    #[serde(flatten)]
    pub scenario: Scenario,
    /// The number of requests that it has matched.
    pub matched: u64,
    /// The number of requests that it can still match; `null` if there is no limit. Zero once the
    /// time of `for` is over.
    pub remaining: Option<u64>,
    /// The time at which it ends by the realm's clock; `null` if it has no `for`.
    #[serde(serialize_with = "rfc3339::serialize_option")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub ends_at: Option<SystemTime>,
    /// The number of requests that it holds now.
    pub held: usize,
}
