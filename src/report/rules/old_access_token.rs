//! `old-access-token`: a client uses its newest access token.

use super::{History, Observation, Rule, RuleInfo, Severity, Tally};

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "old-access-token",
    severity: Severity::Warning,
    text: "An access token was presented over a minute after the client had received a newer \
       one.",
    help: "Share the tokens of a grant between all threads and processes, and use the newest. \
       Otherwise each of them refreshes for itself.",
    create: || Box::new(OldAccessToken),
};

/// How long after a refresh another process may still use the token before it.
const TOLERANCE_MS: i64 = 60_000;

struct OldAccessToken;

impl Rule for OldAccessToken {
    fn observe(&mut self, seen: &Observation<'_>, history: &History, tally: &mut Tally) {
        if seen.is_api_call()
            && let Some(newer) = history.newer_token(seen, TOLERANCE_MS)
        {
            tally.add([newer.request, seen.id]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::report::testing::{Run, api_call, exchange, refresh};

    #[test]
    fn another_process_has_a_minute_to_learn_of_the_newer_token() {
        let mut run = Run::default();
        run.send(exchange("code").gives("a1", "r"));
        run.jump(600_000);
        run.send(refresh("r").gives("a2", "r"));
        run.jump(59_000);
        run.send(api_call("a1").succeeds());
        run.send(api_call("a2").succeeds());
        assert!(run.findings().is_empty(), "{:?}", run.findings());

        run.jump(2_000);
        run.send(api_call("a1").succeeds());
        assert_eq!(run.findings(), ["old-access-token"]);
        assert_eq!(run.finding("old-access-token").requests, [2, 5]);
    }

    #[test]
    fn a_newer_token_that_was_lost_is_none_that_the_client_has() {
        let mut run = Run::default();
        run.send(exchange("code").gives("a1", "r"));
        run.jump(500_000);
        run.send(refresh("r").gives("a2", "r").lost());
        run.jump(61_000);
        run.send(api_call("a1").succeeds());
        assert!(run.findings().is_empty(), "{:?}", run.findings());
    }

    #[test]
    fn the_newest_token_is_fine_also_if_the_clock_stands_still() {
        let mut run = Run::default();
        run.freeze();
        run.send(exchange("code").gives("a1", "r"));
        run.send(refresh("r").gives("a2", "r"));
        run.jump(61_000);
        run.send(api_call("a2").succeeds());
        assert!(run.findings().is_empty(), "{:?}", run.findings());

        run.send(api_call("a1").succeeds());
        assert_eq!(run.findings(), ["old-access-token"]);
    }
}
