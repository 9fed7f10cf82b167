//! `refresh-too-early`: a client refreshes when its access token is about to expire.

use super::{History, Memory, Observation, Rule, RuleInfo, Severity, Tally};

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "refresh-too-early",
    severity: Severity::Info,
    text: "A client refreshed repeatedly although over half of its access token's life was \
       left.",
    help: "Keep an access token until shortly before it expires. A refresh for every request \
       costs a round trip each, and the vendor may limit their number.",
    create: || Box::new(RefreshTooEarly::default()),
};

#[derive(Default)]
struct RefreshTooEarly {
    /// The first such refresh of each client. One alone may be a coincidence.
    first: Memory<u64, u64>,
}

impl Rule for RefreshTooEarly {
    fn observe(&mut self, seen: &Observation<'_>, history: &History, tally: &mut Tally) {
        let Some(client) = seen.client.filter(|_| seen.is_refresh() && seen.is_success()) else {
            return;
        };
        let Some(token) = history.fresh_token(seen) else { return };

        match self.first.get(&client) {
            Some(&first) => tally.add([first, token.request, seen.id]),
            None => self.first.insert(client, seen.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::journal::CredentialState::Expired;
    use crate::report::testing::{Run, api_call, exchange, refresh};

    #[test]
    fn the_second_early_refresh_of_a_client_is_found() {
        let mut run = Run::default();
        run.send(exchange("code").gives("a1", "r"));
        run.send(refresh("r").gives("a2", "r"));
        assert!(run.findings().is_empty(), "{:?}", run.findings());

        run.send(refresh("r").gives("a3", "r"));
        assert_eq!(run.findings(), ["refresh-too-early"]);
        assert_eq!(run.finding("refresh-too-early").requests, [2, 3]);
        assert_eq!(run.finding("refresh-too-early").times, 1);
    }

    #[test]
    fn in_the_second_half_of_its_life_a_token_may_be_refreshed() {
        let mut run = Run::default();
        run.send(exchange("code").gives("a1", "r"));
        for n in 2..6 {
            run.jump(450_000);
            run.send(refresh("r").gives(&format!("a{n}"), "r"));
        }
        assert!(run.findings().is_empty(), "{:?}", run.findings());
    }

    #[test]
    fn after_a_401_a_client_may_refresh() {
        let mut run = Run::default();
        run.send(exchange("code").gives("a0", "r"));
        for n in 0..4 {
            let old = format!("a{n}");
            run.send(api_call(&old).refused(401, "ACCESS_TOKEN_EXPIRED").presents(Expired));
            run.send(refresh("r").gives(&format!("a{}", n + 1), "r"));
        }
        assert!(run.findings().is_empty(), "{:?}", run.findings());
    }

    #[test]
    fn a_token_of_the_control_api_counts_once_it_has_been_presented() {
        let mut run = Run::default();
        run.send(refresh("r1").gives("a1", "r1"));
        run.send(refresh("r2").grant(2).gives("a2", "r2"));
        run.send(refresh("r3").grant(3).gives("a3", "r3"));
        assert!(run.findings().is_empty(), "{:?}", run.findings());

        for grant in [4, 5] {
            let (access, refresh_token) = (format!("a{grant}"), format!("r{grant}"));
            run.send(api_call(&access).grant(grant).succeeds());
            run.send(refresh(&refresh_token).grant(grant).gives("other", &refresh_token));
        }
        assert_eq!(run.findings(), ["refresh-too-early"]);
    }

    #[test]
    fn a_retry_of_a_lost_response_is_not_early() {
        let mut run = Run::default();
        run.send(exchange("code").gives("a1", "r"));
        for n in 2..5 {
            run.jump(890_000);
            run.send(refresh("r").gives("lost", "r").lost());
            run.wait(2_000);
            run.send(refresh("r").gives(&format!("a{n}"), "r"));
        }
        assert!(run.findings().is_empty(), "{:?}", run.findings());
    }
}
