//! Finds the scenarios that a request might match, without trying all of them.
//!
//! A test suite may have a thousand scenarios, each for its own code, client or header. So each
//! scenario is filed under one of its conditions, and a request looks only at the scenarios whose
//! condition it meets.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::HeaderName;

use super::{ActiveScenario, CORRELATION_ID, Pattern, RequestView, When};

/// Positions in the list of scenarios.
type Positions = Vec<usize>;

/// The active scenarios in the order in which they are tried.
#[derive(Debug, Default)]
pub(crate) struct ScenarioIndex {
    scenarios: Vec<Arc<ActiveScenario>>,
    /// Whether an enabled scenario has a condition on the merchant.
    pub(super) needs_merchant: bool,
    /// Those that are filed under no condition.
    others: Positions,
    /// By the exact value of a condition.
    by_value: HashMap<(Exact, Box<str>), Positions>,
    /// By a header that must be present.
    by_header: HashMap<HeaderName, Positions>,
    /// By a parameter that must be present.
    by_param: HashMap<Box<str>, Positions>,
}

/// The conditions that scenarios can be filed under by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Exact {
    Code,
    RefreshToken,
    CorrelationId,
    ClientId,
    MerchantId,
    GrantType,
    Path,
}

impl ScenarioIndex {
    pub(super) fn new(scenarios: Vec<Arc<ActiveScenario>>) -> Self {
        let mut index = Self::default();
        for (position, active) in scenarios.iter().enumerate() {
            let scenario = active.scenario();
            if scenario.enabled {
                scenario.when.alternatives().iter().for_each(|when| index.file(when, position));
            }
        }

        index.scenarios = scenarios;
        index
    }

    /// Files a scenario under the condition that the fewest requests meet.
    fn file(&mut self, when: &When, position: usize) {
        self.needs_merchant |= when.merchant_id.is_some();

        let rare = [
            (Exact::Code, &when.code),
            (Exact::RefreshToken, &when.refresh_token),
            (Exact::CorrelationId, &when.correlation_id),
        ];
        let common = [
            (Exact::MerchantId, &when.merchant_id),
            (Exact::ClientId, &when.client_id),
            (Exact::Path, &when.path),
            (Exact::GrantType, &when.grant_type),
        ];
        // Nearly every token request has a grant_type, so its presence tells nothing.
        let mut params = when.params().map(|(name, _)| name).filter(|name| *name != "grant_type");

        let positions = if let Some(key) = exact_value(rare) {
            self.by_value.entry(key).or_default()
        } else if let Some(name) = when.headers().find_map(|(name, _)| name.parse().ok()) {
            self.by_header.entry(name).or_default()
        } else if let Some(name) = params.next() {
            self.by_param.entry(name.into()).or_default()
        } else if let Some(key) = exact_value(common) {
            self.by_value.entry(key).or_default()
        } else {
            &mut self.others
        };
        positions.push(position);
    }

    /// Returns all scenarios, also those that are disabled.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Arc<ActiveScenario>> {
        self.scenarios.iter()
    }

    /// Returns the scenarios that a request might match, in their order.
    pub(super) fn candidates(
        &self,
        request: &RequestView<'_>,
    ) -> impl Iterator<Item = &Arc<ActiveScenario>> {
        let mut positions = self.others.clone();

        let values = [
            (Exact::Code, request.param("code")),
            (Exact::RefreshToken, request.param("refresh_token")),
            (Exact::ClientId, request.client_id),
            (Exact::MerchantId, request.merchant_id),
            (Exact::Path, Some(request.path)),
            (Exact::GrantType, request.param("grant_type")),
        ];
        let values = values.into_iter().filter_map(|(kind, value)| Some((kind, value?.into())));
        let correlation_ids = request
            .headers
            .get_all(CORRELATION_ID)
            .iter()
            .map(|id| (Exact::CorrelationId, String::from_utf8_lossy(id.as_bytes()).into()));
        for key in values.chain(correlation_ids) {
            positions.extend(self.by_value.get(&key).into_iter().flatten());
        }

        if !self.by_header.is_empty() {
            let found = request.headers.keys().filter_map(|name| self.by_header.get(name));
            positions.extend(found.flatten());
        }

        let found = self.by_param.iter().filter(|(name, _)| request.param(name).is_some());
        positions.extend(found.flat_map(|(_, positions)| positions));

        // A scenario with alternatives is filed once for each of them.
        positions.sort_unstable();
        positions.dedup();
        positions.into_iter().filter_map(|position| self.scenarios.get(position))
    }
}

/// Returns the first condition that only one value meets, with that value.
fn exact_value<const N: usize>(
    conditions: [(Exact, &Option<Pattern>); N],
) -> Option<(Exact, Box<str>)> {
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
            let index = ScenarioIndex::new(active.collect());
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
