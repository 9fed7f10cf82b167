//! `plain-http`: requests use HTTPS.

use super::{EachWithHttps, RuleInfo, Severity};

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "plain-http",
    severity: Severity::Warning,
    text: "A request used plain HTTP.",
    help: "Use HTTPS: the real server accepts nothing else. Test with the server's \
           --tls-listen.",
    create: || Box::new(EachWithHttps { is_broken: |seen| seen.entry.scheme == "http" }),
};
