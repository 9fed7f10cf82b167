//! A scenario with its progress, as users see it.

use schemars::JsonSchema;
use serde::Serialize;

use super::Scenario;

/// A scenario and its progress.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ScenarioState {
    /// The scenario, with its name.
    #[serde(flatten)]
    pub scenario: Scenario,
    /// The number of requests that it has matched.
    pub matched: u64,
    /// The number of requests that it can still match; `null` if there is no limit.
    pub remaining: Option<u64>,
    /// The number of requests that it holds now.
    pub held: usize,
}
