//! How a scenario alters a successful response.

use crate::scenario::{Outcome, Phase, Step, TokenAlteration};

/// How a scenario alters a successful response. The default alters nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effects {
    step: Option<Step>,
    is_dry_run: bool,
}

impl Effects {
    /// Returns the effects of a scenario's step. A fault before the request takes effect makes it a
    /// dry run: the response is made, and nothing is stored.
    pub(crate) fn of(step: &Step) -> Self {
        let is_dry_run = step
            .outcome()
            .is_some_and(|outcome| outcome.phase == Phase::Before && outcome.fault.is_some());

        Self { step: Some(step.clone()), is_dry_run }
    }

    /// Returns how tokens are altered.
    pub(crate) fn token(&self) -> Option<&TokenAlteration> {
        self.step
            .as_ref()
            .and_then(Step::outcome)
            .and_then(|outcome: &Outcome| outcome.token.as_ref())
    }

    /// Whether the request stores nothing.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.is_dry_run
    }
}
