//! `code-never-exchanged`: a code of the consent page is exchanged.

use super::{History, Memory, Now, Observation, Rule, RuleInfo, Severity, Tally};
use crate::journal::{CredentialState, IssuedKind};

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "code-never-exchanged",
    severity: Severity::Info,
    text: "A merchant consented, and the client never exchanged the code.",
    help: "Exchange the code when the merchant's browser returns to your redirect URL. Check \
       that the URL is reachable, and that your application handles it.",
    create: || Box::new(CodeNeverExchanged::default()),
};

#[derive(Default)]
struct CodeNeverExchanged {
    /// The codes that clients have received and not presented, by their fingerprints.
    codes: Memory<u64, Code>,
}

struct Code {
    request: u64,
    /// By the realm's clock, in milliseconds since 1970.
    expires_at_ms: i64,
}

impl Rule for CodeNeverExchanged {
    fn observe(&mut self, seen: &Observation<'_>, _: &History, _: &mut Tally) {
        if let Some(code) = seen.given(IssuedKind::Code) {
            let expires_at_ms = seen.start_ms.saturating_add(seen.conditions.code_lifetime_ms);
            self.codes.insert(code, Code { request: seen.id, expires_at_ms });
        } else if seen.is_exchange()
            && let Some(code) = seen.credential
        {
            // A code that comes too late is a finding of another rule.
            let is_late = seen.presents(CredentialState::CodeExpired);
            let is_exchanged = seen.issued(IssuedKind::AccessToken).is_some();
            if is_exchanged || is_late {
                self.codes.remove(&code);
            }
        }
    }

    fn count_pending(&self, now: Now, tally: &mut Tally) {
        for code in self.codes.values().filter(|code| code.expires_at_ms <= now.ms) {
            tally.add([code.request]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::journal::CredentialState::CodeExpired;
    use crate::report::testing::{Run, consent, exchange};

    #[test]
    fn a_code_that_expires_before_its_exchange_is_found() {
        let mut run = Run::default();
        run.send(consent("code"));
        run.jump(599_000);
        assert!(run.findings().is_empty(), "{:?}", run.findings());

        run.jump(2_000);
        assert_eq!(run.findings(), ["code-never-exchanged"]);
        assert_eq!(run.finding("code-never-exchanged").requests, [1]);
    }

    #[test]
    fn an_exchange_whose_response_was_lost_is_one_and_a_late_one_is_another_finding() {
        let mut run = Run::default();
        run.send(consent("code"));
        run.send(exchange("code").gives("a", "r").lost());
        run.jump(601_000);
        assert!(run.findings().is_empty(), "{:?}", run.findings());

        run.send(consent("late"));
        run.jump(601_000);
        run.send(exchange("late").refused(400, "invalid_request").presents(CodeExpired));
        assert_eq!(run.findings(), ["expired-code"]);
    }
}
