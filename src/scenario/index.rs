//! The scenarios in force, and which of them are worth a look for a request.
//!
//! A test suite may have a thousand scenarios that each wait for a code, a client or a header of
//! their own. So each is filed under one thing that it needs, and a request looks only at those
//! whose need it meets.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use axum::http::HeaderName;

use super::when::CORRELATION_ID;
use super::{ActiveScenario, Pattern, RequestView, When};

/// Positions in the list of scenarios.
type Positions = Vec<usize>;

/// The scenarios in force, in the order in which they are asked.
#[derive(Debug, Default)]
pub(crate) struct ScenarioIndex {
    active: Vec<Arc<ActiveScenario>>,
    asks_for_merchant: bool,
    /// Those that any request might match.
    anything: Positions,
    /// By the exact value of something.
    exact: HashMap<(Exact, Box<str>), Positions>,
    /// By a header that must be there.
    header: HashMap<HeaderName, Positions>,
    /// By a parameter that must be there.
    param: HashMap<Box<str>, Positions>,
}

/// What a scenario can need the exact value of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Exact {
    Code,
    RefreshToken,
    CorrelationId,
    ClientId,
    MerchantId,
    GrantType,
}

impl Deref for ScenarioIndex {
    type Target = [Arc<ActiveScenario>];

    fn deref(&self) -> &[Arc<ActiveScenario>] {
        &self.active
    }
}

impl ScenarioIndex {
    pub(super) fn new(active: Vec<Arc<ActiveScenario>>) -> Arc<Self> {
        let mut cast = Self::default();
        for (place, scenario) in active.iter().map(|active| active.scenario()).enumerate() {
            if scenario.enabled {
                scenario.when.alternatives().iter().for_each(|when| cast.file(when, place));
            }
        }
        cast.active = active;
        Arc::new(cast)
    }

    /// Files a scenario under what fewest requests will have.
    fn file(&mut self, when: &When, place: usize) {
        self.asks_for_merchant |= when.merchant_id.is_some();
        let exact = |kind, pattern: &Option<Pattern>| {
            pattern.as_ref()?.exact().map(|value| (kind, Box::from(value)))
        };
        let rare = exact(Exact::Code, &when.code)
            .or_else(|| exact(Exact::RefreshToken, &when.refresh_token))
            .or_else(|| exact(Exact::CorrelationId, &when.correlation_id));
        let common = || {
            exact(Exact::MerchantId, &when.merchant_id)
                .or_else(|| exact(Exact::ClientId, &when.client_id))
                .or_else(|| exact(Exact::GrantType, &when.grant_type))
        };
        let header = when.header.keys().find_map(|name| name.parse::<HeaderName>().ok());
        let correlated = when.correlation_id.is_some();
        let header = header.or_else(|| correlated.then(|| HeaderName::from_static(CORRELATION_ID)));
        let needed = [("code", &when.code), ("refresh_token", &when.refresh_token)];
        let needed = needed.iter().find_map(|(name, pattern)| pattern.is_some().then_some(*name));
        let param = when.param.keys().map(String::as_str).next().or(needed);
        let places = if let Some(key) = rare {
            self.exact.entry(key).or_default()
        } else if let Some(name) = header {
            self.header.entry(name).or_default()
        } else if let Some(name) = param {
            self.param.entry(name.into()).or_default()
        } else if let Some(key) = common() {
            self.exact.entry(key).or_default()
        } else {
            &mut self.anything
        };
        places.push(place);
    }

    /// Whether a scenario in force wants to know the merchant, which takes some finding out.
    pub(super) fn asks_for_merchant(&self) -> bool {
        self.asks_for_merchant
    }

    /// The scenarios that a request might match, in their order.
    pub(super) fn candidates(
        &self,
        request: &RequestView<'_>,
    ) -> impl Iterator<Item = &Arc<ActiveScenario>> {
        let mut places = self.anything.clone();
        let param = |name| (request.param)(name);
        let values = [
            (Exact::Code, param("code")),
            (Exact::RefreshToken, param("refresh_token")),
            (Exact::ClientId, request.client_id),
            (Exact::MerchantId, request.merchant_id),
            (Exact::GrantType, param("grant_type")),
        ];
        let values = values.into_iter().filter_map(|(kind, value)| Some((kind, value?.into())));
        let ids = request.headers.get_all(CORRELATION_ID).iter();
        let ids = ids.map(|id| String::from_utf8_lossy(id.as_bytes()).into());
        for key in values.chain(ids.map(|id| (Exact::CorrelationId, id))) {
            places.extend(self.exact.get(&key).into_iter().flatten());
        }
        if !self.header.is_empty() {
            let found = request.headers.keys().filter_map(|name| self.header.get(name));
            places.extend(found.flatten());
        }
        let found = self.param.iter().filter(|(name, _)| param(name).is_some());
        places.extend(found.flat_map(|(_, found)| found));
        places.sort_unstable();
        places.dedup();
        places.into_iter().filter_map(|place| self.active.get(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Endpoint, Matchers, Outcome, Scenario};
    use axum::http::HeaderMap;
    use proptest::prelude::*;

    /// A small world of names and values, so that requests and scenarios often meet.
    fn when() -> impl Strategy<Value = When> {
        let pattern = || {
            proptest::option::of(prop_oneof![Just("a"), Just("b"), Just("*"), Just("a*")])
                .prop_map(|text| text.map(Pattern::from))
        };
        let named = || {
            proptest::collection::btree_map("x-[ab]", pattern(), 0..2).prop_map(|map| {
                map.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
            })
        };
        let texts = (pattern(), pattern(), pattern(), pattern(), pattern(), pattern());
        (texts, named(), named()).prop_map(|(texts, header, param)| When {
            endpoint: Endpoint::Any,
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
        /// Filing leaves nothing out that would match.
        #[test]
        fn every_scenario_that_matches_is_a_candidate(
            whens in proptest::collection::vec(when(), 0..12),
            params in proptest::collection::vec(value(), 5),
            headers in proptest::collection::vec(value(), 3),
            client_id in value(),
            merchant_id in value(),
        ) {
            let active = whens.iter().enumerate().map(|(n, when)| {
                let when = Matchers::from(when.clone());
                let scenario = Scenario::respond(Outcome::pass()).when(when);
                Arc::new(ActiveScenario::new(n.to_string(), Arc::new(scenario)))
            });
            let cast = ScenarioIndex::new(active.collect());
            let names = ["grant_type", "code", "refresh_token", "x-a", "x-b"];
            let param = |name: &str| {
                params[names.iter().position(|known| *known == name)?].filter(|v| !v.is_empty())
            };
            let sent = ["x-a", "x-b", CORRELATION_ID].into_iter().zip(&headers);
            let headers: HeaderMap = sent
                .filter_map(|(name, value)| Some((name.parse().ok()?, (*value)?.parse().ok()?)))
                .collect();
            let request = RequestView {
                endpoint: Endpoint::Token, client_id, merchant_id, headers: &headers, param: &param,
            };
            let matches = |active: &&Arc<ActiveScenario>| active.scenario().when.matches(&request);
            let all: Vec<&str> = cast.iter().filter(matches).map(|p| p.name()).collect();
            let found: Vec<&str> =
                cast.candidates(&request).filter(matches).map(|p| p.name()).collect();
            prop_assert_eq!(found, all);
        }
    }
}
