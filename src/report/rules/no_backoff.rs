//! `no-backoff`: a client waits before it tries again.

use std::time::{Duration, Instant};

use super::{History, Memory, Observation, Rule, RuleInfo, Severity, Tally};
use crate::report::observation::RetryAfter;
use crate::scenario::Fault;

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "no-backoff",
    severity: Severity::Warning,
    text: "A request came three times within a second after a failure, or before the time of \
       its Retry-After.",
    help: "Wait before each retry, twice as long each time, with some jitter, and at least as \
       long as Retry-After says. A server that is overloaded does not recover while all its \
       clients retry at once.",
    create: || Box::new(NoBackoff::default()),
};

/// The time within which the third try is too early.
const WINDOW: Duration = Duration::from_secs(1);
/// How much too early a retry may come: timers are not exact.
const TOLERANCE: Duration = Duration::from_millis(100);

#[derive(Default)]
struct NoBackoff {
    failures: Memory<u64, Failures>,
}

/// What is remembered of a request that failed.
#[derive(Default)]
struct Failures {
    /// The last two tries, if both failed, else the last one.
    tries: Vec<Try>,
    wait: Option<Wait>,
}

struct Try {
    request: u64,
    start: Instant,
    end: Instant,
}

/// Until when a client has to wait.
struct Wait {
    request: u64,
    end: Instant,
    /// By real time, if the header has a duration.
    until: Option<Instant>,
    /// By the realm's clock.
    until_ms: i64,
}

impl Rule for NoBackoff {
    fn observe(&mut self, seen: &Observation<'_>, _: &History, tally: &mut Tally) {
        // Two requests to the API may be the same, or two payments.
        let is_repeatable = seen.is_grant_request()
            || (seen.is_api_call() && matches!(seen.entry.method.as_str(), "GET" | "HEAD"));
        if !is_repeatable {
            return;
        }

        if let Some(failures) = self.failures.get_mut(seen.key) {
            if let Some(requests) = failures.shown_by(seen) {
                tally.add(requests.into_iter().chain([seen.id]));
            }
            if !failures.tries.iter().all(|earlier| seen.follows(earlier.end)) {
                return;
            }
        }
        self.remember(seen);
    }
}

impl NoBackoff {
    fn remember(&mut self, seen: &Observation<'_>) {
        if !is_transient_failure(seen) {
            // A client that gives up has learned nothing.
            if seen.status().is_some() {
                self.failures.remove(&seen.key);
            }
            return;
        }

        let failures = self.failures.entry(seen.key);
        if failures.tries.len() >= 2 {
            failures.tries.remove(0);
        }
        failures.tries.push(Try { request: seen.id, start: seen.start, end: seen.end });
        failures.wait = seen.retry_after.map(|after| Wait::new(after, seen));
    }
}

impl Wait {
    fn new(after: RetryAfter, seen: &Observation<'_>) -> Self {
        let (until, until_ms) = match after {
            RetryAfter::At(ms) => (None, ms),
            RetryAfter::Delay(delay) => {
                let delay_ms = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
                (seen.end.checked_add(delay), seen.end_ms.saturating_add(delay_ms))
            }
        };
        Self { request: seen.id, end: seen.end, until, until_ms }
    }

    /// Whether a request comes too early, by real time and by the realm's clock.
    fn is_broken_by(&self, seen: &Observation<'_>) -> bool {
        let tolerance_ms = TOLERANCE.as_millis() as i64;
        seen.follows(self.end)
            && self.until.is_none_or(|until| seen.start + TOLERANCE < until)
            && seen.start_ms.saturating_add(tolerance_ms) < self.until_ms
    }
}

impl Failures {
    /// Returns the earlier requests that show that this one comes too early.
    fn shown_by(&self, seen: &Observation<'_>) -> Option<Vec<u64>> {
        if let [first, second] = self.tries.as_slice()
            && seen.follows(second.end)
            && seen.start.saturating_duration_since(first.start) <= WINDOW
        {
            return Some(vec![first.request, second.request]);
        }

        let wait = self.wait.as_ref().filter(|wait| wait.is_broken_by(seen))?;
        Some(vec![wait.request])
    }
}

/// Whether a request failed in a way that may pass: by a fault, `server_error`, another status of 500 or
/// more without an error code, or 429.
fn is_transient_failure(seen: &Observation<'_>) -> bool {
    if let Some(fault) = seen.fault() {
        return fault != Fault::SlowBody;
    }

    match (seen.status(), seen.error()) {
        (Some(429), _) | (Some(_), Some("server_error")) => true,
        (Some(status), None) => status >= 500,
        _ => seen.retry_after.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{Request, Run, api_call, exchange, refresh};

    fn failures() -> [fn(Request) -> Request; 3] {
        [
            |request| request.refused(500, "server_error"),
            |request| request.refused(429, "too_many_requests"),
            |request| request.meets(Fault::ConnectionReset),
        ]
    }

    #[test]
    fn the_third_try_within_a_second_is_found() {
        for fail in failures() {
            let mut run = Run::default();
            run.send(fail(exchange("code")));
            run.wait(100);
            run.send(fail(exchange("code")));
            run.wait(100);
            run.send(exchange("code").gives("a", "r"));
            assert_eq!(run.findings(), ["no-backoff"]);
            assert_eq!(run.finding("no-backoff").times, 1);
            assert_eq!(run.finding("no-backoff").requests, [1, 2, 3]);
        }
    }

    #[test]
    fn retries_with_backoff_are_fine() {
        for fail in failures() {
            let mut run = Run::default();
            for wait in [500, 1_000, 2_000, 4_000] {
                run.send(fail(refresh("r")));
                run.wait(wait);
            }
            run.send(refresh("r").gives("a", "r"));
            assert!(run.findings().is_empty(), "{:?}", run.findings());
        }
    }

    #[test]
    fn other_requests_and_other_errors_are_fine() {
        let mut run = Run::default();
        for n in 0..5 {
            run.send(exchange(&format!("code-{n}")).refused(500, "server_error"));
            run.send(exchange("malformed").refused(400, "invalid_request"));
            run.send(api_call("a1").refused(500, "server_error"));
        }
        assert!(run.findings().is_empty(), "{:?}", run.findings());
    }

    #[test]
    fn retry_after_is_kept_once_either_clock_has_passed_it() {
        let refused = || refresh("r").refused(429, "too_many_requests").retry_after(10);
        let waits: [(u64, i64, bool); 4] =
            [(9_000, 0, false), (9_950, 0, true), (10_000, 0, true), (100, 10_000, true)];
        for (real, realm, is_kept) in waits {
            let mut run = Run::default();
            run.send(refused());
            run.wait(real);
            run.jump(realm);
            run.send(refresh("r").gives("a", "r"));
            let expected: &[&str] = if is_kept { &[] } else { &["no-backoff"] };
            assert_eq!(run.findings(), expected, "{real} {realm}");
        }
    }
}
