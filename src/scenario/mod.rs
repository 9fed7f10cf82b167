//! Scenarios: responses that differ from the ordinary ones, and the requests that get them.
//!
//! [`Scenario`] is the configuration. A `ScenarioSet` holds the scenarios of a realm and gives
//! each matching request its `Step`. Every part of an outcome has its own file under `outcome/`:
//! a new part is a new file and a member of [`Outcome`].

mod active;
mod candidate;
mod draws;
mod endpoint;
mod index;
mod list;
mod matchers;
mod model;
mod one_or_many;
mod outcome;
mod pattern;
mod request_view;
mod responses;
mod set;
mod state;
mod when;

pub(crate) use active::{ActiveScenario, Step};
pub(crate) use candidate::Candidate;
pub use endpoint::Endpoint;
pub(crate) use list::ScenarioList;
pub use matchers::Matchers;
pub use model::{AfterLast, Scenario};
pub use outcome::{
    AlteredAlgorithm, AlteredKey, AlteredSignature, Delay, Fault, Hold, Outcome, Phase, RateLimit,
    ResponseAlteration, TokenAlteration, TokenSelector,
};
pub use pattern::Pattern;
pub(crate) use request_view::{CORRELATION_ID, RequestView};
pub use responses::Responses;
pub(crate) use set::{ScenarioSet, UnknownScenario};
pub use state::ScenarioState;
pub use when::When;
