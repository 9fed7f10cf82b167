//! `basic-credentials`: credentials are in the body.

use super::{Each, Observation, RuleInfo, Severity};
use crate::journal::RecordedEndpoint;
use crate::oauth::Dialect;

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "basic-credentials",
    severity: Severity::Warning,
    text: "A request has HTTP Basic credentials.",
    help: "Send client_id and client_secret in the body. The vendor documents no other way.",
    create: || Box::new(Each { is_broken }),
};

fn is_broken(seen: &Observation<'_>) -> bool {
    let is_accepted = seen.conditions.dialect == Dialect::Rfc6749;

    seen.facts.has_basic && !is_accepted && seen.entry.endpoint != RecordedEndpoint::Resource
}
