//! What a scenario wants to be different about a success.

use crate::scenario::{TokenAlteration, Turn};

/// What a scenario wants of the ordinary answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effects {
    turn: Option<Turn>,
    without_effect: bool,
}

impl Effects {
    /// The ordinary answer as this turn alters it. Without effect: the answer is made, and
    /// nothing is entered into the books.
    pub(crate) fn new(turn: Turn, without_effect: bool) -> Self {
        Self { turn: Some(turn), without_effect }
    }

    /// How tokens are altered.
    pub(crate) fn token(&self) -> Option<&TokenAlteration> {
        self.turn.as_ref()?.outcome()?.token.as_ref()
    }

    /// Whether the request changes nothing.
    pub(crate) fn are_withheld(&self) -> bool {
        self.without_effect
    }
}
