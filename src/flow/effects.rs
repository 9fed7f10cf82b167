//! What a scenario wants to be different about a success.

use crate::scenario::{Step, TokenAlteration};

/// What a scenario wants of the ordinary answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effects {
    step: Option<Step>,
    dry_run: bool,
}

impl Effects {
    /// The ordinary answer as this step alters it. Without effect: the answer is made, and
    /// nothing is entered into the books.
    pub(crate) fn new(step: Step, dry_run: bool) -> Self {
        Self { step: Some(step), dry_run }
    }

    /// How tokens are altered.
    pub(crate) fn token(&self) -> Option<&TokenAlteration> {
        self.step.as_ref()?.outcome()?.token.as_ref()
    }

    /// Whether the request changes nothing.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.dry_run
    }
}
