//! The configuration of a scenario.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Matchers, Responses};
use crate::units::HumanDuration;

/// The requests that it matches, and the responses that they get.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Scenario")]
#[non_exhaustive]
pub struct Scenario {
    /// The name: 1 to 64 characters of `A-Z a-z 0-9 . _ -`. Default: generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Za-z0-9._-]{1,64}$"))]
    pub name: Option<String>,
    /// The requests that it matches. Default: every token request.
    #[serde(default)]
    pub when: Matchers,
    /// One outcome for every match, or a list with one outcome per match.
    pub respond: Responses,
    /// The response to matches after the end of the list. Default: `pass`.
    #[serde(default)]
    pub then: AfterLast,
    /// The maximum number of matches. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub times: Option<u64>,
    /// How long it stays in force by the realm's clock, such as 30s. Then it matches nothing, as
    /// after its last match. The time starts when the scenario is added or changed, and again with a
    /// reset or new fixtures. Default: no limit.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub for_duration: Option<HumanDuration>,
    /// The probability, from 0 to 1, that a matching request counts as a match. Default: 1.
    #[serde(default = "default_probability", skip_serializing_if = "is_default_probability")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: f64,
    /// The seed that makes the random draws of `probability` the same in every run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Whether it matches requests that do not name it in the header `x-mock-scenario`. Default:
    /// true.
    #[serde(default = "default_enabled")]
    pub enabled: bool,
}

impl Scenario {
    /// Creates a scenario with this response to every token request. The setters narrow it.
    ///
    /// ```
    /// use smartpay_oauth_mock::{ErrorCode, Outcome, Scenario, When};
    ///
    /// let scenario = Scenario::respond(Outcome::error(ErrorCode::AccessDenied))
    ///     .when(When::new().grant_type("refresh_token"))
    ///     .times(1);
    /// assert_eq!(scenario.times, Some(1));
    /// ```
    pub fn respond(respond: impl Into<Responses>) -> Self {
        Self {
            name: None,
            when: Matchers::default(),
            respond: respond.into(),
            then: AfterLast::default(),
            times: None,
            for_duration: None,
            probability: default_probability(),
            seed: None,
            enabled: true,
        }
    }

    /// Sets the name: 1 to 64 characters of `A-Z a-z 0-9 . _ -`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the requests that it matches.
    pub fn when(mut self, when: impl Into<Matchers>) -> Self {
        self.when = when.into();
        self
    }

    /// Sets the response to matches after the end of the list.
    pub fn then(mut self, then: AfterLast) -> Self {
        self.then = then;
        self
    }

    /// Sets the maximum number of matches, at least 1.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Sets how long it stays in force, by the realm's clock. The time starts when it is injected.
    ///
    /// ```
    /// use std::time::Duration;
    /// use smartpay_oauth_mock::{ErrorCode, Outcome, Scenario};
    ///
    /// let outage = Scenario::respond(Outcome::error(ErrorCode::ServerError))
    ///     .for_duration(Duration::from_secs(30));
    /// ```
    pub fn for_duration(mut self, duration: impl Into<HumanDuration>) -> Self {
        self.for_duration = Some(duration.into());
        self
    }

    /// Sets the probability, from 0 to 1, that a matching request counts as a match.
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// Sets the seed that makes the random draws of [`probability`](Self::probability) the same in
    /// every run.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Restricts it to requests that name it in the header `x-mock-scenario`.
    pub fn disabled(mut self) -> Self {
        self.enabled = false;
        self
    }

    /// Returns the index of the outcome for a match, counted from 0. `None` is the ordinary
    /// response.
    pub(super) fn outcome_index(&self, nth_match: u64) -> Option<usize> {
        let length = match &self.respond {
            Responses::Always(_) => return Some(0),
            Responses::InOrder(outcomes) => outcomes.len(),
        };

        let index = usize::try_from(nth_match).unwrap_or(usize::MAX);
        if index < length {
            return Some(index);
        }
        // The checked operations cover an empty list.
        match self.then {
            AfterLast::Pass => None,
            AfterLast::Repeat => index.checked_rem(length),
            AfterLast::Last => length.checked_sub(1),
        }
    }
}

fn default_probability() -> f64 {
    1.0
}

fn is_default_probability(probability: &f64) -> bool {
    *probability == default_probability()
}

fn default_enabled() -> bool {
    true
}

/// The response to matches after the last outcome of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AfterLast {
    /// The ordinary response.
    #[default]
    Pass,
    /// The list, again from its start.
    Repeat,
    /// The last outcome of the list.
    Last,
}
