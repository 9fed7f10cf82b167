//! The open connections of a server: their number, and which one is closed for a new one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::limits::{Limit, LimitMonitor};

/// The open connections of a server.
#[derive(Debug, Default)]
pub(super) struct Connections {
    max: usize,
    state: Mutex<State>,
    /// Notified when a connection has closed, or has got a request after it was evicted.
    closed: Notify,
    /// Notified when the last request in flight on a connection has ended.
    became_idle: Notify,
}

#[derive(Debug, Default)]
struct State {
    open: usize,
    last_number: u64,
    /// The connections without a request in flight, the longest idle first. Notifying one evicts
    /// it.
    idle: BTreeMap<u64, Arc<Notify>>,
}

/// The right to keep a connection open, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    connections: Arc<Connections>,
    evict: Arc<Notify>,
    activity: Mutex<Activity>,
}

#[derive(Debug, Default)]
struct Activity {
    in_flight: usize,
    /// The number under which the connection is idle, or was last.
    idle_number: u64,
}

/// A request in flight. It is dropped with the response's body.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Slot>);

impl Connections {
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, ..Self::default() })
    }

    /// Returns a slot for a new connection. If none is free, evicts the longest idle connection and
    /// waits for it to close.
    pub(super) async fn acquire(self: &Arc<Self>, limits: &LimitMonitor) -> Arc<Slot> {
        loop {
            // Created before the attempt, so that no notification is missed after it.
            let (closed, became_idle) = (self.closed.notified(), self.became_idle.notified());
            if let Some(slot) = self.try_acquire() {
                return slot;
            }

            limits.report(Limit::Connections);
            if self.evict_idle() {
                closed.await;
            } else {
                // All are busy. The first that becomes idle can be evicted.
                tokio::select! { () = closed => {}, () = became_idle => {} }
            }
        }
    }

    fn try_acquire(self: &Arc<Self>) -> Option<Arc<Slot>> {
        let mut state = self.state.lock();
        if state.open >= self.max {
            return None;
        }

        state.open += 1;
        let evict = Arc::new(Notify::new());
        let idle_number = state.insert_idle(&evict);
        let activity = Mutex::new(Activity { in_flight: 0, idle_number });
        Some(Arc::new(Slot { connections: Arc::clone(self), evict, activity }))
    }

    /// Evicts the longest idle connection, and waits up to `timeout` until a connection has closed.
    pub(super) async fn make_room(&self, timeout: Duration) {
        let closed = self.closed.notified();
        self.evict_idle();
        // If none is idle, it may take long until one closes; the caller tries again.
        let _ = tokio::time::timeout(timeout, closed).await;
    }

    /// Asks the longest idle connection to close. Returns whether one is idle.
    fn evict_idle(&self) -> bool {
        let longest_idle = self.state.lock().idle.pop_first();
        longest_idle.map(|(_, evict)| evict.notify_one()).is_some()
    }
}

impl State {
    fn insert_idle(&mut self, evict: &Arc<Notify>) -> u64 {
        self.last_number += 1;
        self.idle.insert(self.last_number, Arc::clone(evict));
        self.last_number
    }
}

impl Slot {
    /// Marks the start of a request.
    pub(super) fn begin_request(self: &Arc<Self>) -> InFlight {
        let mut activity = self.activity.lock();
        activity.in_flight += 1;
        if activity.in_flight == 1 {
            let was_idle = self.connections.state.lock().idle.remove(&activity.idle_number);
            if was_idle.is_none() {
                // It was just evicted, but serves the request first. Others may be evicted instead.
                self.connections.closed.notify_waiters();
            }
        }
        InFlight(Arc::clone(self))
    }

    /// Returns whether a request is in flight.
    pub(super) fn is_busy(&self) -> bool {
        self.activity.lock().in_flight > 0
    }

    /// Returns a number that grows each time that the connection becomes idle, or `None` while a
    /// request is in flight.
    pub(super) fn idle_number(&self) -> Option<u64> {
        let activity = self.activity.lock();
        (activity.in_flight == 0).then_some(activity.idle_number)
    }

    /// Returns when the connection must close to make room for another.
    pub(super) async fn evicted(&self) {
        self.evict.notified().await;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let slot = &self.0;
        let mut activity = slot.activity.lock();
        activity.in_flight -= 1;
        if activity.in_flight == 0 {
            activity.idle_number = slot.connections.state.lock().insert_idle(&slot.evict);
            slot.connections.became_idle.notify_waiters();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.connections.state.lock();
        state.open -= 1;
        state.idle.remove(&self.activity.get_mut().idle_number);
        drop(state);
        self.connections.closed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use tokio::task::JoinHandle;

    async fn is_evicted(slot: &Slot) -> bool {
        tokio::time::timeout(Duration::from_millis(20), slot.evicted()).await.is_ok()
    }

    #[tokio::test]
    async fn the_longest_idle_connection_is_evicted_and_a_busy_one_never_is() {
        let connections = Connections::new(3);
        let limits = LimitMonitor::new(Limits::default());
        let first = connections.acquire(&limits).await;
        let second = connections.acquire(&limits).await;
        let third = connections.acquire(&limits).await;
        let busy = first.begin_request();
        drop(second.begin_request());
        assert!(first.is_busy() && first.idle_number().is_none());
        assert!(connections.try_acquire().is_none());

        assert!(connections.evict_idle());
        assert!(is_evicted(&third).await, "idle longer than the second");
        drop(third);

        let fourth = connections.acquire(&limits).await;
        let evicted_two = connections.evict_idle() && connections.evict_idle();
        assert!(evicted_two, "the second and the fourth");
        assert!(!connections.evict_idle(), "the first is busy");
        assert!(is_evicted(&second).await && is_evicted(&fourth).await);
        assert!(!is_evicted(&first).await);

        drop(busy);
        assert!(connections.evict_idle());
        assert!(is_evicted(&first).await);
    }

    /// Starts to wait for a slot.
    async fn wait_for_slot(connections: &Arc<Connections>) -> JoinHandle<Arc<Slot>> {
        let connections = Arc::clone(connections);
        let waiting = tokio::spawn(async move {
            connections.acquire(&LimitMonitor::new(Limits::default())).await
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        waiting
    }

    #[tokio::test]
    async fn while_all_are_busy_a_new_connection_waits_for_the_first_that_becomes_idle() {
        let connections = Connections::new(2);
        let limits = LimitMonitor::new(Limits::default());
        let [one, other] = [connections.acquire(&limits).await, connections.acquire(&limits).await];
        let (busy, still_busy) = (one.begin_request(), other.begin_request());
        let new = wait_for_slot(&connections).await;
        drop(busy);
        assert!(is_evicted(&one).await);
        drop(one);
        new.await.unwrap();
        assert!(!is_evicted(&other).await);
        drop(still_busy);
    }

    #[tokio::test]
    async fn another_connection_is_evicted_when_the_evicted_one_gets_a_request() {
        let connections = Connections::new(2);
        let limits = LimitMonitor::new(Limits::default());
        let [one, other] = [connections.acquire(&limits).await, connections.acquire(&limits).await];
        let new = wait_for_slot(&connections).await;
        let _busy = one.begin_request();
        assert!(is_evicted(&other).await);
        drop(other);
        new.await.unwrap();
    }
}
