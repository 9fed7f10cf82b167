//! `no-timeout`: a client does not wait for a response for ever.

use std::time::{Duration, Instant};

use super::{HangSpan, History, Now, Observation, Rule, RuleInfo, Severity, Tally};

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "no-timeout",
    severity: Severity::Warning,
    text: "A client waited 60 seconds or longer for a response, or for a TLS handshake, that \
       never came.",
    help: "Set a timeout for connecting and for each request, of 10 to 30 seconds. Without one, \
       a server that hangs takes your threads with it.",
    create: || Box::new(NoTimeout::default()),
};

/// The time that no client should wait.
const MAX_WAIT: Duration = Duration::from_secs(60);

#[derive(Default)]
struct NoTimeout {
    hanging: Vec<HangSpan>,
}

impl Rule for NoTimeout {
    fn observe(&mut self, _: &Observation<'_>, _: &History, _: &mut Tally) {}

    fn begin_hang(&mut self, hang: &HangSpan) {
        self.hanging.push(*hang);
    }

    fn end_hang(&mut self, hang: &HangSpan, end: Instant, tally: &mut Tally) {
        self.hanging.retain(|hanging| hanging.number != hang.number);
        count(hang, end, tally);
    }

    fn count_pending(&self, now: Now, tally: &mut Tally) {
        self.hanging.iter().for_each(|hang| count(hang, now.at, tally));
    }
}

fn count(hang: &HangSpan, end: Instant, tally: &mut Tally) {
    if end.saturating_duration_since(hang.start) >= MAX_WAIT {
        tally.add(hang.request);
    }
}

#[cfg(test)]
mod tests {
    use crate::report::testing::{Run, exchange};
    use crate::scenario::Fault;

    #[test]
    fn a_minute_is_too_long_also_while_it_lasts() {
        let mut run = Run::default();
        let hang = run.send(exchange("code").meets(Fault::Hang)).unwrap();
        run.wait(59_000);
        assert!(run.findings().is_empty(), "{:?}", run.findings());

        run.wait(1_000);
        assert_eq!(run.findings(), ["no-timeout"]);
        run.end_hang(hang);
        assert_eq!(run.finding("no-timeout").times, 1);
        assert_eq!(run.finding("no-timeout").requests, [1]);
    }

    #[test]
    fn a_timeout_in_time_is_fine() {
        let mut run = Run::default();
        let hang = run.send(exchange("code").meets(Fault::Hang)).unwrap();
        run.wait(30_000);
        run.end_hang(hang);
        run.wait(60_000);
        assert!(run.findings().is_empty(), "{:?}", run.findings());
    }
}
