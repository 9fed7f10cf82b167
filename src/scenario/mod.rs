//! Scenarios: what the server does other than usual, and when.
//!
//! [`Scenario`] is what a fixture says; the script plays a realm's scenarios and hands out their
//! steps, each once. Every part of an outcome has a file of its own under `outcome/`, so that a new
//! one is a new file and a member of [`Outcome`].

mod index;
mod model;
mod outcome;
mod pattern;
mod set;
mod state;
mod when;

pub use model::{AfterLast, Responses, Scenario};
pub use outcome::{
    AlteredAlgorithm, AlteredKey, AlteredSignature, Delay, Fault, Hold, Outcome, Phase, RateLimit,
    ResponseAlteration, TokenAlteration, TokenSelector,
};
pub use pattern::Pattern;
pub(crate) use set::{ActiveScenario, ScenarioSet, Selection, Step};
pub use state::ScenarioState;
pub(crate) use when::{CORRELATION_ID, RequestView};
pub use when::{Endpoint, Matchers, When};
