//! `undocumented-parameter`: a request has documented parameters only.

use super::{Each, RuleInfo, Severity};

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "undocumented-parameter",
    severity: Severity::Warning,
    text: "A request has a parameter that the vendor does not document for its endpoint.",
    help: "Send the documented parameters only; the notes of the requests have the names of the \
       others. The real server may reject them.",
    create: || Box::new(Each { is_broken: |seen| seen.facts.has_unknown_param }),
};
