//! `retried-permanent-error`: a client gives up after an error that waiting does not mend.

use std::time::Instant;

use super::{GrantKey, History, Memory, Observation, Rule, RuleInfo, Severity, Tally};

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "retried-permanent-error",
    severity: Severity::Error,
    text: "A request came three times or more although its error is one that waiting does not \
       mend.",
    help: "Stop after such an error: alert somebody, or ask the merchant to grant access again. \
       Retries only delay that, and may have your client blocked.",
    create: || Box::new(RetriedPermanentError::default()),
};

/// The errors about the client, which its next success shows to be mended.
const CLIENT_ERRORS: [&str; 5] = [
    "invalid_client",
    "client_not_found",
    "invalid_client_type",
    "client_not_active",
    "unauthorized_client",
];
/// The errors about the grant.
const GRANT_ERRORS: [&str; 2] = ["access_denied", "merchant_not_active"];
/// The number of requests with the same error from which on it is a finding.
const MAX_TRIES: u64 = 3;

#[derive(Default)]
struct RetriedPermanentError {
    series: Memory<u64, Series>,
    /// The number of successes by client and by grant.
    client_successes: Memory<u64, u64>,
    grant_successes: Memory<GrantKey, u64>,
}

/// Requests that are the same, with no success between.
#[derive(Default)]
struct Series {
    tries: u64,
    /// The first of them.
    requests: Vec<u64>,
    end: Option<Instant>,
    /// The number of successes, of the client or the grant, when the series began.
    successes: u64,
}

impl Rule for RetriedPermanentError {
    fn observe(&mut self, seen: &Observation<'_>, _: &History, tally: &mut Tally) {
        if !seen.is_grant_request() {
            return;
        }

        if seen.is_success() {
            self.count_success(seen);
        } else if let Some(successes) = self.successes_before(seen) {
            self.count_error(seen, successes, tally);
        }
    }
}

impl RetriedPermanentError {
    fn count_success(&mut self, seen: &Observation<'_>) {
        self.series.remove(&seen.key);

        if let Some(client) = seen.client {
            *self.client_successes.entry(client) += 1;
        }
        if let Some(grant) = seen.grant {
            *self.grant_successes.entry(grant) += 1;
        }
    }

    /// Returns the number of successes so far that would end a series of this error. `None` if the
    /// error is not a permanent one.
    fn successes_before(&self, seen: &Observation<'_>) -> Option<u64> {
        let error = seen.error()?;
        if CLIENT_ERRORS.contains(&error) {
            let client = seen.client.and_then(|client| self.client_successes.get(&client));
            return Some(client.copied().unwrap_or_default());
        }

        let grant = seen.grant.and_then(|grant| self.grant_successes.get(&grant));
        GRANT_ERRORS.contains(&error).then(|| grant.copied().unwrap_or_default())
    }

    fn count_error(&mut self, seen: &Observation<'_>, successes: u64, tally: &mut Tally) {
        let series = self.series.entry(seen.key);
        if series.successes != successes {
            *series = Series::default();
        }
        // Requests that are under way together are one try.
        if series.end.is_some_and(|end| !seen.follows(end)) {
            return;
        }

        series.successes = successes;
        series.end = Some(seen.end);
        series.tries += 1;
        if series.tries < MAX_TRIES {
            series.requests.push(seen.id);
        } else {
            tally.add(series.requests.iter().copied().chain([seen.id]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{Run, exchange, refresh};

    #[test]
    fn the_third_try_is_found_for_each_of_these_errors_and_no_other() {
        let permanent = CLIENT_ERRORS.iter().chain(&GRANT_ERRORS);
        for error in permanent {
            let mut run = Run::default();
            for _ in 0..4 {
                run.wait(10_000);
                run.send(refresh("r").refused(403, error));
            }
            assert_eq!(run.findings(), ["retried-permanent-error"], "{error}");
            assert_eq!(run.finding("retried-permanent-error").times, 2);
            assert_eq!(run.finding("retried-permanent-error").requests, [1, 2, 3, 4]);
        }

        for error in ["invalid_request", "invalid_scope", "invalid_redirect_uri", "invalid_grant"] {
            let mut run = Run::default();
            for _ in 0..4 {
                run.wait(10_000);
                run.send(refresh("r").refused(400, error));
            }
            assert!(run.findings().is_empty(), "{error}");
        }
    }

    #[test]
    fn two_tries_other_requests_and_tries_at_once_are_fine() {
        let mut run = Run::default();
        for code in ["a", "b", "c"] {
            run.send(exchange(code).refused(403, "merchant_not_active"));
            run.send(exchange(code).refused(403, "merchant_not_active"));
        }
        for before in [2, 4, 6] {
            run.send(exchange("d").refused(403, "access_denied").started_before(before));
        }
        assert!(run.findings().is_empty(), "{:?}", run.findings());
    }

    #[test]
    fn a_success_between_begins_anew() {
        let mut run = Run::default();
        let inactive = || refresh("r1").refused(403, "client_not_active");
        run.send(inactive());
        run.send(inactive());
        run.send(refresh("r2").grant(2).gives("a", "r2"));
        run.send(inactive());
        run.send(inactive());
        assert!(run.findings().is_empty(), "{:?}", run.findings());

        let revoked = || refresh("r1").refused(403, "access_denied");
        run.send(revoked());
        run.send(revoked());
        run.send(refresh("r2").grant(2).gives("a", "r2"));
        run.send(revoked());
        assert_eq!(run.findings(), ["retried-permanent-error"], "another grant is not this one");
    }
}
