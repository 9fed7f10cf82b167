//! Plays a realm's scenarios: finds the one that matches and hands out its steps, each once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;

use super::{Outcome, Respond, Scenario, Sighting, Then};

/// The scenarios in force, in the order in which they are asked.
#[derive(Debug, Default)]
pub(crate) struct Script {
    playing: RwLock<Arc<[Arc<Playing>]>>,
}

/// A scenario and how far it has got.
#[derive(Debug)]
pub(crate) struct Playing {
    name: String,
    scenario: Arc<Scenario>,
    /// Matches so far.
    matched: AtomicU64,
}

/// The step that one request got.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    playing: Arc<Playing>,
    /// `None` is the ordinary answer.
    step: Option<usize>,
}

impl Turn {
    /// The scenario that decided.
    pub(crate) fn scenario(&self) -> &str {
        &self.playing.name
    }

    /// What it decided; `None` is the ordinary answer.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.playing.scenario.respond.outcomes().get(self.step?)
    }
}

impl Script {
    /// Starts over with these scenarios.
    pub(crate) fn replace(&self, scenarios: &[Arc<Scenario>]) {
        let playing = scenarios.iter().enumerate().map(|(i, scenario)| {
            let name = scenario.name.clone().unwrap_or_else(|| format!("scenario-{}", i + 1));
            Arc::new(Playing { name, scenario: Arc::clone(scenario), matched: AtomicU64::new(0) })
        });
        *self.playing.write() = playing.collect();
    }

    /// Whether a scenario in force wants to know the merchant, which takes some finding out.
    pub(crate) fn asks_for_merchant(&self) -> bool {
        let playing = self.playing.read();
        playing.iter().any(|playing| {
            let alternatives = playing.scenario.when.alternatives();
            playing.scenario.enabled && alternatives.iter().any(|when| when.merchant_id.is_some())
        })
    }

    /// The step of the first scenario that matches, taken so that nobody else gets it.
    pub(crate) fn take(&self, request: &Sighting<'_>) -> Option<Turn> {
        let playing = Arc::clone(&self.playing.read());
        playing
            .iter()
            .filter(|playing| playing.scenario.enabled && playing.scenario.when.matches(request))
            .find_map(Playing::take)
    }
}

impl Playing {
    fn take(self: &Arc<Self>) -> Option<Turn> {
        let left = |n: u64| self.scenario.times.is_none_or(|times| n < times).then_some(n + 1);
        let n = self.matched.fetch_update(Ordering::AcqRel, Ordering::Acquire, left).ok()?;
        Some(Turn { playing: Arc::clone(self), step: self.scenario.step(n) })
    }
}

impl Scenario {
    /// Which outcome the match with this number (from 0) gets; `None` is the ordinary answer.
    fn step(&self, n: u64) -> Option<usize> {
        let length = match &self.respond {
            Respond::Always(_) => return Some(0),
            Respond::InOrder(outcomes) => outcomes.len(),
        };
        match usize::try_from(n).unwrap_or(usize::MAX) {
            n if n < length => Some(n),
            n => match self.then {
                Then::Pass => None,
                Then::Repeat => n.checked_rem(length),
                Then::Last => length.checked_sub(1),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderMap;

    use super::super::Endpoint;

    fn take(script: &Script) -> Option<Turn> {
        script.take(&Sighting {
            endpoint: Endpoint::Token,
            client_id: None,
            headers: &HeaderMap::new(),
            param: &|_| None,
            merchant_id: None,
        })
    }

    fn script(scenarios: &str) -> Script {
        let script = Script::default();
        script.replace(&serde_json::from_str::<Vec<Arc<Scenario>>>(scenarios).unwrap());
        script
    }

    /// The codes that so many requests get; `-` is the ordinary answer, a space no scenario.
    fn codes(script: &Script, requests: usize) -> String {
        let code = |turn: Option<Turn>| match turn {
            None => " ".to_owned(),
            Some(turn) => turn
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
