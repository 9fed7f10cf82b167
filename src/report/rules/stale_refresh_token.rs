//! `stale-refresh-token`: a client refreshes with the newest refresh token.

use std::time::Instant;

use super::{GrantKey, History, Memory, Observation, Rule, RuleInfo, Severity, Tally};
use crate::fixture::RefreshPolicy;
use crate::journal::{CredentialState, IssuedKind};

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "stale-refresh-token",
    severity: Severity::Error,
    text: "A refresh token was presented although the client had received a newer one.",
    help: "Store the refresh token of each response, and use it for the next refresh. A token \
       that was replaced no longer works, and using it may revoke the grant.",
    create: || Box::new(StaleRefreshToken::default()),
};

/// How long after a refresh the token before it may still be used where it stays valid: another process
/// may not have the new one yet.
const TOLERANCE_MS: i64 = 60_000;
/// The number of refreshes that are remembered of a grant.
const MAX_REFRESHES: usize = 8;

#[derive(Default)]
struct StaleRefreshToken {
    refreshes: Memory<GrantKey, Vec<Refresh>>,
}

/// A refresh that gave the client another refresh token.
struct Refresh {
    /// The fingerprint of the token that was presented.
    token: u64,
    request: u64,
    end: Instant,
    /// By the realm's clock, in milliseconds since 1970.
    end_ms: i64,
}

impl Rule for StaleRefreshToken {
    fn observe(&mut self, seen: &Observation<'_>, _: &History, tally: &mut Tally) {
        if !seen.is_refresh() || seen.facts.is_reusable {
            return;
        }
        let (Some(grant), Some(token)) = (seen.grant, seen.credential) else { return };

        self.check(grant, token, seen, tally);
        if seen.given(IssuedKind::RefreshToken).is_some_and(|given| given != token) {
            let refreshes = self.refreshes.entry(grant);
            if refreshes.len() >= MAX_REFRESHES {
                refreshes.remove(0);
            }
            refreshes.push(Refresh { token, request: seen.id, end: seen.end, end_ms: seen.end_ms });
        }
    }
}

impl StaleRefreshToken {
    fn check(&self, grant: GrantKey, token: u64, seen: &Observation<'_>, tally: &mut Tally) {
        let mut refreshes = self.refreshes.get(&grant).into_iter().flatten();
        let earlier = refreshes.find(|refresh| refresh.token == token && seen.follows(refresh.end));
        let Some(earlier) = earlier else { return };

        let is_late = seen.start_ms - earlier.end_ms > TOLERANCE_MS;
        let is_kept = seen.conditions.refresh_policy == RefreshPolicy::Reissue;
        if seen.presents(CredentialState::Replaced) {
            tally.add([earlier.request, seen.id]);
        } else if is_kept && is_late {
            tally.add_as(Severity::Warning, [earlier.request, seen.id]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::RefreshPolicy::Reissue;
    use crate::journal::CredentialState::Replaced;
    use crate::report::Severity;
    use crate::report::testing::{Run, refresh};

    fn replaced(token: &str) -> crate::report::testing::Request {
        refresh(token).refused(403, "access_denied").presents(Replaced)
    }

    #[test]
    fn a_token_that_the_clients_newer_one_has_replaced_is_found() {
        let mut run = Run::default();
        run.send(refresh("r1").gives("a2", "r2"));
        run.send(replaced("r1"));
        assert_eq!(run.findings(), ["stale-refresh-token"]);
        assert_eq!(run.finding("stale-refresh-token").requests, [1, 2]);
    }

    #[test]
    fn a_successor_that_was_lost_or_is_under_way_is_none_that_the_client_has() {
        let mut run = Run::default();
        run.send(refresh("r1").gives("a2", "r2").lost());
        run.send(replaced("r1"));
        run.send(refresh("r3").gives("a4", "r4"));
        run.wait(60_000);
        run.send(refresh("r4").gives("a5", "r5").without_tokens());
        run.wait(60_000);
        run.send(replaced("r4"));
        assert!(run.findings().is_empty(), "{:?}", run.findings());
    }

    #[test]
    fn where_old_tokens_stay_valid_another_process_has_a_minute() {
        let mut run = Run::default();
        run.conditions.refresh_policy = Reissue;
        run.send(refresh("r1").gives("a2", "r2"));
        run.jump(59_000);
        run.send(refresh("r1").gives("a3", "r3"));
        assert!(run.findings().iter().all(|name| name != "stale-refresh-token"));

        run.jump(2_000);
        run.send(refresh("r1").gives("a4", "r4"));
        assert_eq!(run.finding("stale-refresh-token").severity, Severity::Warning);
        assert_eq!(run.finding("stale-refresh-token").requests, [1, 3]);
    }
}
