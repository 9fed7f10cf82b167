//! A scenario that a request matches, as a shared store needs it to take its step.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::{ActiveScenario, AfterLast, RateLimit, Responses, Scenario};

/// A scenario that a request matches, with what decides whether and how it applies. The store has the
/// progress.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Candidate {
    id: String,
    /// The length of the list of outcomes; 0 means one outcome for every match.
    outcomes: usize,
    after: AfterLast,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
    /// The outcomes with a rate limit, by their number from 1.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    limits: BTreeMap<usize, Limit>,
    /// The draws for a `probability` with a `seed`, as `1` and `0`, and the number of the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    draws: Option<String>,
    from: u64,
    /// Whether it applies only if the token of the request is active, or only if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
    #[serde(skip)]
    pub(crate) scenario: Arc<ActiveScenario>,
}

/// A rate limit, with its window in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
struct Limit {
    requests: u64,
    per: i64,
}

impl Candidate {
    /// Returns the candidate for a scenario, unless a draw without a seed excludes it.
    pub(super) fn of(active: &Arc<ActiveScenario>) -> Option<Self> {
        let scenario = active.scenario();
        let from = active.drawn();
        let draws = match scenario.seed {
            _ if scenario.probability >= 1.0 => None,
            None if rand::random::<f64>() >= scenario.probability => return None,
            None => None,
            Some(_) => {
                active.seeded_draws().map(|draws| draws.lock().window(from, scenario.probability))
            }
        };

        Some(Self {
            id: active.id().to_owned(),
            outcomes: match &scenario.respond {
                Responses::Always(_) => 0,
                Responses::InOrder(outcomes) => outcomes.len(),
            },
            after: scenario.then,
            times: scenario.times,
            limits: limits(scenario),
            draws,
            from,
            active: None,
            scenario: Arc::clone(active),
        })
    }
}

fn limits(scenario: &Scenario) -> BTreeMap<usize, Limit> {
    let limit = |RateLimit { requests, per }: RateLimit| Limit { requests, per: per.as_ms() };
    let outcomes = (1..).zip(scenario.respond.outcomes());
    outcomes.filter_map(|(number, outcome)| Some((number, limit(outcome.rate_limit?)))).collect()
}

impl Candidate {
    /// Returns the candidate for requests whose token is active, or for those whose token is not.
    pub(crate) fn if_active(self, active: bool) -> Self {
        Self { active: Some(active), ..self }
    }
}
