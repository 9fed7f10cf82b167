//! Finds the scenarios that a request might match, without trying all of them.
//!
//! A test suite may have a thousand scenarios, each for its own code, client or header. So each
//! scenario is filed under one of its conditions, and a request looks only at the scenarios whose
//! condition it meets.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use axum::http::HeaderName;

use super::{ActiveScenario, CORRELATION_ID, Pattern, RequestView, When};

/// Where a scenario stands in the order. New ones come first, so they get ever lower positions.
type Position = i64;
type Positions = BTreeSet<Position>;

/// The active scenarios in the order in which they are tried. Adding and removing one takes the same
/// time however many there are.
#[derive(Debug, Default)]
pub(super) struct ScenarioIndex {
    scenarios: BTreeMap<Position, Arc<ActiveScenario>>,
    by_name: HashMap<String, Position>,
    /// The number of conditions on the merchant in enabled scenarios.
    merchant_conditions: usize,
    /// Enabled scenarios by one of their conditions: its kind, and the value that meets it.
    filed: HashMap<Kind, HashMap<Box<str>, Positions>>,
}

/// What scenarios can be filed under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Code,
    RefreshToken,
    CorrelationId,
    ClientId,
    MerchantId,
    GrantType,
    Path,
    /// The name of a header that must be present.
    Header,
    /// The name of a parameter that must be present.
    Param,
    /// No condition, with the empty value.
    Other,
}

impl ScenarioIndex {
    /// Creates an index of scenarios with different names.
    pub(super) fn new(scenarios: impl IntoIterator<Item = Arc<ActiveScenario>>) -> Self {
        let mut index = Self::default();
        for (active, position) in scenarios.into_iter().zip(0..) {
            index.insert(active, position);
        }
        index
    }

    /// Adds a scenario before all others. Returns the one of the same name, which it replaces.
    pub(super) fn add_first(&mut self, active: Arc<ActiveScenario>) -> Option<Arc<ActiveScenario>> {
        let replaced = self.remove(active.name());
        let first = self.scenarios.first_key_value().map_or(0, |(position, _)| *position);
        self.insert(active, first - 1);
        replaced
    }

    /// Puts a scenario in the place of the one with the same name.
    pub(super) fn replace(&mut self, active: Arc<ActiveScenario>) {
        if let Some(position) = self.by_name.get(active.name()).copied() {
            self.remove(active.name());
            self.insert(active, position);
        }
    }

    /// Removes a scenario.
    pub(super) fn remove(&mut self, name: &str) -> Option<Arc<ActiveScenario>> {
        let position = self.by_name.remove(name)?;
        let removed = self.scenarios.remove(&position)?;

        for when in enabled_conditions(&removed) {
            self.merchant_conditions -= usize::from(when.merchant_id.is_some());
            self.unfile(&key_of(when), position);
        }
        Some(removed)
    }

    fn insert(&mut self, active: Arc<ActiveScenario>, position: Position) {
        for when in enabled_conditions(&active) {
            self.merchant_conditions += usize::from(when.merchant_id.is_some());
            let (kind, value) = key_of(when);
            self.filed.entry(kind).or_default().entry(value).or_default().insert(position);
        }

        self.by_name.insert(active.name().to_owned(), position);
        self.scenarios.insert(position, active);
    }

    fn unfile(&mut self, (kind, value): &(Kind, Box<str>), position: Position) {
        let Some(by_value) = self.filed.get_mut(kind) else { return };
        let Some(positions) = by_value.get_mut(value) else { return };

        positions.remove(&position);
        if positions.is_empty() {
            by_value.remove(value);
        }
    }

    /// Returns a scenario by its name.
    pub(super) fn get(&self, name: &str) -> Option<&Arc<ActiveScenario>> {
        self.scenarios.get(self.by_name.get(name)?)
    }

    /// Returns all scenarios, also those that are disabled.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<ActiveScenario>> {
        self.scenarios.values()
    }

    /// Whether an enabled scenario has a condition on the merchant.
    pub(super) fn needs_merchant(&self) -> bool {
        self.merchant_conditions > 0
    }

    /// Returns the scenarios that a request might match, in their order.
    pub(super) fn candidates(
        &self,
        request: &RequestView<'_>,
    ) -> impl Iterator<Item = &Arc<ActiveScenario>> {
        let mut positions = Vec::new();

        let values = [
            (Kind::Other, Some("")),
            (Kind::Code, request.param("code")),
            (Kind::RefreshToken, request.param("refresh_token")),
            (Kind::ClientId, request.client_id),
            (Kind::MerchantId, request.merchant_id),
            (Kind::Path, Some(request.path)),
            (Kind::GrantType, request.param("grant_type")),
        ];
        for (kind, value) in values {
            positions.extend(value.into_iter().flat_map(|value| self.filed_under(kind, value)));
        }
        for id in request.headers.get_all(CORRELATION_ID) {
            let id = String::from_utf8_lossy(id.as_bytes());
            positions.extend(self.filed_under(Kind::CorrelationId, &id));
        }

        if let Some(by_header) = self.filed.get(&Kind::Header) {
            let names = request.headers.keys();
            positions.extend(names.filter_map(|name| by_header.get(name.as_str())).flatten());
        }

        let by_param = self.filed.get(&Kind::Param).into_iter().flatten();
        let found = by_param.filter(|(name, _)| request.param(name).is_some());
        positions.extend(found.flat_map(|(_, positions)| positions));

        // A scenario with alternatives is filed once for each of them.
        positions.sort_unstable();
        positions.dedup();
        positions.into_iter().filter_map(|position| self.scenarios.get(&position))
    }

    /// Returns the scenarios with a condition that this value meets.
    fn filed_under(&self, kind: Kind, value: &str) -> impl Iterator<Item = &Position> {
        let found = self.filed.get(&kind).and_then(|by_value| by_value.get(value));
        found.into_iter().flatten()
    }
}

/// Returns the alternatives of a scenario. A disabled one matches nothing.
fn enabled_conditions(active: &ActiveScenario) -> &[When] {
    let scenario = active.scenario();
    if scenario.enabled { scenario.when.alternatives() } else { &[] }
}

/// Returns the condition that the fewest requests meet, with the value that meets it.
fn key_of(when: &When) -> (Kind, Box<str>) {
    let rare = [
        (Kind::Code, &when.code),
        (Kind::RefreshToken, &when.refresh_token),
        (Kind::CorrelationId, &when.correlation_id),
    ];
    let common = [
        (Kind::MerchantId, &when.merchant_id),
        (Kind::ClientId, &when.client_id),
        (Kind::Path, &when.path),
        (Kind::GrantType, &when.grant_type),
    ];
    let mut headers = when.headers().filter_map(|(name, _)| name.parse::<HeaderName>().ok());
    // Nearly every token request has a grant_type, so its presence tells nothing.
    let mut params = when.params().map(|(name, _)| name).filter(|name| *name != "grant_type");

    if let Some(key) = exact_value(rare) {
        key
    } else if let Some(name) = headers.next() {
        (Kind::Header, name.as_str().into())
    } else if let Some(name) = params.next() {
        (Kind::Param, name.into())
    } else {
        exact_value(common).unwrap_or((Kind::Other, "".into()))
    }
}

/// Returns the first condition that only one value meets, with that value.
fn exact_value<const N: usize>(
    conditions: [(Kind, &Option<Pattern>); N],
) -> Option<(Kind, Box<str>)> {
    conditions
        .into_iter()
        .find_map(|(kind, pattern)| Some((kind, pattern.as_ref()?.exact()?.into())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Endpoint, Matchers, Outcome, Scenario};
    use axum::http::HeaderMap;
    use proptest::prelude::*;

    /// Few names and values, so that requests and scenarios often match.
    fn when() -> impl Strategy<Value = When> {
        let pattern = || {
            proptest::option::of(prop_oneof![Just("a"), Just("b"), Just("*"), Just("a*")])
                .prop_map(|text| text.map(Pattern::from))
        };
        let by_name = || {
            proptest::collection::btree_map("x-[ab]", pattern(), 0..2).prop_map(|map| {
                map.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
            })
        };
        let texts = (pattern(), pattern(), pattern(), pattern(), pattern(), pattern());
        let target = (pattern(), pattern());
        (texts, target, by_name(), by_name()).prop_map(|(texts, target, header, param)| When {
            endpoint: Endpoint::Any,
            method: target.0,
            path: target.1,
            client_id: texts.0,
            merchant_id: texts.1,
            grant_type: texts.2,
            code: texts.3,
            refresh_token: texts.4,
            correlation_id: texts.5,
            header,
            param,
        })
    }

    fn value() -> impl Strategy<Value = Option<&'static str>> {
        proptest::option::of(prop_oneof![Just("a"), Just("b"), Just("ab"), Just("")])
    }

    proptest! {
        #[test]
        fn every_scenario_that_matches_is_a_candidate(
            whens in proptest::collection::vec(when(), 0..12),
            removed in proptest::collection::vec(0..12usize, 0..4),
            again in proptest::option::of(0..12usize),
            params in proptest::collection::vec(value(), 5),
            headers in proptest::collection::vec(value(), 3),
            target in ("a|b|ab", "a|b|ab"),
            client_id in value(),
            merchant_id in value(),
        ) {
            let active = whens.iter().enumerate().map(|(n, when)| {
                let when = Matchers::from(when.clone());
                let scenario = Scenario::respond(Outcome::pass()).when(when);
                Arc::new(ActiveScenario::new(n.to_string(), Arc::new(scenario), 0))
            });
            let mut index = ScenarioIndex::new(active);
            for name in removed {
                index.remove(&name.to_string());
            }
            if let Some(again) = again.filter(|n| *n < whens.len()) {
                let when = Matchers::from(whens[again].clone());
                let scenario = Arc::new(Scenario::respond(Outcome::pass()).when(when));
                index.add_first(Arc::new(ActiveScenario::new(again.to_string(), scenario, 0)));
            }
            let names = ["grant_type", "code", "refresh_token", "x-a", "x-b"];
            let param = |name: &str| {
                params[names.iter().position(|known| *known == name)?].filter(|v| !v.is_empty())
            };
            let sent = ["x-a", "x-b", CORRELATION_ID].into_iter().zip(&headers);
            let headers: HeaderMap = sent
                .filter_map(|(name, value)| Some((name.parse().ok()?, (*value)?.parse().ok()?)))
                .collect();
            let request = RequestView {
                endpoint: Endpoint::Token, method: &target.0, path: &target.1, client_id, merchant_id,
                headers: &headers, param: &param,
            };
            let matches = |active: &&Arc<ActiveScenario>| active.scenario().when.matches(&request);
            let all: Vec<&str> = index.iter().filter(matches).map(|p| p.name()).collect();
            let found: Vec<&str> =
                index.candidates(&request).filter(matches).map(|p| p.name()).collect();
            prop_assert_eq!(found, all);
        }
    }
}
