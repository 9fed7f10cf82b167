//! Keeps the newest requests of a realm.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::watch;

use super::seen_ids::SeenIds;
use super::{
    Completion, Expectation, Filter, RecordedEndpoint, RecordedRequest, RequestFacts,
    RequestInFlight, RequestInfo, RequestRecorder, Verification, notes,
};

/// How many requests the journal of a realm keeps by default.
pub(crate) const DEFAULT_SIZE: usize = 10_000;

/// The requests of a realm in the order of their arrival. When it is full, the oldest are dropped,
/// complete or not.
pub(crate) struct Journal {
    pub(super) size: usize,
    pub(super) entries: Mutex<Entries>,
    correlation_ids: Mutex<SeenIds>,
    /// The number of changes, for those that wait for the next one.
    changes: watch::Sender<u64>,
}

#[derive(Default)]
pub(super) struct Entries {
    /// By their numbers, which have no gaps.
    kept: VecDeque<Slot>,
    pub(super) last_id: u64,
    dropped: u64,
    /// The complete ones among them, by the order of their completion.
    completed: BTreeMap<u64, Arc<RecordedRequest>>,
    /// The others, by their numbers.
    pub(super) in_flight: BTreeMap<u64, UnderWay>,
    /// The number of completions so far, also of requests that are not kept.
    completions: u64,
}

/// A request without a response yet.
#[derive(Clone)]
pub(super) enum UnderWay {
    Here(Arc<RequestInFlight>),
    /// Another replica of a shared store handles it.
    Elsewhere(Arc<RecordedRequest>),
}

#[derive(Clone)]
pub(super) enum Slot {
    InFlight(UnderWay),
    Complete {
        /// The position of its completion among all completions.
        position: u64,
        entry: Arc<RecordedRequest>,
    },
    /// The entry of a request that another replica of a shared store has, of which nothing is known yet.
    Reserved,
}

/// Entries of the journal.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RequestPage {
    /// The entries, newest last.
    pub(crate) requests: Vec<Arc<RecordedRequest>>,
    /// The number of entries that match the filter, including those beyond the limit.
    pub(crate) total: usize,
    /// The number of entries that the full journal has dropped since it was last cleared.
    pub(crate) dropped: u64,
}

/// The requests that were completed after a position that a reader has reached.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail {
    /// The requests in the order of their completion, each with its position.
    pub(crate) entries: Vec<(u64, Arc<RecordedRequest>)>,
    /// The number of requests that were dropped before the reader could see them.
    pub(crate) missed: u64,
    /// The position that the reader has reached with these.
    pub(crate) position: u64,
}

impl Journal {
    /// Creates an empty journal that keeps up to `size` entries.
    pub(crate) fn new(size: usize) -> Self {
        Self {
            size,
            entries: Mutex::default(),
            correlation_ids: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }

    /// Adds a request that has arrived, and numbers it.
    pub(crate) fn begin(
        &self,
        request: RequestInfo,
        recorder: RequestRecorder,
    ) -> Arc<RequestInFlight> {
        let request = request.bounded();
        let mut entries = self.entries.lock();
        entries.last_id += 1;
        let in_flight = Arc::new(RequestInFlight::new(entries.last_id, request, recorder));

        let under_way = UnderWay::Here(Arc::clone(&in_flight));
        entries.kept.push_back(Slot::InFlight(under_way.clone()));
        entries.in_flight.insert(in_flight.id, under_way);
        if entries.kept.len() > self.size {
            entries.drop_oldest();
        }
        drop(entries);

        self.announce();
        in_flight
    }

    /// Completes a request. `observe` sees it before anyone else.
    pub(crate) fn finish(
        &self,
        in_flight: &RequestInFlight,
        completion: Completion,
        observe: impl FnOnce(&RecordedRequest, &RequestFacts),
    ) {
        let (entry, facts) = in_flight.completed(completion);
        self.complete(None, entry, facts, observe);
    }

    /// Adds a complete request. `position` is that of its completion, if a shared store has given it
    /// one. `observe` sees it before anyone else.
    pub(crate) fn complete(
        &self,
        position: Option<u64>,
        mut entry: RecordedRequest,
        mut facts: RequestFacts,
        observe: impl FnOnce(&RecordedRequest, &RequestFacts),
    ) {
        facts.repeats = self.remember_correlation_id(&entry);
        entry.notes.extend(facts.repeats.map(notes::repeated_correlation_id));
        observe(&entry, &facts);

        let id = entry.id;
        let entry = Arc::new(entry);
        let mut entries = self.entries.lock();
        let position = position.unwrap_or(entries.completions + 1);
        entries.completions = entries.completions.max(position);
        entries.in_flight.remove(&id);
        entries.place(id, Slot::Complete { position, entry: Arc::clone(&entry) }, self.size);
        // A request that was dropped meanwhile leaves a gap, by which readers see that they missed it.
        if entries.index_of(id).is_some() {
            entries.completed.insert(position, entry);
        }
        drop(entries);

        self.announce();
    }

    /// Remembers the correlation ID of a token request. Returns the request that had it first, if that
    /// is another one.
    fn remember_correlation_id(&self, entry: &RecordedRequest) -> Option<u64> {
        if entry.endpoint != RecordedEndpoint::Token {
            return None;
        }

        // What was cut, or was no text, may only look the same.
        let id = entry.correlation_id.as_deref()?;
        if id.is_empty() || id.ends_with("...") || id.contains(char::REPLACEMENT_CHARACTER) {
            return None;
        }
        self.correlation_ids.lock().remember(id, entry.id)
    }

    /// Tells those who wait that a request has changed.
    pub(crate) fn announce(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Returns the entries that match: the first ones after the entry `after`, or the last ones if
    /// there is no `after`.
    pub(crate) fn read(&self, filter: &Filter, after: Option<u64>, limit: usize) -> RequestPage {
        let (slots, dropped) = self.slots(after.unwrap_or_default());
        let entries = slots.into_iter().filter_map(Slot::entry);
        let mut requests: Vec<_> = entries.filter(|entry| filter.matches(entry)).collect();

        let total = requests.len();
        match after {
            Some(_) => requests.truncate(limit),
            None => drop(requests.drain(..total.saturating_sub(limit))),
        }
        RequestPage { requests, total, dropped }
    }

    /// Returns what is kept after an entry, and how many entries were dropped.
    fn slots(&self, after: u64) -> (Vec<Slot>, u64) {
        let entries = self.entries.lock();
        let skip =
            usize::try_from(after.saturating_sub(entries.before_first())).unwrap_or(usize::MAX);
        (entries.kept.iter().skip(skip).cloned().collect(), entries.dropped)
    }

    /// Returns up to `limit` requests that were completed after a position.
    pub(crate) fn tail(&self, position: u64, limit: usize) -> Tail {
        let entries = self.entries.lock();
        let later = entries.completed.range(position.saturating_add(1)..).take(limit);
        let found: Vec<_> = later.map(|(at, entry)| (*at, Arc::clone(entry))).collect();

        // Below the limit there is nothing more, so the reader has reached the end.
        let end = match found.last() {
            Some((at, _)) if found.len() == limit => *at,
            _ => entries.completions,
        };
        let missed = end.saturating_sub(position).saturating_sub(found.len() as u64);
        Tail { entries: found, missed, position: end.max(position) }
    }

    /// Returns the position before the first completion that is kept, and the number of requests after
    /// the entry `after` that are not kept.
    pub(crate) fn position_before_first(&self, after: u64) -> (u64, u64) {
        let entries = self.entries.lock();
        let first = entries.completed.keys().next().copied();
        let position = first.map_or(entries.completions, |first| first - 1);
        (position, entries.before_first().saturating_sub(after))
    }

    /// Returns the position of the newest completion.
    pub(crate) fn position(&self) -> u64 {
        self.entries.lock().completions
    }

    /// Returns the number of the newest entry.
    pub(crate) fn last_id(&self) -> u64 {
        self.entries.lock().last_id
    }

    /// Removes all entries, also of requests in flight. The numbering continues.
    pub(crate) fn clear(&self) {
        let mut entries = self.entries.lock();
        entries.kept.clear();
        entries.completed.clear();
        entries.in_flight.clear();
        entries.dropped = 0;
        drop(entries);

        *self.correlation_ids.lock() = SeenIds::default();
    }

    /// Returns a receiver that is notified of each change.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Returns how many readers wait for the next change.
    pub(super) fn readers(&self) -> usize {
        self.changes.receiver_count()
    }

    /// Returns the requests without a response.
    pub(super) fn in_flight(&self) -> Vec<RecordedRequest> {
        let in_flight: Vec<_> = self.entries.lock().in_flight.values().cloned().collect();
        in_flight.iter().map(|in_flight| in_flight.entry()).collect()
    }

    /// Returns whether the requests are as expected.
    pub(crate) fn verify(&self, expectation: &Expectation<'_>) -> Verification {
        let (slots, dropped) = self.slots(0);
        let entries: Vec<_> = slots.into_iter().filter_map(Slot::entry).collect();
        expectation.verify(&entries, dropped)
    }
}

impl fmt::Debug for Journal {
    /// Leaves the entries out; there may be ten thousand.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("changes", &*self.changes.borrow()).finish_non_exhaustive()
    }
}

impl Entries {
    /// Returns the number before that of the first entry.
    fn before_first(&self) -> u64 {
        self.last_id - self.kept.len() as u64
    }

    pub(super) fn index_of(&self, id: u64) -> Option<usize> {
        let index = usize::try_from(id.checked_sub(self.before_first() + 1)?).ok()?;
        (index < self.kept.len()).then_some(index)
    }

    fn drop_oldest(&mut self) {
        match self.kept.pop_front() {
            Some(Slot::Complete { position, .. }) => drop(self.completed.remove(&position)),
            Some(Slot::InFlight(under_way)) => drop(self.in_flight.remove(&under_way.id())),
            Some(Slot::Reserved) | None => return,
        }
        self.dropped += 1;
    }

    /// Puts an entry into its place by its number. Entries may arrive in another order.
    pub(super) fn place(&mut self, id: u64, slot: Slot, size: usize) {
        // Numbers that nobody has used, or that were dropped long ago.
        if id > self.last_id + size as u64 {
            while !self.kept.is_empty() {
                self.drop_oldest();
            }
            self.last_id = id - 1;
        }
        while self.last_id < id {
            self.last_id += 1;
            self.kept.push_back(Slot::Reserved);
            if self.kept.len() > size {
                self.drop_oldest();
            }
        }
        if let Some(index) = self.index_of(id) {
            self.kept[index] = slot;
        }
    }
}

impl UnderWay {
    fn id(&self) -> u64 {
        match self {
            Self::Here(in_flight) => in_flight.id(),
            Self::Elsewhere(entry) => entry.id,
        }
    }

    fn entry(&self) -> RecordedRequest {
        match self {
            Self::Here(in_flight) => in_flight.entry(),
            Self::Elsewhere(entry) => entry.until_now(),
        }
    }
}

impl Slot {
    fn entry(self) -> Option<Arc<RecordedRequest>> {
        match self {
            Self::InFlight(under_way) => Some(Arc::new(under_way.entry())),
            Self::Complete { entry, .. } => Some(entry),
            Self::Reserved => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{ErrorTag, Times};
    use std::time::Duration;

    fn begin(journal: &Journal) -> Arc<RequestInFlight> {
        journal.begin(RequestInfo::example("/oauth2/v3/token"), RequestRecorder::default())
    }

    fn finish(journal: &Journal, in_flight: &RequestInFlight) {
        journal.finish(in_flight, Completion::Sent(200, ErrorTag::default()), |_, _| {});
    }

    fn append(journal: &Journal) {
        finish(journal, &begin(journal));
    }

    fn journal(size: usize, requests: u64) -> Journal {
        let journal = Journal::new(size);
        (0..requests).for_each(|_| append(&journal));
        journal
    }

    fn ids(entries: &[Arc<RecordedRequest>]) -> Vec<u64> {
        entries.iter().map(|entry| entry.id).collect()
    }

    fn tail(journal: &Journal, after: u64, limit: usize) -> (Vec<u64>, u64) {
        let tail = journal.tail(after, limit);
        (tail.entries.iter().map(|(_, entry)| entry.id).collect(), tail.missed)
    }

    #[test]
    fn the_oldest_entries_are_dropped_and_counted() {
        let journal = journal(3, 5);
        let all = journal.read(&Filter::new(), None, 10);
        assert_eq!((ids(&all.requests), all.total, all.dropped), (vec![3, 4, 5], 3, 2));
        let last = journal.read(&Filter::new(), None, 2);
        assert_eq!((ids(&last.requests), last.total), (vec![4, 5], 3));
        let next = journal.read(&Filter::new(), Some(3), 1);
        assert_eq!((ids(&next.requests), next.total), (vec![4], 2));
        journal.clear();
        append(&journal);
        let all = journal.read(&Filter::new(), None, 10);
        assert_eq!((ids(&all.requests), all.dropped), (vec![6], 0));
    }

    #[test]
    fn a_tail_starts_after_an_entry_and_counts_the_missed_ones() {
        let journal = journal(3, 5);
        assert_eq!(tail(&journal, 0, 10), (vec![3, 4, 5], 2));
        assert_eq!(tail(&journal, 2, 10), (vec![3, 4, 5], 0));
        assert_eq!(tail(&journal, 4, 10), (vec![5], 0));
        assert_eq!(tail(&journal, 5, 10), (vec![], 0));
        assert_eq!(tail(&journal, 9, 10), (vec![], 0));
        assert_eq!(tail(&journal, 2, 1), (vec![3], 0));
        assert_eq!(journal.position_before_first(1), (2, 1));
        journal.clear();
        assert_eq!(tail(&journal, 2, 10), (vec![], 3));
        assert_eq!(journal.position_before_first(1), (5, 4));
    }

    #[test]
    fn a_journal_of_size_zero_keeps_nothing() {
        let all = journal(0, 2).read(&Filter::new(), None, 10);
        assert_eq!((all.total, all.dropped), (0, 2));
    }

    #[test]
    fn a_request_in_flight_has_no_outcome_and_is_followed_once_it_is_complete() {
        let journal = Journal::new(3);
        let slow = begin(&journal);
        append(&journal);
        let read = || journal.read(&Filter::new(), None, 10).requests;
        assert_eq!(ids(&read()), [1, 2]);
        assert_eq!(read()[0].outcome, None);
        assert_eq!(journal.read(&Filter::new().status(200), None, 10).total, 1);
        assert_eq!(tail(&journal, 0, 10), (vec![2], 0));

        finish(&journal, &slow);
        assert_eq!(ids(&read()), [1, 2], "the order is that of the arrival");
        assert_eq!(read()[0].status(), Some(200));
        assert_eq!(tail(&journal, 0, 10), (vec![2, 1], 0));
        assert_eq!(tail(&journal, 1, 10), (vec![1], 0));
    }

    #[test]
    fn requests_in_flight_are_dropped_and_cleared_like_others() {
        let journal = Journal::new(2);
        let (dropped, cleared) = (begin(&journal), begin(&journal));
        append(&journal);
        finish(&journal, &dropped);
        assert_eq!(ids(&journal.read(&Filter::new(), None, 10).requests), [2, 3]);
        assert_eq!(tail(&journal, 0, 10), (vec![3], 1));
        journal.clear();
        finish(&journal, &cleared);
        assert_eq!(journal.read(&Filter::new(), None, 10).total, 0);
        append(&journal);
        assert_eq!(tail(&journal, 2, 10), (vec![4], 1));
        let entries = journal.entries.lock();
        assert_eq!((entries.kept.len(), entries.completed.len()), (1, 1));
    }

    #[test]
    fn what_a_client_chooses_is_bounded() {
        let long = "x".repeat(60_000);
        let request = RequestInfo {
            method: long.clone(),
            path: long.clone(),
            certificate: Some(long.as_str().into()),
            correlation_id: Some(long),
            ..RequestInfo::example("/")
        };
        let journal = Journal::new(1);
        let in_flight = journal.begin(request, RequestRecorder::default());
        let size = format!("{in_flight:?}").len();
        assert!(size < 2_000, "{size}");
    }

    #[tokio::test]
    async fn verification_waits_for_further_requests() {
        let journal = Arc::new(journal(10, 1));
        let any = Filter::new();
        let two = Expectation::Count(&any, Times::at_least(2));
        assert!(!journal.verify_timeout(&two, Duration::ZERO).await.satisfied);
        let other = Arc::clone(&journal);
        let waiting = tokio::spawn(async move {
            let any = Filter::new();
            let two = Expectation::Count(&any, Times::at_least(2));
            other.verify_timeout(&two, Duration::from_secs(60)).await
        });
        tokio::task::yield_now().await;
        append(&journal);
        let found = waiting.await.unwrap();
        assert_eq!((found.satisfied, found.matched), (true, 2));
    }
}
