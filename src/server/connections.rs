//! The open connections: how many there are, and which one is given up for another.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::limits::{Limit, LimitMonitor};

/// The open connections of a server.
#[derive(Debug)]
pub(super) struct Connections {
    most: usize,
    book: Mutex<Book>,
    /// A connection has closed, or will not although it was asked to.
    closed: Notify,
    /// The last request in flight on a connection has been answered.
    idled: Notify,
}

#[derive(Debug, Default)]
struct Book {
    open: usize,
    next: u64,
    /// Those without a request in flight, the longest idle first.
    idle: BTreeMap<u64, Arc<Notify>>,
}

/// A connection's place among the open ones, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    all: Arc<Connections>,
    /// Wakes the connection when it is to give way.
    give_way: Arc<Notify>,
    activity: Mutex<Activity>,
}

#[derive(Debug, Default)]
struct Activity {
    in_flight: usize,
    /// The number under which it is idle, or was last.
    number: u64,
}

/// A request in flight on a connection, until it is dropped: with the last of its answer's body.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Slot>);

impl Connections {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, book: Mutex::default(), closed: Notify::new(), idled: Notify::new() })
    }

    /// A place for a new connection, when there is one: the longest idle gives way.
    pub(super) async fn enter(self: &Arc<Self>, limits: &LimitMonitor) -> Arc<Slot> {
        loop {
            // Before looking, so that what happens in between is not missed.
            let (closed, idled) = (self.closed.notified(), self.idled.notified());
            if let Some(place) = self.try_enter() {
                return place;
            }
            limits.report(Limit::Connections);
            match self.evict_idle() {
                true => closed.await,
                // All are busy: the first that no longer is will do as well.
                false => tokio::select! { () = closed => {}, () = idled => {} },
            }
        }
    }

    fn try_enter(self: &Arc<Self>) -> Option<Arc<Slot>> {
        let mut book = self.book.lock();
        if book.open >= self.most {
            return None;
        }
        book.open += 1;
        let give_way = Arc::new(Notify::new());
        let number = book.idles(&give_way);
        let activity = Mutex::new(Activity { in_flight: 0, number });
        Some(Arc::new(Slot { all: Arc::clone(self), give_way, activity }))
    }

    /// Asks the longest idle connection to close, and waits until one has, but no longer than so.
    pub(super) async fn make_room(&self, patience: Duration) {
        let closed = self.closed.notified();
        self.evict_idle();
        // When none is idle, none may close for long; whoever asks tries again.
        let _ = tokio::time::timeout(patience, closed).await;
    }

    /// Asks the longest idle connection to close. `false`: none is idle.
    fn evict_idle(&self) -> bool {
        let longest = self.book.lock().idle.pop_first();
        longest.map(|(_, give_way)| give_way.notify_one()).is_some()
    }
}

impl Book {
    fn idles(&mut self, give_way: &Arc<Notify>) -> u64 {
        self.next += 1;
        self.idle.insert(self.next, Arc::clone(give_way));
        self.next
    }
}

impl Slot {
    /// A request has begun.
    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        let mut activity = self.activity.lock();
        activity.in_flight += 1;
        if activity.in_flight == 1 && self.all.book.lock().idle.remove(&activity.number).is_none() {
            // It had just been asked to give way. Whoever waits for it may ask another.
            self.all.closed.notify_waiters();
        }
        InFlight(Arc::clone(self))
    }

    /// Whether a request is in flight.
    pub(super) fn is_busy(&self) -> bool {
        self.activity.lock().in_flight > 0
    }

    /// Since when it has been idle, as a number that grows; `None`: a request is in flight.
    pub(super) fn idle_since(&self) -> Option<u64> {
        let activity = self.activity.lock();
        (activity.in_flight == 0).then_some(activity.number)
    }

    /// Returns when the connection is to give way to another.
    pub(super) async fn evicted(&self) {
        self.give_way.notified().await;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut activity = self.0.activity.lock();
        activity.in_flight -= 1;
        if activity.in_flight == 0 {
            activity.number = self.0.all.book.lock().idles(&self.0.give_way);
            self.0.all.idled.notify_waiters();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut book = self.all.book.lock();
        book.open -= 1;
        book.idle.remove(&self.activity.get_mut().number);
        drop(book);
        self.all.closed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use tokio::task::JoinHandle;

    async fn gives_way(place: &Slot) -> bool {
        tokio::time::timeout(Duration::from_millis(20), place.evicted()).await.is_ok()
    }

    #[tokio::test]
    async fn the_longest_idle_gives_way_and_a_busy_one_never_does() {
        let all = Connections::new(3);
        let limits = LimitMonitor::new(Limits::default());
        let [first, second, third] =
            [all.enter(&limits).await, all.enter(&limits).await, all.enter(&limits).await];
        let busy = first.begin();
        drop(second.begin());
        assert!(first.is_busy() && first.idle_since().is_none());
        assert!(all.try_enter().is_none());
        assert!(all.evict_idle());
        assert!(gives_way(&third).await, "idle longer than the second");
        drop(third);
        let fourth = all.enter(&limits).await;
        assert!(all.evict_idle() && all.evict_idle(), "the second and the fourth");
        assert!(!all.evict_idle(), "the first is busy");
        assert!(gives_way(&second).await && gives_way(&fourth).await);
        assert!(!gives_way(&first).await);
        drop(busy);
        assert!(all.evict_idle());
        assert!(gives_way(&first).await);
    }

    /// Somebody who waits for a place.
    async fn waiting(all: &Arc<Connections>) -> JoinHandle<Arc<Slot>> {
        let all = Arc::clone(all);
        let waiting =
            tokio::spawn(async move { all.enter(&LimitMonitor::new(Limits::default())).await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        waiting
    }

    #[tokio::test]
    async fn while_all_are_busy_a_new_one_waits_for_the_first_that_no_longer_is() {
        let all = Connections::new(2);
        let limits = LimitMonitor::new(Limits::default());
        let [one, other] = [all.enter(&limits).await, all.enter(&limits).await];
        let (busy, still_busy) = (one.begin(), other.begin());
        let new = waiting(&all).await;
        drop(busy);
        assert!(gives_way(&one).await);
        drop(one);
        new.await.unwrap();
        assert!(!gives_way(&other).await);
        drop(still_busy);
    }

    #[tokio::test]
    async fn one_that_gets_a_request_when_it_is_to_give_way_is_not_waited_for() {
        let all = Connections::new(2);
        let limits = LimitMonitor::new(Limits::default());
        let [one, other] = [all.enter(&limits).await, all.enter(&limits).await];
        let new = waiting(&all).await;
        let _busy = one.begin();
        assert!(gives_way(&other).await);
        drop(other);
        new.await.unwrap();
    }
}
