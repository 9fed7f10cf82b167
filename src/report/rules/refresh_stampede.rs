//! `refresh-stampede`: a client refreshes a grant once at a time.

use std::time::{Duration, Instant};

use super::{
    GrantKey, HangSpan, History, Memory, Now, Observation, Rule, RuleInfo, Severity, Tally,
};
use crate::scenario::Fault;

pub(super) const RULE: RuleInfo = RuleInfo {
    name: "refresh-stampede",
    severity: Severity::Error,
    text: "Refreshes of one grant overlapped.",
    help: "Let one thread or process refresh a grant, and the others wait for its tokens: use a \
       lock by grant. Where refresh tokens rotate, all but one of such refreshes fail, and \
       the grant may be revoked.",
    create: || Box::new(RefreshStampede::default()),
};

/// The number of refreshes of a grant that are compared with the next one.
const MAX_REFRESHES: usize = 32;
/// The time after which the server certainly knows that a client has closed a connection.
const TOLERANCE: Duration = Duration::from_millis(500);

#[derive(Default)]
struct RefreshStampede {
    refreshes: Memory<GrantKey, Vec<Refresh>>,
    /// The grants of refreshes whose responses hang, by request.
    hanging: Vec<(u64, GrantKey)>,
}

#[derive(Clone, Copy)]
struct Refresh {
    request: u64,
    start: Instant,
    /// `None` as long as its response hangs.
    end: Option<Instant>,
    /// Whether it ended because its client closed the connection, of which the server learns late.
    is_given_up: bool,
    /// Whether it has been found to overlap with an earlier one.
    is_found: bool,
}

impl Refresh {
    /// Whether it was under way when the other one started.
    fn overlaps(&self, other: &Self, now: Instant) -> bool {
        let end = match self.end {
            Some(end) if !self.is_given_up => Some(end),
            end => end.unwrap_or(now).checked_sub(TOLERANCE),
        };
        self.start <= other.start
            && self.request != other.request
            && end.is_some_and(|end| end > other.start)
    }
}

impl Rule for RefreshStampede {
    fn observe(&mut self, seen: &Observation<'_>, _: &History, tally: &mut Tally) {
        let Some(grant) = seen.grant.filter(|_| seen.is_refresh()) else { return };

        let hangs = seen.fault() == Some(Fault::Hang);
        if hangs {
            self.hanging.push((seen.id, grant));
        }
        let refreshes = self.refreshes.entry(grant);
        if refreshes.len() >= MAX_REFRESHES {
            remove_first_ended(refreshes);
        }
        // Most refreshes begin after all earlier ones, and overlap none.
        let follows_all = refreshes.iter().all(|earlier| {
            earlier.start < seen.start && earlier.end.is_some_and(|end| end <= seen.start)
        });
        refreshes.push(Refresh {
            request: seen.id,
            start: seen.start,
            end: (!hangs).then_some(seen.end),
            is_given_up: seen.status().is_none() && seen.fault().is_none(),
            is_found: false,
        });
        if !follows_all {
            find_overlaps(refreshes, seen.end, tally);
        }
    }

    fn end_hang(&mut self, hang: &HangSpan, end: Instant, tally: &mut Tally) {
        let Some(index) = self.hanging.iter().position(|(id, _)| Some(*id) == hang.request) else {
            return;
        };
        let (request, grant) = self.hanging.swap_remove(index);

        let Some(refreshes) = self.refreshes.get_mut(grant) else { return };
        for refresh in refreshes.iter_mut().filter(|refresh| refresh.request == request) {
            refresh.end = Some(end);
            refresh.is_given_up = true;
        }
        find_overlaps(refreshes, end, tally);
    }

    fn count_pending(&self, now: Now, tally: &mut Tally) {
        for (_, grant) in &self.hanging {
            let mut refreshes = self.refreshes.get(grant).cloned().unwrap_or_default();
            find_overlaps(&mut refreshes, now.at, tally);
        }
    }
}

/// Counts each refresh that started while an earlier one was under way.
fn find_overlaps(refreshes: &mut [Refresh], now: Instant, tally: &mut Tally) {
    for index in 0..refreshes.len() {
        let refresh = refreshes[index];
        if refresh.is_found {
            continue;
        }

        // Of two that start at the same time, the later request is the one too many.
        let earlier = refreshes.iter().find(|earlier| {
            let is_before = (earlier.start, earlier.request) < (refresh.start, refresh.request);
            is_before && earlier.overlaps(&refresh, now)
        });
        if let Some(earlier) = earlier {
            tally.add([earlier.request, refresh.request]);
            refreshes[index].is_found = true;
        }
    }
}

/// Makes room for one more, in place of the one that overlaps with the fewest later ones.
fn remove_first_ended(refreshes: &mut Vec<Refresh>) {
    let ended = refreshes.iter().enumerate().filter(|(_, refresh)| refresh.end.is_some());
    if let Some((index, _)) = ended.min_by_key(|(_, refresh)| refresh.end) {
        refreshes.swap_remove(index);
    } else {
        refreshes.swap_remove(0);
    }
}

#[cfg(test)]
mod tests {
    use crate::report::testing::{Run, refresh};
    use crate::scenario::Fault;

    #[test]
    fn a_pair_is_one_and_a_crowd_is_one_less_than_its_members() {
        for (members, times) in [(2, 1), (3, 2), (100, 99)] {
            let mut run = Run::default();
            for member in 0..members {
                let access = format!("a{member}");
                run.send(refresh("r").gives(&access, "r").started_before(2 * member + 1));
            }
            assert_eq!(run.findings(), ["refresh-stampede"], "{members}");
            assert_eq!(run.finding("refresh-stampede").times, times);
        }
    }

    #[test]
    fn the_order_in_which_the_responses_come_makes_no_difference() {
        let mut run = Run::default();
        run.send(refresh("r").gives("a", "r"));
        run.send(refresh("r").refused(500, "server_error").started_before(50));
        assert_eq!(run.finding("refresh-stampede").requests, [1, 2]);
        assert_eq!(run.finding("refresh-stampede").times, 1);
    }

    #[test]
    fn one_after_the_other_and_other_grants_are_fine() {
        let mut run = Run::default();
        run.send(refresh("r").refused(500, "server_error"));
        run.wait(2_000);
        run.send(refresh("r").gives("a", "r"));
        run.send(refresh("other").grant(2).gives("b", "other").started_before(2));
        assert!(run.findings().is_empty(), "{:?}", run.findings());
    }

    #[test]
    fn a_refresh_that_hangs_lasts_until_its_client_gives_up() {
        let mut run = Run::default();
        let hang = run.send(refresh("r").meets(Fault::Hang)).unwrap();
        run.wait(1_000);
        run.end_hang(hang);
        run.send(refresh("r").gives("a", "r"));
        assert!(run.findings().is_empty(), "{:?}", run.findings());

        let hang = run.send(refresh("r").meets(Fault::Hang)).unwrap();
        run.wait(1_000);
        run.send(refresh("r").gives("b", "r"));
        run.wait(1_000);
        assert_eq!(run.findings(), ["refresh-stampede"], "while it lasts");
        run.end_hang(hang);
        assert_eq!(run.finding("refresh-stampede").times, 1);
    }

    #[test]
    fn a_client_that_has_given_up_may_try_again_before_the_server_knows() {
        let mut run = Run::default();
        run.send(refresh("r").gives("a", "r"));
        run.wait(1_000);
        run.send(refresh("r").gives_up().started_before(500));
        run.send(refresh("r").gives("b", "r").started_before(100));
        assert!(run.findings().is_empty(), "{:?}", run.findings());
    }
}
