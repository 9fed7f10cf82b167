//! `expired-code`: a code is exchanged within its lifetime.

use super::{Each, RuleInfo, Severity};
use crate::journal::CredentialState;

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "expired-code",
    severity: Severity::Warning,
    text: "A code was presented after its lifetime.",
    help: "Exchange a code as soon as the merchant's browser returns with it. If it has \
       expired, send the merchant to the authorize endpoint again.",
    create: || Box::new(Each { is_broken: |seen| seen.presents(CredentialState::CodeExpired) }),
};
