//! `no-correlation-id`: a token request has a correlation ID.

use super::{Each, Observation, RuleInfo, Severity};
use crate::journal::RecordedEndpoint;

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "no-correlation-id",
    severity: Severity::Warning,
    text: "A token request has no v-c-client-correlation-id header.",
    help: "Send this header with a new UUID in each request. With it, the vendor finds your \
       request in its logs.",
    create: || Box::new(Each { is_broken }),
};

fn is_broken(seen: &Observation<'_>) -> bool {
    let has_id = seen.entry.correlation_id.as_deref().is_some_and(|id| !id.is_empty());

    seen.entry.endpoint == RecordedEndpoint::Token && !has_id
}
