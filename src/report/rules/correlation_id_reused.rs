//! `correlation-id-reused`: each request has a correlation ID of its own.

use super::{History, Observation, Rule, RuleInfo, Severity, Tally};

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "correlation-id-reused",
    severity: Severity::Warning,
    text: "A token request has the correlation ID of an earlier one.",
    help: "Send a new UUID as v-c-client-correlation-id in each request, also in a retry. \
       Otherwise the vendor cannot tell your requests apart.",
    create: || Box::new(CorrelationIdReused),
};

struct CorrelationIdReused;

impl Rule for CorrelationIdReused {
    fn observe(&mut self, seen: &Observation<'_>, _: &History, tally: &mut Tally) {
        if let Some(first) = seen.facts.repeats {
            tally.add([first, seen.id]);
        }
    }
}
