//! Plays a realm's scenarios: finds the one that matches and hands out its steps, each once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::index::ScenarioIndex;
use super::outcome::{Barrier, RateWindow};
use super::{AfterLast, Outcome, RequestView, Responses, Scenario};
use crate::oauth::ErrorCode;

/// The scenarios in force, in the order in which they are asked.
#[derive(Debug, Default)]
pub(crate) struct ScenarioSet {
    index: RwLock<Arc<ScenarioIndex>>,
}

/// A scenario and how far it has got.
#[derive(Debug)]
pub(crate) struct ActiveScenario {
    name: String,
    scenario: Arc<Scenario>,
    /// Matches so far.
    matched: AtomicU64,
    barrier: Barrier,
    window: RateWindow,
    /// Where the draws of a `probability` with a `seed` come from.
    draws: Option<Mutex<StdRng>>,
}

/// The step that one request got.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    active: Arc<ActiveScenario>,
    /// `None` is the ordinary answer.
    step: Option<usize>,
}

/// What a request gets that names its scenario itself.
#[derive(Clone, Debug)]
pub(crate) enum Selection {
    Step(Step),
    /// The scenario is there, but has had all its matches.
    Spent,
}

impl Step {
    /// The scenario that decided.
    pub(crate) fn scenario(&self) -> &str {
        &self.active.name
    }

    /// What it decided; `None` is the ordinary answer.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.active.scenario.respond.outcomes().get(self.step?)
    }

    /// The requests that the scenario holds.
    pub(crate) fn barrier(&self) -> &Barrier {
        &self.active.barrier
    }

    /// The scenario's count of requests in a time.
    pub(crate) fn window(&self) -> &RateWindow {
        &self.active.window
    }
}

impl ScenarioSet {
    /// Starts over with these scenarios.
    pub(crate) fn replace(&self, scenarios: &[Arc<Scenario>]) {
        let active = scenarios.iter().enumerate().map(|(i, scenario)| {
            let name = scenario.name.clone().unwrap_or_else(|| format!("scenario-{}", i + 1));
            Arc::new(ActiveScenario::new(name, Arc::clone(scenario)))
        });
        let old = std::mem::replace(&mut *self.index.write(), ScenarioIndex::new(active.collect()));
        for active in old.iter() {
            active.barrier.release();
        }
    }

    /// Puts a scenario before all others, or in place of one of the same name.
    pub(crate) fn add(&self, scenario: Scenario) -> Arc<ActiveScenario> {
        let mut index = self.index.write();
        let name = scenario.name.clone().unwrap_or_else(|| unused_name(&index));
        let new = Arc::new(ActiveScenario::new(name.clone(), Arc::new(scenario)));
        let added = Arc::clone(&new);
        let replaced = index.iter().find(|one| one.name == name).cloned();
        let kept = index.iter().filter(|one| one.name != name).cloned();
        *index = ScenarioIndex::new(std::iter::once(new).chain(kept).collect());
        // Whoever the old one held would never be let go otherwise.
        if let Some(replaced) = replaced {
            replaced.barrier.release();
        }
        added
    }

    /// Takes a scenario out; whoever it holds goes on. `false`: there is none of this name.
    pub(crate) fn remove(&self, name: &str) -> bool {
        let mut index = self.index.write();
        let Some(found) = index.iter().find(|one| one.name == name).cloned() else {
            return false;
        };
        *index = ScenarioIndex::new(index.iter().filter(|one| one.name != name).cloned().collect());
        found.barrier.release();
        true
    }

    /// Takes this very scenario out, and not one that has taken its name since.
    pub(crate) fn remove_this(&self, active: &Arc<ActiveScenario>) {
        let mut index = self.index.write();
        *index = ScenarioIndex::new(
            index.iter().filter(|one| !Arc::ptr_eq(one, active)).cloned().collect(),
        );
        active.barrier.release();
    }

    /// Every scenario in its order.
    pub(crate) fn all(&self) -> Arc<ScenarioIndex> {
        Arc::clone(&self.index.read())
    }

    /// A scenario by its name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<ActiveScenario>> {
        self.index.read().iter().find(|active| active.name == name).cloned()
    }

    /// Whether a scenario in force wants to know the merchant, which takes some finding out.
    pub(crate) fn asks_for_merchant(&self) -> bool {
        self.index.read().asks_for_merchant()
    }

    /// The step of the first scenario that matches, taken so that nobody else gets it.
    pub(crate) fn take(&self, request: &RequestView<'_>) -> Option<Step> {
        let index = self.all();
        index
            .candidates(request)
            .filter(|active| active.scenario.when.matches(request))
            .find_map(ActiveScenario::take)
    }

    /// The step of the scenario that a request names itself, be it disabled; or the error that it
    /// names. `None`: there is neither.
    pub(crate) fn take_named(&self, name: &str) -> Option<Selection> {
        if let Some(active) = self.get(name) {
            return Some(active.take().map_or(Selection::Spent, Selection::Step));
        }
        match ErrorCode::from(name) {
            ErrorCode::Other(_) => None,
            code => {
                let scenario = Arc::new(Scenario::respond(Outcome::error(code)));
                let active = Arc::new(ActiveScenario::new(name.to_owned(), scenario));
                Some(Selection::Step(Step { active, step: Some(0) }))
            }
        }
    }
}

fn unused_name(active: &[Arc<ActiveScenario>]) -> String {
    let mut number = active.len() + 1;
    loop {
        let name = format!("scenario-{number}");
        if active.iter().all(|one| one.name != name) {
            return name;
        }
        number += 1;
    }
}

impl ActiveScenario {
    pub(super) fn new(name: String, scenario: Arc<Scenario>) -> Self {
        let draws = scenario.seed.map(|seed| Mutex::new(StdRng::seed_from_u64(seed)));
        Self {
            name,
            scenario,
            matched: AtomicU64::new(0),
            barrier: Barrier::default(),
            window: RateWindow::default(),
            draws,
        }
    }

    fn take(self: &Arc<Self>) -> Option<Step> {
        if !self.draw() {
            return None;
        }
        let left = |n: u64| self.scenario.times.is_none_or(|times| n < times).then_some(n + 1);
        let n = self.matched.fetch_update(Ordering::AcqRel, Ordering::Acquire, left).ok()?;
        Some(Step { active: Arc::clone(self), step: self.scenario.step(n) })
    }

    /// Whether this match takes part.
    fn draw(&self) -> bool {
        let probability = self.scenario.probability;
        if probability >= 1.0 {
            return true;
        }
        match &self.draws {
            Some(draws) => draws.lock().random::<f64>() < probability,
            None => rand::random::<f64>() < probability,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Matches so far.
    pub(crate) fn matched(&self) -> u64 {
        self.matched.load(Ordering::Acquire)
    }

    /// Matches that are left, if their number is limited.
    pub(crate) fn remaining(&self) -> Option<u64> {
        self.scenario.times.map(|times| times.saturating_sub(self.matched()))
    }

    /// The requests that it holds.
    pub(crate) fn barrier(&self) -> &Barrier {
        &self.barrier
    }
}

impl Scenario {
    /// TokenSelector outcome the match with this number (from 0) gets; `None` is the ordinary answer.
    fn step(&self, n: u64) -> Option<usize> {
        let length = match &self.respond {
            Responses::Always(_) => return Some(0),
            Responses::InOrder(outcomes) => outcomes.len(),
        };
        match usize::try_from(n).unwrap_or(usize::MAX) {
            n if n < length => Some(n),
            n => match self.then {
                AfterLast::Pass => None,
                AfterLast::Repeat => n.checked_rem(length),
                AfterLast::Last => length.checked_sub(1),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderMap;

    use super::super::Endpoint;

    fn take(script: &ScenarioSet) -> Option<Step> {
        script.take(&RequestView {
            endpoint: Endpoint::Token,
            client_id: None,
            headers: &HeaderMap::new(),
            param: &|_| None,
            merchant_id: None,
        })
    }

    fn script(scenarios: &str) -> ScenarioSet {
        let script = ScenarioSet::default();
        script.replace(&serde_json::from_str::<Vec<Arc<Scenario>>>(scenarios).unwrap());
        script
    }

    /// The codes that so many requests get; `-` is the ordinary answer, a space no scenario.
    fn codes(script: &ScenarioSet, requests: usize) -> String {
        let code = |step: Option<Step>| match step {
            None => " ".to_owned(),
            Some(step) => step
                .outcome()
                .and_then(|outcome| outcome.error.as_ref())
                .map_or("-".to_owned(), ToString::to_string),
        };
        (0..requests).map(|_| code(take(script))).collect()
    }

    #[test]
    fn a_list_is_taken_in_order_and_then_follows() {
        let list = r#"[{"respond":["pass",{"error":"a"},{"error":"b"}],"then":"THEN"}]"#;
        for (then, expected) in [("pass", "-ab---"), ("repeat", "-ab-ab"), ("last", "-abbbb")] {
            assert_eq!(codes(&script(&list.replace("THEN", then)), 6), expected, "{then}");
        }
    }

    #[test]
    fn one_outcome_is_the_same_every_time_until_it_is_spent() {
        assert_eq!(codes(&script(r#"[{"respond":{"error":"a"}}]"#), 3), "aaa");
        assert_eq!(codes(&script(r#"[{"respond":{"error":"a"},"times":2}]"#), 3), "aa ");
    }

    #[test]
    fn the_first_enabled_one_that_matches_and_is_not_spent_decides() {
        let script = script(
            r#"[{"respond":{"error":"x"},"enabled":false},
                {"respond":{"error":"y"},"when":{"code":"*"}},
                {"respond":{"error":"a"},"times":1},
                {"respond":{"error":"b"}}]"#,
        );
        assert_eq!(codes(&script, 3), "abb");
    }

    #[test]
    fn draws_with_a_seed_repeat() {
        let json = r#"[{"respond":{"error":"a"},"probability":0.5,"seed":42}]"#;
        let first = codes(&script(json), 40);
        assert_eq!(codes(&script(json), 40), first);
        assert!(first.contains('a') && first.contains(' '));
        let never = r#"[{"respond":{"error":"a"},"probability":0.0}]"#;
        assert_eq!(codes(&script(never), 5), "     ");
    }

    #[test]
    fn the_last_added_comes_first_and_takes_the_place_of_its_name() {
        let script = script(r#"[{"name":"x","respond":{"error":"a"}}]"#);
        assert_eq!(script.add(Scenario::respond(Outcome::error("b"))).name(), "scenario-2");
        assert_eq!(codes(&script, 1), "b");
        script.add(Scenario::respond(Outcome::error("c")).named("x"));
        assert_eq!((codes(&script, 1).as_str(), script.all().len()), ("c", 2));
        assert!(script.remove("x") && !script.remove("x"));
        assert_eq!(codes(&script, 1), "b");
    }

    #[test]
    fn a_request_may_name_a_scenario_or_an_error() {
        let script = script(r#"[{"name":"x","respond":{"error":"a"},"enabled":false,"times":1}]"#);
        let code = |name| match script.take_named(name)? {
            Selection::Step(step) => step.outcome()?.error.clone(),
            Selection::Spent => None,
        };
        assert_eq!(code("x"), Some("a".into()));
        assert_eq!(code("x"), None, "spent");
        assert_eq!(code("access_denied"), Some(ErrorCode::AccessDenied));
        assert!(script.take_named("nobody").is_none());
    }

    #[test]
    fn steps_are_taken_once_each_by_many_at_once() {
        let script = script(r#"[{"respond":{"error":"a"},"times":500}]"#);
        let taken = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..125 {
                        taken.fetch_add(take(&script).is_some().into(), Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(taken.into_inner(), 500);
        assert!(take(&script).is_none());
    }
}
