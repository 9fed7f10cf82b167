//! A scenario of a realm together with its progress.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::draws::SeededDraws;
use super::outcome::{Barrier, RateWindow};
use super::{Outcome, Phase, RateLimit, Scenario, ScenarioState};
use crate::clock;

/// A scenario and its progress.
#[derive(Debug)]
pub(crate) struct ActiveScenario {
    name: String,
    scenario: Arc<Scenario>,
    progress: Arc<Progress>,
}

/// What a scenario has done so far.
#[derive(Debug)]
struct Progress {
    /// Tells the scenario from another one that replaces it under its name.
    id: String,
    /// The number of draws so far that a shared store has reported.
    drawn: AtomicU64,
    /// The time at which it ends by the realm's clock, if the scenario has a `for`.
    ends_at_ms: Option<i64>,
    /// The number of matches so far.
    matched: AtomicU64,
    barrier: Barrier,
    window: RateWindow,
    /// The generators for `probability`, if the scenario has a `seed`. They are boxed, since few have one.
    seeded: Option<Box<Seeded>>,
}

/// The generators of a seed, which make the same draws.
#[derive(Debug)]
struct Seeded {
    rng: Mutex<StdRng>,
    /// The draws at any position, where a shared store counts them.
    draws: Mutex<SeededDraws>,
}

impl Seeded {
    fn new(seed: u64) -> Self {
        Self {
            rng: Mutex::new(StdRng::seed_from_u64(seed)),
            draws: Mutex::new(SeededDraws::new(seed)),
        }
    }
}

/// The outcome of a scenario for one request.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    active: Arc<ActiveScenario>,
    /// The index of the outcome. `None` is the ordinary response.
    index: Option<usize>,
    /// Whether the rate limit is exceeded, if a shared store has counted the request: the milliseconds
    /// until the next window, or 0.
    counted: Option<i64>,
}

impl Step {
    /// Returns the name of the scenario.
    pub(crate) fn scenario(&self) -> &str {
        &self.active.name
    }

    /// Returns the outcome. `None` is the ordinary response.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.active.scenario.respond.outcomes().get(self.index?)
    }

    /// Whether the request stores nothing: a fault before it takes effect makes it a dry run, for
    /// which the response is made.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.outcome()
            .is_some_and(|outcome| outcome.phase == Phase::Before && outcome.fault.is_some())
    }

    /// Returns the barrier that holds the scenario's requests.
    pub(crate) fn barrier(&self) -> &Barrier {
        &self.active.progress.barrier
    }

    /// Counts the request for the rate limit of its outcome. If it exceeds the limit, returns the whole
    /// seconds until the next window as an error.
    pub(crate) fn count(&self, limit: RateLimit, now_ms: i64) -> Result<(), i64> {
        match self.counted {
            None => self.active.progress.window.count(limit, now_ms),
            Some(0) => Ok(()),
            Some(left_ms) => Err((left_ms + 999) / 1000),
        }
    }

    /// Returns a step that a shared store has taken: the number of its outcome from 1, or 0 for the
    /// ordinary response, and the milliseconds for which its rate limit is exceeded.
    pub(crate) fn taken(active: &Arc<ActiveScenario>, number: usize, limited_ms: i64) -> Self {
        Self { active: Arc::clone(active), index: number.checked_sub(1), counted: Some(limited_ms) }
    }

    /// Returns the ID of the scenario.
    pub(crate) fn scenario_id(&self) -> &str {
        self.active.id()
    }
}

impl ActiveScenario {
    /// Puts a scenario in force at `now_ms` of the realm's clock.
    pub(super) fn new(name: String, scenario: Arc<Scenario>, now_ms: i64) -> Self {
        let ends_at_ms =
            scenario.for_duration.map(|duration| now_ms.saturating_add(duration.as_ms()));
        let id = format!("{:016x}", rand::random::<u64>());
        Self::restored(name, scenario, id, ends_at_ms)
    }

    /// Puts a scenario in force that a shared store has, with its ID and its end.
    pub(super) fn restored(
        name: String,
        scenario: Arc<Scenario>,
        id: String,
        ends_at_ms: Option<i64>,
    ) -> Self {
        let progress = Progress {
            id,
            drawn: AtomicU64::new(0),
            ends_at_ms,
            matched: AtomicU64::new(0),
            barrier: Barrier::default(),
            window: RateWindow::default(),
            seeded: scenario.seed.map(|seed| Box::new(Seeded::new(seed))),
        };
        Self { name, scenario, progress: Arc::new(progress) }
    }

    /// Returns the scenario, enabled or not, with the progress that it has made.
    pub(super) fn with_enabled(&self, enabled: bool) -> Self {
        Self {
            name: self.name.clone(),
            scenario: Arc::new(Scenario { enabled, ..Scenario::clone(&self.scenario) }),
            progress: Arc::clone(&self.progress),
        }
    }

    /// Returns whether both are the same scenario, enabled or not, and not one that has replaced it
    /// under its name.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.progress, &other.progress)
    }

    /// Counts a match and returns its step. Returns `None` if the request does not count by
    /// `probability`, or if no matches or no time are left.
    pub(super) fn take(self: &Arc<Self>, now_ms: i64) -> Option<Step> {
        if self.has_ended(now_ms) || !self.draw() {
            return None;
        }

        // One atomic update, so that no two requests get the same step.
        let next = |n: u64| self.scenario.times.is_none_or(|times| n < times).then_some(n + 1);
        let n =
            self.progress.matched.fetch_update(Ordering::AcqRel, Ordering::Acquire, next).ok()?;
        Some(Step {
            active: Arc::clone(self),
            index: self.scenario.outcome_index(n),
            counted: None,
        })
    }

    /// Returns what tells the scenario from another one of its name.
    pub(crate) fn id(&self) -> &str {
        &self.progress.id
    }

    /// Returns when it ends by the realm's clock, if it has a `for`.
    pub(super) fn ends_at_ms(&self) -> Option<i64> {
        self.progress.ends_at_ms
    }

    /// Returns the number of draws so far, as far as it is known.
    pub(super) fn drawn(&self) -> u64 {
        self.progress.drawn.load(Ordering::Relaxed)
    }

    /// Returns the draws that a shared store counts, if the scenario has a seed.
    pub(super) fn seeded_draws(&self) -> Option<&Mutex<SeededDraws>> {
        self.progress.seeded.as_deref().map(|seeded| &seeded.draws)
    }

    /// Notes the number of draws in a shared store.
    pub(crate) fn set_drawn(&self, drawn: u64) {
        self.progress.drawn.store(drawn, Ordering::Relaxed);
    }

    /// Notes the progress in a shared store: the number of matches, and of held requests.
    pub(crate) fn set_progress(&self, matched: u64, held: usize) {
        self.progress.matched.store(matched, Ordering::Release);
        self.progress.barrier.set_held(held);
    }

    /// Whether its time is over.
    pub(super) fn has_ended(&self, now_ms: i64) -> bool {
        self.progress.ends_at_ms.is_some_and(|end_ms| now_ms >= end_ms)
    }

    /// Draws whether a matching request counts as a match.
    fn draw(&self) -> bool {
        let probability = self.scenario.probability;
        if probability >= 1.0 {
            return true;
        }

        let drawn: f64 = match &self.progress.seeded {
            Some(seeded) => seeded.rng.lock().random(),
            None => rand::random(),
        };
        drawn < probability
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    pub(super) fn shared_scenario(&self) -> Arc<Scenario> {
        Arc::clone(&self.scenario)
    }

    /// Returns the number of matches so far.
    pub(crate) fn matched(&self) -> u64 {
        self.progress.matched.load(Ordering::Acquire)
    }

    /// Returns the scenario and its progress at a time of the realm's clock.
    pub(crate) fn state(&self, now_ms: i64) -> ScenarioState {
        ScenarioState {
            scenario: Scenario::clone(&self.scenario).name(self.name()),
            matched: self.matched(),
            remaining: self.remaining(now_ms),
            ends_at: self.progress.ends_at_ms.map(clock::from_ms),
            held: self.progress.barrier.held(),
        }
    }

    /// Returns the number of matches left at a time, if it is limited.
    pub(crate) fn remaining(&self, now_ms: i64) -> Option<u64> {
        if self.has_ended(now_ms) {
            return Some(0);
        }
        self.scenario.times.map(|times| times.saturating_sub(self.matched()))
    }

    /// Returns the barrier that holds its requests.
    pub(crate) fn barrier(&self) -> &Barrier {
        &self.progress.barrier
    }
}
