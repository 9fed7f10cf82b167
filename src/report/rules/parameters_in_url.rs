//! `parameters-in-url`: a form request has its parameters in its body only.

use super::{Each, Observation, RuleInfo, Severity};
use crate::journal::RecordedEndpoint;

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "parameters-in-url",
    severity: Severity::Error,
    text: "A token request has parameters in its URL.",
    help: "Send all parameters in the body. The real server rejects any parameter in the URL, \
       and URLs end up in the logs of proxies.",
    create: || Box::new(Each { is_broken }),
};

fn is_broken(seen: &Observation<'_>) -> bool {
    let is_form = matches!(
        seen.entry.endpoint,
        RecordedEndpoint::Token | RecordedEndpoint::Introspect | RecordedEndpoint::Revoke
    );

    is_form && (seen.facts.has_url_params || seen.fails_at(2))
}
