//! `secret-in-url`: no URL has a secret.

use super::{Each, RuleInfo, Severity};

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "secret-in-url",
    severity: Severity::Error,
    text: "A URL has a secret, such as client_secret.",
    help: "Send the secret in the body of the token request, and nowhere else. A URL ends up in \
       the logs of proxies and in the history of browsers. Replace a secret that was sent \
       in a URL.",
    create: || Box::new(Each { is_broken: |seen| seen.facts.has_url_secret }),
};
