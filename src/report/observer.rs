//! Sees all requests of a realm, and makes the report of them.

use std::fmt;
use std::hash::RandomState;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use parking_lot::Mutex;

use super::coverage::Counts;
use super::findings::Tally;
use super::history::History;
use super::model::{Finding, Report};
use super::observation::{Observation, Seen};
use super::rules::{ActiveRule, HangSpan, Now, create_all};

/// Sees all requests of a realm. The rules and the counts change under one lock, once for each request.
pub(crate) struct RequestObserver {
    requests: AtomicU64,
    hasher: RandomState,
    state: Mutex<State>,
}

struct State {
    since: SystemTime,
    /// The last request that arrived before everything was forgotten.
    forgotten: u64,
    history: History,
    /// Created with the first request: a server may have thousands of realms.
    rules: Vec<ActiveRule>,
    counts: Counts,
    hangs: u64,
}

impl State {
    fn new(forgotten: u64) -> Self {
        Self {
            since: SystemTime::now(),
            forgotten,
            history: History::default(),
            rules: Vec::new(),
            counts: Counts::default(),
            hangs: 0,
        }
    }
}

impl Default for RequestObserver {
    fn default() -> Self {
        Self {
            requests: AtomicU64::new(0),
            hasher: RandomState::new(),
            state: Mutex::new(State::new(0)),
        }
    }
}

impl fmt::Debug for RequestObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestObserver").field("requests", &self.requests).finish_non_exhaustive()
    }
}

impl RequestObserver {
    /// Counts a request that has arrived.
    pub(crate) fn begin(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request that arrived at a time: another replica of a shared store may have received it
    /// before this process started.
    #[cfg(feature = "redis")]
    pub(crate) fn begin_at(&self, time: SystemTime) {
        self.begin();
        let mut state = self.state.lock();
        state.since = state.since.min(time);
    }

    /// Looks at a request that is complete.
    pub(crate) fn observe(&self, seen: Seen<'_>) {
        let seen = Observation::new(seen, &self.hasher);
        let mut state = self.state.lock();
        let State { forgotten, history, rules, counts, .. } = &mut *state;
        if seen.id <= *forgotten {
            return;
        }

        if rules.is_empty() {
            *rules = create_all();
        }
        for ActiveRule { rule, tally, .. } in rules {
            rule.observe(&seen, history, tally);
        }
        history.remember(&seen);
        counts.observe(&seen);
    }

    /// Notes that a request's or a handshake's response hangs, until the guard is dropped.
    pub(crate) fn begin_hang(self: &Arc<Self>, request: Option<u64>) -> Hang {
        let mut state = self.state.lock();
        state.hangs += 1;
        let span = HangSpan { number: state.hangs, request, start: Instant::now() };
        state.begin_hang(&span);

        Hang { observer: Arc::clone(self), span, forgotten: state.forgotten }
    }

    /// Forgets everything, and counts from now on. `last_id` is the number of the newest request.
    pub(crate) fn clear(&self, last_id: u64) {
        let mut state = self.state.lock();
        *state = State::new(last_id);
        self.requests.store(0, Ordering::Relaxed);
    }

    /// Returns the report. `now_ms` is the time of the realm's clock in milliseconds since 1970.
    pub(crate) fn report(&self, now_ms: i64, unused_scenarios: Vec<String>) -> Report {
        let state = self.state.lock();
        let now = Now { at: Instant::now(), ms: now_ms };

        Report {
            since: state.since,
            requests: self.requests.load(Ordering::Relaxed),
            coverage: state.counts.coverage(),
            findings: state.findings(now),
            unused_scenarios,
        }
    }
}

impl State {
    fn begin_hang(&mut self, span: &HangSpan) {
        if self.rules.is_empty() {
            self.rules = create_all();
        }
        self.rules.iter_mut().for_each(|active| active.rule.begin_hang(span));
    }

    fn end_hang(&mut self, span: &HangSpan, end: Instant) {
        for ActiveRule { rule, tally, .. } in &mut self.rules {
            rule.end_hang(span, end, tally);
        }
    }

    fn findings(&self, now: Now) -> Vec<Finding> {
        let finding = |active: &ActiveRule| {
            let mut tally: Tally = active.tally.clone();
            active.rule.count_pending(now, &mut tally);
            let Tally { times, severity, requests, .. } = tally;

            Some(Finding {
                rule: active.info.name.to_owned(),
                severity: severity?,
                times,
                text: active.info.text.to_owned(),
                requests,
                help: active.info.help.to_owned(),
            })
        };
        self.rules.iter().filter_map(finding).collect()
    }
}

impl fmt::Debug for Hang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hang").finish_non_exhaustive()
    }
}

/// A request or handshake whose response hangs. It is dropped when the client gives up.
pub(crate) struct Hang {
    observer: Arc<RequestObserver>,
    span: HangSpan,
    forgotten: u64,
}

impl Drop for Hang {
    fn drop(&mut self) {
        let mut state = self.observer.state.lock();
        // What began before everything was forgotten is not counted either.
        if state.forgotten == self.forgotten {
            state.end_hang(&self.span, Instant::now());
        }
    }
}

#[cfg(test)]
impl RequestObserver {
    /// Begins a hang at a given time.
    pub(super) fn begin_hang_at(&self, request: u64, start: Instant) {
        let span = HangSpan { number: request, request: Some(request), start };
        self.state.lock().begin_hang(&span);
    }

    /// Ends a hang at a given time.
    pub(super) fn end_hang_at(&self, request: u64, start: Instant, end: Instant) {
        let span = HangSpan { number: request, request: Some(request), start };
        self.state.lock().end_hang(&span, end);
    }

    /// Returns the report at a given time.
    pub(super) fn report_at(&self, at: Instant, ms: i64) -> Report {
        let findings = self.state.lock().findings(Now { at, ms });
        Report { findings, ..self.report(ms, Vec::new()) }
    }
}
