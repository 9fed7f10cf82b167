//! The scenarios of a realm.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use super::index::ScenarioIndex;
use super::{
    ActiveScenario, Candidate, Outcome, RequestView, Scenario, ScenarioList, ScenarioState, Step,
};
use crate::oauth::ErrorCode;

/// The scenarios of a realm, in the order in which they are tried.
#[derive(Debug, Default)]
pub(crate) struct ScenarioSet {
    scenarios: RwLock<Scenarios>,
    /// Those that were removed and had matched nothing.
    removed_unused: Mutex<Unused>,
}

/// Scenarios that have matched no request, by name.
type Unused = BTreeMap<String, Arc<Scenario>>;

/// The maximum number of removed scenarios that are remembered.
const MAX_UNUSED: usize = 1_000;

#[derive(Debug, Default)]
struct Scenarios {
    index: ScenarioIndex,
    /// The number of the last scenario that was named by its number.
    last_number: usize,
}

/// The error when a request names a scenario that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownScenario;

impl ScenarioSet {
    /// Replaces all scenarios and releases the requests that they hold. Those with a `for` start
    /// now.
    pub(crate) fn replace(&self, scenarios: &[Arc<Scenario>], now_ms: i64) {
        let given: HashSet<&str> = scenarios.iter().filter_map(|it| it.name.as_deref()).collect();
        let mut last_number = scenarios.len();

        let active = scenarios.iter().enumerate().map(|(i, scenario)| {
            let mut name = scenario.name.clone().unwrap_or_else(|| default_name(i + 1));
            // Another scenario may have been given the name that this one would get.
            while scenario.name.is_none() && given.contains(name.as_str()) {
                last_number += 1;
                name = default_name(last_number);
            }
            Arc::new(ActiveScenario::new(name, Arc::clone(scenario), now_ms))
        });
        let new = Scenarios { index: ScenarioIndex::new(active), last_number };

        let old = std::mem::replace(&mut *self.scenarios.write(), new);
        // Nothing else would ever release the requests that the old ones hold.
        for active in old.index.iter() {
            active.barrier().release();
            self.remember_if_unused(active);
        }
    }

    /// Adds a scenario before all others, or replaces the one of the same name.
    pub(crate) fn add(&self, scenario: Scenario, now_ms: i64) -> Arc<ActiveScenario> {
        let mut scenarios = self.scenarios.write();
        let name = scenario.name.clone().unwrap_or_else(|| scenarios.unused_name());
        let added = Arc::new(ActiveScenario::new(name, Arc::new(scenario), now_ms));

        if let Some(replaced) = scenarios.index.add_first(Arc::clone(&added)) {
            replaced.barrier().release();
        }
        drop(scenarios);

        // A scenario of this name is in force again.
        self.removed_unused.lock().remove(added.name());
        added
    }

    /// Removes a scenario and releases the requests that it holds. Returns whether it existed.
    pub(crate) fn remove(&self, name: &str) -> bool {
        let removed = self.scenarios.write().index.remove(name);
        if let Some(removed) = &removed {
            removed.barrier().release();
            self.remember_if_unused(removed);
        }
        removed.is_some()
    }

    /// Removes this very scenario, but not one that has replaced it under its name.
    pub(crate) fn remove_this(&self, scenario: &Arc<ActiveScenario>) {
        let index = &mut self.scenarios.write().index;
        if index.get(scenario.name()).is_some_and(|active| active.is_same(scenario)) {
            index.remove(scenario.name());
            self.remember_if_unused(scenario);
        }
        // A request that took its step earlier may have been held after the replacement.
        scenario.barrier().release();
    }

    fn remember_if_unused(&self, removed: &ActiveScenario) {
        let mut unused = self.removed_unused.lock();
        if removed.matched() == 0 && unused.len() < MAX_UNUSED {
            unused.insert(removed.name().to_owned(), removed.shared_scenario());
        }
    }

    /// Returns the scenarios that have matched no request, also those that were removed.
    pub(crate) fn unused(&self) -> Unused {
        let mut unused = self.removed_unused.lock().clone();
        for active in self.all() {
            if active.matched() == 0 {
                unused.insert(active.name().to_owned(), active.shared_scenario());
            }
        }
        unused
    }

    /// Forgets the scenarios that were removed.
    pub(crate) fn forget_unused(&self) {
        self.removed_unused.lock().clear();
    }

    /// Enables or disables a scenario, which keeps its place and its progress. Returns it, if it exists.
    pub(crate) fn set_enabled(&self, name: &str, enabled: bool) -> Option<Arc<ActiveScenario>> {
        let index = &mut self.scenarios.write().index;
        let changed = Arc::new(index.get(name)?.with_enabled(enabled));
        index.replace(Arc::clone(&changed));
        Some(changed)
    }

    /// Returns every scenario and its progress, in the order in which they are tried.
    pub(crate) fn states(&self, now_ms: i64) -> Vec<ScenarioState> {
        self.all().iter().map(|active| active.state(now_ms)).collect()
    }

    /// Returns the scenarios as a shared store keeps them.
    pub(crate) fn list(&self) -> ScenarioList {
        let scenarios = self.scenarios.read();
        let removed_unused = self.removed_unused.lock().clone();
        ScenarioList::new(&scenarios.index, scenarios.last_number, removed_unused)
    }

    /// Replaces the scenarios by those of a shared store.
    pub(crate) fn restore(&self, list: &ScenarioList) {
        let new = Scenarios { index: list.index(), last_number: list.last_number };
        *self.scenarios.write() = new;
        self.removed_unused.lock().clone_from(&list.removed_unused);
    }

    /// Returns all scenarios, in the order in which they are tried.
    pub(crate) fn all(&self) -> Vec<Arc<ActiveScenario>> {
        self.scenarios.read().index.iter().cloned().collect()
    }

    /// Returns a scenario by its name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<ActiveScenario>> {
        self.scenarios.read().index.get(name).cloned()
    }

    /// Returns whether a scenario has a condition on the merchant, which costs a look-up.
    pub(crate) fn needs_merchant(&self) -> bool {
        self.scenarios.read().index.needs_merchant()
    }

    /// Takes the next step of the first scenario that matches, so that no other request gets it.
    pub(crate) fn take(&self, request: &RequestView<'_>, now_ms: i64) -> Option<Step> {
        // Other requests can read meanwhile. An edit waits, but only until the patterns are matched.
        let scenarios = self.scenarios.read();
        scenarios
            .index
            .candidates(request)
            .filter(|active| active.scenario().when.matches(request))
            .find_map(|active| active.take(now_ms))
    }

    /// Returns the scenarios that a request matches, for a shared store to take the step of the first one
    /// that is not exhausted.
    pub(crate) fn candidates(&self, request: &RequestView<'_>, now_ms: i64) -> Vec<Candidate> {
        let scenarios = self.scenarios.read();
        scenarios
            .index
            .candidates(request)
            .filter(|active| !active.has_ended(now_ms) && active.scenario().when.matches(request))
            .filter_map(Candidate::of)
            .collect()
    }

    /// Returns the candidate for the scenario with this name, even if it is disabled.
    pub(crate) fn named_candidate(&self, name: &str, now_ms: i64) -> Option<Vec<Candidate>> {
        let active = self.get(name)?;
        let candidate = Candidate::of(&active).filter(|_| !active.has_ended(now_ms));
        Some(candidate.into_iter().collect())
    }

    /// Takes the next step of the scenario with this name, even if it is disabled, or a step with
    /// the error code of this name. Returns `None` if the scenario has no matches or no time left.
    pub(crate) fn take_named(
        &self,
        name: &str,
        now_ms: i64,
    ) -> Result<Option<Step>, UnknownScenario> {
        match self.get(name) {
            Some(active) => Ok(active.take(now_ms)),
            None => Self::take_error(name, now_ms),
        }
    }

    /// Takes a step with the error code of this name.
    pub(crate) fn take_error(name: &str, now_ms: i64) -> Result<Option<Step>, UnknownScenario> {
        match ErrorCode::from(name) {
            ErrorCode::Other(_) => Err(UnknownScenario),
            // A scenario for this request only, which is not added to the set.
            code => {
                let scenario = Arc::new(Scenario::respond(Outcome::error(code)));
                let active = Arc::new(ActiveScenario::new(name.to_owned(), scenario, now_ms));
                Ok(active.take(now_ms))
            }
        }
    }
}

impl Scenarios {
    /// Returns a name for a scenario without one. No number comes twice, so there is no search.
    fn unused_name(&mut self) -> String {
        loop {
            self.last_number += 1;
            let name = default_name(self.last_number);
            if self.index.get(&name).is_none() {
                return name;
            }
        }
    }
}

fn default_name(number: usize) -> String {
    format!("scenario-{number}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Endpoint;
    use axum::http::HeaderMap;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn take(set: &ScenarioSet) -> Option<Step> {
        take_at(set, 0)
    }

    fn take_at(set: &ScenarioSet, now_ms: i64) -> Option<Step> {
        let request = RequestView {
            endpoint: Endpoint::Token,
            method: "POST",
            path: "/oauth2/v3/token",
            client_id: None,
            headers: &HeaderMap::new(),
            param: &|_| None,
            merchant_id: None,
        };
        set.take(&request, now_ms)
    }

    fn scenario_set(scenarios: &str) -> ScenarioSet {
        let set = ScenarioSet::default();
        set.replace(&serde_json::from_str::<Vec<Arc<Scenario>>>(scenarios).unwrap(), 0);
        set
    }

    /// The error codes that the next requests get. `-` is the ordinary response, a space no scenario.
    fn codes(set: &ScenarioSet, requests: usize) -> String {
        let code = |step: Option<Step>| match step {
            None => " ".to_owned(),
            Some(step) => step
                .outcome()
                .and_then(|outcome| outcome.error.as_ref())
                .map_or("-".to_owned(), ToString::to_string),
        };
        (0..requests).map(|_| code(take(set))).collect()
    }

    #[test]
    fn a_list_is_taken_in_order_and_then_continues_as_then_says() {
        let list = r#"[{"respond":["pass",{"error":"a"},{"error":"b"}],"then":"THEN"}]"#;
        for (then, expected) in [("pass", "-ab---"), ("repeat", "-ab-ab"), ("last", "-abbbb")] {
            assert_eq!(codes(&scenario_set(&list.replace("THEN", then)), 6), expected, "{then}");
        }
    }

    #[test]
    fn one_outcome_is_repeated_up_to_the_limit_of_matches() {
        assert_eq!(codes(&scenario_set(r#"[{"respond":{"error":"a"}}]"#), 3), "aaa");
        assert_eq!(codes(&scenario_set(r#"[{"respond":{"error":"a"},"times":2}]"#), 3), "aa ");
    }

    #[test]
    fn the_first_enabled_scenario_that_matches_and_is_not_exhausted_wins() {
        let set = scenario_set(
            r#"[{"respond":{"error":"x"},"enabled":false},
                {"respond":{"error":"y"},"when":{"code":"*"}},
                {"respond":{"error":"a"},"times":1},
                {"respond":{"error":"b"}}]"#,
        );
        assert_eq!(codes(&set, 3), "abb");
    }

    #[test]
    fn a_scenario_ends_after_its_time_even_for_requests_that_name_it() {
        let set = scenario_set(r#"[{"name":"x","respond":{"error":"a"},"for":"30s","times":9}]"#);
        let remaining = |now_ms| set.get("x").unwrap().remaining(now_ms);

        assert!(take_at(&set, 29_999).is_some());
        assert_eq!(remaining(29_999), Some(8));
        assert!(take_at(&set, 30_000).is_none());
        assert!(matches!(set.take_named("x", 30_000), Ok(None)));
        assert_eq!(remaining(30_000), Some(0));

        let scenario = set.get("x").unwrap().scenario().clone().name("x");
        set.add(scenario, 30_000);
        assert!(take_at(&set, 59_999).is_some(), "added again, its time starts anew");
    }

    #[test]
    fn draws_with_the_same_seed_repeat() {
        let json = r#"[{"respond":{"error":"a"},"probability":0.5,"seed":42}]"#;
        let first = codes(&scenario_set(json), 40);
        assert_eq!(codes(&scenario_set(json), 40), first);
        assert!(first.contains('a') && first.contains(' '));
        let never = r#"[{"respond":{"error":"a"},"probability":0.0}]"#;
        assert_eq!(codes(&scenario_set(never), 5), "     ");
    }

    #[test]
    fn an_added_scenario_comes_first_and_replaces_one_of_the_same_name() {
        let set = scenario_set(r#"[{"name":"x","respond":{"error":"a"}}]"#);
        assert_eq!(set.add(Scenario::respond(Outcome::error("b")), 0).name(), "scenario-2");
        assert_eq!(codes(&set, 1), "b");
        set.add(Scenario::respond(Outcome::error("c")).name("x"), 0);
        assert_eq!((codes(&set, 1).as_str(), set.all().iter().len()), ("c", 2));
        assert!(set.remove("x") && !set.remove("x"));
        assert_eq!(codes(&set, 1), "b");
    }

    #[test]
    fn a_scenario_without_a_name_gets_one_that_no_other_has() {
        let set = scenario_set(
            r#"[{"name":"scenario-2","respond":"pass"},{"respond":"pass"},{"respond":"pass"}]"#,
        );
        set.add(Scenario::respond(Outcome::pass()).name("scenario-6"), 0);
        set.add(Scenario::respond(Outcome::pass()), 0);
        set.add(Scenario::respond(Outcome::pass()), 0);

        let names: Vec<String> = set.all().iter().map(|active| active.name().to_owned()).collect();
        let expected =
            ["scenario-7", "scenario-5", "scenario-6", "scenario-2", "scenario-4", "scenario-3"];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_request_can_name_a_scenario_or_an_error_code() {
        let set =
            scenario_set(r#"[{"name":"x","respond":{"error":"a"},"enabled":false,"times":1}]"#);
        let code = |name| set.take_named(name, 0).unwrap()?.outcome()?.error.clone();
        assert_eq!(code("x"), Some("a".into()));
        assert_eq!(code("x"), None, "exhausted");
        assert_eq!(code("access_denied"), Some(ErrorCode::AccessDenied));
        assert_eq!(set.take_named("nobody", 0).err(), Some(UnknownScenario));
    }

    #[test]
    fn concurrent_requests_take_each_step_once() {
        let set = scenario_set(r#"[{"respond":{"error":"a"},"times":500}]"#);
        let taken = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..125 {
                        taken.fetch_add(take(&set).is_some().into(), Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(taken.into_inner(), 500);
        assert!(take(&set).is_none());
    }
}
