//! A scenario with its progress, as users see it.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ActiveScenario, Scenario, ScenarioSet};

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

impl ActiveScenario {
    /// Returns the scenario and its progress.
    pub(crate) fn state(&self) -> ScenarioState {
        ScenarioState {
            scenario: self.scenario().clone().name(self.name()),
            matched: self.matched(),
            remaining: self.remaining(),
            held: self.barrier().held(),
        }
    }
}

impl ScenarioSet {
    /// Returns every scenario and its progress, in the order in which they are tried.
    pub(crate) fn states(&self) -> Vec<ScenarioState> {
        self.all().iter().map(|active| active.state()).collect()
    }
}
