//! Scenarios: what the server does other than usual, and when.
//!
//! [`Scenario`] is what a fixture says; the script plays a realm's scenarios and hands out their
//! steps, each once. Every part of an outcome has a file of its own under `outcome/`, so that a new
//! one is a new file and a member of [`Outcome`].

mod cast;
mod model;
mod outcome;
mod pattern;
mod script;
mod when;

pub use model::{Respond, Scenario, Then};
pub use outcome::{
    AlteredAlgorithm, AlteredKey, AlteredSignature, Delay, Fault, Hold, Lifetime, Outcome, Phase,
    RateLimit, ResponseAlteration, TokenAlteration, Which,
};
pub use pattern::Pattern;
pub(crate) use script::{Named, Playing, Script, Turn};
pub(crate) use when::{CORRELATION_ID, Sighting};
pub use when::{Endpoint, When, WhenAny};
