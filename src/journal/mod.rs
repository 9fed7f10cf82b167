//! The journal: what was asked of a realm, what it answered, and what the real server would have
//! had to say about it. Secrets, codes and tokens never get into it.

mod entry;
mod filter;
mod notes;
mod recorder;
mod redact;
mod verify;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::watch;

pub use entry::{
    Issued, IssuedKind, RecordedEndpoint, RecordedOutcome, RecordedParam, RecordedRequest,
};
pub use filter::Filter;
pub(crate) use recorder::{Correlation, ErrorTag, ParamPolicy, RequestInfo, RequestRecorder};
pub use verify::{Difference, NearMiss, Times, TimesError, Verification};

/// How many requests a realm's journal keeps unless it is told otherwise.
pub(crate) const USUAL_SIZE: usize = 10_000;

/// The requests of a realm, the newest last; the oldest are dropped when there are too many.
pub(crate) struct Journal {
    size: usize,
    inner: Mutex<Entries>,
    /// The number of the newest entry. Whoever waits for the next watches it.
    newest: watch::Sender<u64>,
}

#[derive(Default)]
struct Entries {
    entries: VecDeque<Arc<RecordedRequest>>,
    last_id: u64,
    dropped: u64,
}

/// A part of the journal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Arc<RecordedRequest>>,
    /// How many entries fit, also those beyond the limit.
    pub(crate) total: usize,
    /// How many entries were dropped since the journal was last emptied.
    pub(crate) dropped: u64,
}

/// What came after an entry that a reader has seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail {
    pub(crate) entries: Vec<Arc<RecordedRequest>>,
    /// How many were dropped before the reader could see them.
    pub(crate) missed: u64,
}

impl Journal {
    /// An empty journal that keeps so many entries.
    pub(crate) fn new(size: usize) -> Self {
        Self { size, inner: Mutex::default(), newest: watch::Sender::new(0) }
    }

    /// Enters a request and gives it its number.
    fn enter(&self, mut entry: RecordedRequest) {
        let mut inner = self.inner.lock();
        inner.last_id += 1;
        entry.id = inner.last_id;
        let id = entry.id;
        inner.entries.push_back(Arc::new(entry));
        if inner.entries.len() > self.size {
            inner.entries.pop_front();
            inner.dropped += 1;
        }
        // Under the lock, so that numbers are told in their order.
        self.newest.send_replace(id);
    }

    /// The entries that fit. With `after`, the first ones behind that entry; else the last ones.
    pub(crate) fn read(&self, filter: &Filter, after: Option<u64>, limit: usize) -> Page {
        let inner = self.inner.lock();
        let behind = |entry: &&Arc<RecordedRequest>| after.is_none_or(|after| entry.id > after);
        let mut entries: Vec<_> =
            inner.entries.iter().filter(behind).filter(|e| filter.fits(e)).cloned().collect();
        let total = entries.len();
        match after {
            Some(_) => entries.truncate(limit),
            None => drop(entries.drain(..total.saturating_sub(limit))),
        }
        Page { entries, total, dropped: inner.dropped }
    }

    /// At most `limit` entries behind the one with this number.
    pub(crate) fn tail(&self, after: u64, limit: usize) -> Tail {
        let inner = self.inner.lock();
        let first = inner.last_id - inner.entries.len() as u64;
        let missed = first.saturating_sub(after);
        let skip = usize::try_from(after.saturating_sub(first)).unwrap_or(usize::MAX);
        Tail { entries: inner.entries.iter().skip(skip).take(limit).cloned().collect(), missed }
    }

    /// Forgets everything; numbers go on.
    pub(crate) fn clear(&self) {
        let mut inner = self.inner.lock();
        inner.entries.clear();
        inner.dropped = 0;
    }

    /// The number of the newest entry, and word of the next.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// Whether as many requests fit as are expected.
    pub(crate) fn verify(&self, filter: &Filter, count: Times) -> Verification {
        let all = self.read(&Filter::default(), None, usize::MAX);
        verify::verify(&all, filter, count)
    }

    /// Waits until it holds, or the time is over; then tells how it is.
    pub(crate) async fn verify_timeout(
        &self,
        filter: &Filter,
        count: Times,
        patience: Duration,
    ) -> Verification {
        let deadline = Instant::now() + patience;
        let mut newest = self.watch();
        loop {
            newest.borrow_and_update();
            let found = self.verify(filter, count);
            let left = deadline.saturating_duration_since(Instant::now());
            if found.satisfied
                || left.is_zero()
                || tokio::time::timeout(left, newest.changed()).await.is_err()
            {
                return found;
            }
        }
    }
}

impl fmt::Debug for Journal {
    /// Whoever prints a server does not want to read ten thousand requests.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("newest", &*self.newest.borrow()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal(size: usize, requests: u64) -> Journal {
        let journal = Journal::new(size);
        for _ in 0..requests {
            journal.enter(RecordedRequest::example());
        }
        journal
    }

    fn ids(entries: &[Arc<RecordedRequest>]) -> Vec<u64> {
        entries.iter().map(|entry| entry.id).collect()
    }

    #[test]
    fn the_oldest_are_dropped_and_counted() {
        let journal = journal(3, 5);
        let all = journal.read(&Filter::default(), None, 10);
        assert_eq!((ids(&all.entries), all.total, all.dropped), (vec![3, 4, 5], 3, 2));
        let last = journal.read(&Filter::default(), None, 2);
        assert_eq!((ids(&last.entries), last.total), (vec![4, 5], 3));
        let next = journal.read(&Filter::default(), Some(3), 1);
        assert_eq!((ids(&next.entries), next.total), (vec![4], 2));
        journal.clear();
        journal.enter(RecordedRequest::example());
        let all = journal.read(&Filter::default(), None, 10);
        assert_eq!((ids(&all.entries), all.dropped), (vec![6], 0));
    }

    #[test]
    fn a_reader_goes_on_where_it_was_and_learns_what_it_missed() {
        let journal = journal(3, 5);
        let tail = |after, limit| {
            let tail = journal.tail(after, limit);
            (ids(&tail.entries), tail.missed)
        };
        assert_eq!(tail(0, 10), (vec![3, 4, 5], 2));
        assert_eq!(tail(2, 10), (vec![3, 4, 5], 0));
        assert_eq!(tail(4, 10), (vec![5], 0));
        assert_eq!(tail(5, 10), (vec![], 0));
        assert_eq!(tail(9, 10), (vec![], 0));
        assert_eq!(tail(2, 1), (vec![3], 0));
        journal.clear();
        assert_eq!(tail(2, 10), (vec![], 3));
    }

    #[test]
    fn a_journal_of_nothing_keeps_nothing() {
        let all = journal(0, 2).read(&Filter::default(), None, 10);
        assert_eq!((all.total, all.dropped), (0, 2));
    }

    #[tokio::test]
    async fn verification_waits_for_what_is_to_come() {
        let journal = Arc::new(journal(10, 1));
        let any = Filter::default();
        let at_least = |n| Times::at_least(n);
        let none = Duration::ZERO;
        assert!(!journal.verify_timeout(&any, at_least(2), none).await.satisfied);
        let other = Arc::clone(&journal);
        let waiting = tokio::spawn(async move {
            other.verify_timeout(&Filter::default(), at_least(2), Duration::from_secs(60)).await
        });
        tokio::task::yield_now().await;
        journal.enter(RecordedRequest::example());
        let found = waiting.await.unwrap();
        assert_eq!((found.satisfied, found.matched), (true, 2));
    }
}
