//! The progress of a scenario, as users see it.

use std::time::{Duration, SystemTime};

use schemars::JsonSchema;
use serde::Serialize;

use super::{ActiveScenario, Scenario, ScenarioSet};
use crate::units::rfc3339;

/// A scenario in force, and its progress.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ScenarioState {
    /// The scenario, with its name.
    #[serde(flatten)]
    pub scenario: Scenario,
    /// The number of requests that it has matched.
    pub matched: u64,
    /// The number of requests that it can still match; null if there is no limit. Zero once the
    /// time of `for` is over.
    pub remaining: Option<u64>,
    /// The time at which it ends by the realm's clock; null if it has no `for`.
    #[serde(serialize_with = "rfc3339::serialize_option")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub ends_at: Option<SystemTime>,
    /// The number of requests that it holds now.
    pub held: usize,
}

impl ActiveScenario {
    /// Returns the scenario and its progress at a time of the realm's clock.
    pub(crate) fn state(&self, now_ms: i64) -> ScenarioState {
        ScenarioState {
            scenario: self.scenario().clone().name(self.name()),
            matched: self.matched(),
            remaining: self.remaining(now_ms),
            ends_at: self.ends_at_ms().map(time_from_ms),
            held: self.barrier().held(),
        }
    }
}

impl ScenarioSet {
    /// Returns every scenario and its progress, in the order in which they are tried.
    pub(crate) fn states(&self, now_ms: i64) -> Vec<ScenarioState> {
        self.all().iter().map(|active| active.state(now_ms)).collect()
    }
}

/// Returns a time of the realm's clock, which shows none before 1970.
fn time_from_ms(ms: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(ms.unsigned_abs())
}
