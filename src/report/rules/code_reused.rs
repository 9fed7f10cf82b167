//! `code-reused`: a code is exchanged once.

use std::time::Instant;

use super::{History, Memory, Observation, Rule, RuleInfo, Severity, Tally};
use crate::journal::CredentialState;

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "code-reused",
    severity: Severity::Error,
    text: "A code was presented again after it had been exchanged.",
    help: "Exchange a code once, and keep its refresh token. The real server may revoke the \
       grant when a code comes again (RFC 6749, section 4.1.2).",
    create: || Box::new(CodeReused::default()),
};

#[derive(Default)]
struct CodeReused {
    /// The exchanges whose clients received their responses, by the fingerprint of the code.
    exchanges: Memory<u64, Exchange>,
}

struct Exchange {
    request: u64,
    end: Instant,
}

impl Rule for CodeReused {
    fn observe(&mut self, seen: &Observation<'_>, _: &History, tally: &mut Tally) {
        let Some(code) = seen.credential.filter(|_| seen.is_exchange()) else { return };

        if seen.is_success() && !seen.facts.is_reusable {
            self.exchanges.insert(code, Exchange { request: seen.id, end: seen.end });
        } else if seen.presents(CredentialState::CodeReplayed)
            && let Some(exchange) = self.exchanges.get(&code)
            && seen.follows(exchange.end)
        {
            tally.add([exchange.request, seen.id]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::journal::CredentialState::CodeReplayed;
    use crate::report::testing::{Run, exchange};

    #[test]
    fn a_code_that_comes_again_after_its_success_is_found() {
        let mut run = Run::default();
        run.send(exchange("code").gives("access", "refresh"));
        let again = || exchange("code").refused(400, "invalid_request").presents(CodeReplayed);
        run.send(again());
        run.send(again());

        assert_eq!(run.findings(), ["code-reused"]);
        assert_eq!(run.finding("code-reused").requests, [1, 2, 3]);
        assert_eq!(run.finding("code-reused").times, 2);
    }

    #[test]
    fn a_response_that_was_lost_and_a_concurrent_request_are_no_success_before() {
        let mut run = Run::default();
        let again = |code| exchange(code).refused(400, "invalid_request").presents(CodeReplayed);
        run.send(exchange("lost").gives("access", "refresh").lost());
        run.send(again("lost"));
        run.send(exchange("concurrent").gives("access", "refresh"));
        run.send(again("concurrent").started_before(10));
        run.send(exchange("reusable").gives("access", "refresh").reusable());
        run.send(exchange("reusable").gives("access", "refresh").reusable());

        assert!(run.findings().is_empty(), "{:?}", run.findings());
    }
}
