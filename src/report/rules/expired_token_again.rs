//! `expired-token-again`: a client does not present a token that has expired again.

use std::time::Instant;

use super::{History, Memory, Observation, Rule, RuleInfo, Severity, Tally};
use crate::journal::CredentialState;

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "expired-token-again",
    severity: Severity::Error,
    text: "An access token was presented again after the API had refused it as expired.",
    help: "Refresh after the API's 401, and repeat the request with the new token. Repeating it \
       with the old one never works.",
    create: || Box::new(ExpiredTokenAgain::default()),
};

#[derive(Default)]
struct ExpiredTokenAgain {
    /// The tokens that were refused as expired, by their fingerprints.
    refused: Memory<u64, Refused>,
}

struct Refused {
    request: u64,
    end: Instant,
    /// Whether a scenario refused it, so that the server may accept it the next time.
    is_injected: bool,
}

impl Rule for ExpiredTokenAgain {
    fn observe(&mut self, seen: &Observation<'_>, _: &History, tally: &mut Tally) {
        let Some(token) = seen.credential.filter(|_| seen.is_api_call()) else { return };

        let is_expired = seen.presents(CredentialState::Expired);
        if let Some(refused) = self.refused.get(&token)
            && seen.follows(refused.end)
            // The clock may have been set back, so that the token is valid again.
            && (is_expired || refused.is_injected)
        {
            tally.add([refused.request, seen.id]);
        }
        if seen.is_refused_as_expired() && self.refused.get(&token).is_none() {
            let refused = Refused { request: seen.id, end: seen.end, is_injected: !is_expired };
            self.refused.insert(token, refused);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::journal::CredentialState::Expired;
    use crate::report::testing::{Run, api_call, refresh};

    #[test]
    fn a_token_that_comes_again_is_found_and_a_refresh_is_not() {
        let mut run = Run::default();
        let expired = || api_call("a1").refused(401, "ACCESS_TOKEN_EXPIRED").presents(Expired);
        run.send(expired());
        run.send(expired().started_before(2));
        run.send(refresh("r").gives("a2", "r"));
        run.send(api_call("a2").succeeds());
        assert!(run.findings().is_empty(), "{:?}", run.findings());

        run.send(expired());
        assert_eq!(run.findings(), ["expired-token-again"]);
        assert_eq!(run.finding("expired-token-again").requests, [1, 5]);
    }

    #[test]
    fn a_token_that_a_clock_set_back_made_valid_is_fine() {
        let mut run = Run::default();
        run.send(api_call("a1").refused(401, "ACCESS_TOKEN_EXPIRED").presents(Expired));
        run.jump(-3_600_000);
        run.send(api_call("a1").succeeds());
        assert!(run.findings().is_empty(), "{:?}", run.findings());
    }

    #[test]
    fn a_401_of_a_scenario_counts_too() {
        let mut run = Run::default();
        run.send(api_call("a1").refused(401, "ACCESS_TOKEN_EXPIRED"));
        run.send(api_call("a1").succeeds());
        assert_eq!(run.findings(), ["expired-token-again"]);
    }
}
