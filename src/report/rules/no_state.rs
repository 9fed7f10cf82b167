//! `no-state`: an authorize request has a `state`.

use super::{Each, Observation, RuleInfo, Severity};
use crate::journal::RecordedEndpoint;

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "no-state",
    severity: Severity::Error,
    text: "An authorize request has no state, or an empty one.",
    help: "Send a random state with each authorize request, and compare it when the merchant's \
       browser returns. Without it, an attacker can make your application exchange a \
       foreign code (RFC 6749, section 10.12).",
    create: || Box::new(Each { is_broken }),
};

fn is_broken(seen: &Observation<'_>) -> bool {
    let facts = seen.facts;
    // A click repeats the parameters of its page, which has been counted.
    let is_page = seen.entry.endpoint == RecordedEndpoint::Authorize && !facts.is_click;

    is_page && facts.has_state == Some(false)
}
