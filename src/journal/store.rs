//! Keeps the newest requests of a realm.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::verify::{self, Verification};
use super::{Filter, RecordedRequest, Times};

/// How many requests the journal of a realm keeps by default.
pub(crate) const DEFAULT_SIZE: usize = 10_000;

/// The requests of a realm, oldest first. When it is full, the oldest are dropped.
pub(crate) struct Journal {
    size: usize,
    entries: Mutex<Entries>,
    /// The number of the newest entry, for those that wait for the next one.
    newest: watch::Sender<u64>,
}

#[derive(Default)]
struct Entries {
    kept: VecDeque<Arc<RecordedRequest>>,
    last_id: u64,
    dropped: u64,
}

/// Entries that match a filter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Arc<RecordedRequest>>,
    /// The number of matching entries, including those beyond the limit.
    pub(crate) total: usize,
    /// The number of entries that were dropped since the journal was last cleared.
    pub(crate) dropped: u64,
}

/// The entries after one that a reader has seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail {
    pub(crate) entries: Vec<Arc<RecordedRequest>>,
    /// The number of entries that were dropped before the reader could see them.
    pub(crate) missed: u64,
}

impl Journal {
    /// Creates an empty journal that keeps up to `size` entries.
    pub(crate) fn new(size: usize) -> Self {
        Self { size, entries: Mutex::default(), newest: watch::Sender::new(0) }
    }

    /// Appends an entry and numbers it.
    pub(super) fn append(&self, mut entry: RecordedRequest) {
        let mut entries = self.entries.lock();
        entries.last_id += 1;
        entry.id = entries.last_id;
        let id = entry.id;

        entries.kept.push_back(Arc::new(entry));
        if entries.kept.len() > self.size {
            entries.kept.pop_front();
            entries.dropped += 1;
        }

        // Sent while locked, so that the numbers arrive in order.
        self.newest.send_replace(id);
    }

    /// Returns the entries that match: the first ones after the entry `after`, or the last ones if
    /// there is no `after`.
    pub(crate) fn read(&self, filter: &Filter, after: Option<u64>, limit: usize) -> Page {
        let entries = self.entries.lock();
        let mut found: Vec<_> = entries
            .kept
            .iter()
            .filter(|entry| after.is_none_or(|after| entry.id > after))
            .filter(|entry| filter.matches(entry))
            .cloned()
            .collect();

        let total = found.len();
        match after {
            Some(_) => found.truncate(limit),
            None => drop(found.drain(..total.saturating_sub(limit))),
        }
        Page { entries: found, total, dropped: entries.dropped }
    }

    /// Returns up to `limit` entries after the entry `after`.
    pub(crate) fn tail(&self, after: u64, limit: usize) -> Tail {
        let entries = self.entries.lock();
        // The numbers of the kept entries have no gaps.
        let first = entries.last_id - entries.kept.len() as u64;
        let missed = first.saturating_sub(after);
        let skip = usize::try_from(after.saturating_sub(first)).unwrap_or(usize::MAX);
        Tail { entries: entries.kept.iter().skip(skip).take(limit).cloned().collect(), missed }
    }

    /// Removes all entries. The numbering continues.
    pub(crate) fn clear(&self) {
        let mut entries = self.entries.lock();
        entries.kept.clear();
        entries.dropped = 0;
    }

    /// Returns a receiver of the number of the newest entry.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// Returns whether the expected number of requests matches.
    pub(crate) fn verify(&self, filter: &Filter, times: Times) -> Verification {
        let all = self.read(&Filter::new(), None, usize::MAX);
        verify::verify(&all.entries, all.dropped, filter, times)
    }

    /// Waits until the expected number of requests matches, or until the timeout.
    pub(crate) async fn verify_timeout(
        &self,
        filter: &Filter,
        times: Times,
        timeout: Duration,
    ) -> Verification {
        let deadline = Instant::now() + timeout;
        let mut newest = self.watch();

        loop {
            // Marked as seen before the check, so that an entry after it ends the wait.
            newest.borrow_and_update();
            let verification = self.verify(filter, times);
            let left = deadline.saturating_duration_since(Instant::now());

            if verification.satisfied
                || left.is_zero()
                || tokio::time::timeout(left, newest.changed()).await.is_err()
            {
                return verification;
            }
        }
    }
}

impl fmt::Debug for Journal {
    /// Leaves the entries out; there may be ten thousand.
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
            journal.append(RecordedRequest::example());
        }
        journal
    }

    fn ids(entries: &[Arc<RecordedRequest>]) -> Vec<u64> {
        entries.iter().map(|entry| entry.id).collect()
    }

    #[test]
    fn the_oldest_entries_are_dropped_and_counted() {
        let journal = journal(3, 5);
        let all = journal.read(&Filter::new(), None, 10);
        assert_eq!((ids(&all.entries), all.total, all.dropped), (vec![3, 4, 5], 3, 2));
        let last = journal.read(&Filter::new(), None, 2);
        assert_eq!((ids(&last.entries), last.total), (vec![4, 5], 3));
        let next = journal.read(&Filter::new(), Some(3), 1);
        assert_eq!((ids(&next.entries), next.total), (vec![4], 2));
        journal.clear();
        journal.append(RecordedRequest::example());
        let all = journal.read(&Filter::new(), None, 10);
        assert_eq!((ids(&all.entries), all.dropped), (vec![6], 0));
    }

    #[test]
    fn a_tail_starts_after_an_entry_and_counts_the_missed_ones() {
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
    fn a_journal_of_size_zero_keeps_nothing() {
        let all = journal(0, 2).read(&Filter::new(), None, 10);
        assert_eq!((all.total, all.dropped), (0, 2));
    }

    #[tokio::test]
    async fn verification_waits_for_further_requests() {
        let journal = Arc::new(journal(10, 1));
        let any = Filter::new();
        let none = Duration::ZERO;
        assert!(!journal.verify_timeout(&any, Times::at_least(2), none).await.satisfied);
        let other = Arc::clone(&journal);
        let waiting = tokio::spawn(async move {
            other.verify_timeout(&Filter::new(), Times::at_least(2), Duration::from_secs(60)).await
        });
        tokio::task::yield_now().await;
        journal.append(RecordedRequest::example());
        let found = waiting.await.unwrap();
        assert_eq!((found.satisfied, found.matched), (true, 2));
    }
}
