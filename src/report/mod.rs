//! The report on a realm's clients: what they met, what they did next, and what they did wrong.
//!
//! [`RequestObserver`] sees each request when it is complete, as an `Observation`. Every rule has its
//! own file under `rules/`: a new rule is a new file and a line in the list of `rules/mod.rs`. All that
//! is remembered is bounded, and does not depend on the journal, which may have dropped the request.

mod coverage;
mod findings;
mod history;
mod memory;
mod merge;
mod model;
mod next_step;
mod observation;
mod observer;
mod rules;
#[cfg(test)]
mod testing;

pub use model::{
    Coverage, ErrorCoverage, FaultCoverage, Finding, Flow, FlowCoverage, NextStep, Report, Severity,
};
pub(crate) use observation::{Conditions, RetryAfter, Seen};
pub(crate) use observer::{Hang, RequestObserver};
#[cfg(feature = "cli")]
pub(crate) use rules::{RuleInfo, rules};
