//! How a scenario alters a successful response.

use crate::scenario::{Outcome, Phase, Step, TokenAlteration};

/// How a scenario alters a successful response. The default alters nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effects(Option<Step>);

impl Effects {
    /// Returns the effects of a scenario's step.
    pub(crate) fn of(step: &Step) -> Self {
        Self(Some(step.clone()))
    }

    /// Returns how tokens are altered.
    pub(crate) fn token(&self) -> Option<&TokenAlteration> {
        self.outcome()?.token.as_ref()
    }

    /// Whether the request stores nothing: a fault before it takes effect makes it a dry run, for
    /// which the response is made.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.outcome()
            .is_some_and(|outcome| outcome.phase == Phase::Before && outcome.fault.is_some())
    }

    fn outcome(&self) -> Option<&Outcome> {
        self.0.as_ref()?.outcome()
    }
}
