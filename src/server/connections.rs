//! The open connections of a server: their number, and which one is closed for a new one.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::limits::{Limit, LimitMonitor};

/// The number of connections beyond the maximum, for calls of the control API while all others are
/// busy.
const RESERVED: usize = 16;
/// The time for which other requests may wait on reserved connections once all of these are taken.
const RESERVE_TIME: Duration = Duration::from_secs(1);
/// The time for which a new connection is not evicted, since its first request may be on its way.
const FIRST_REQUEST_TIME: Duration = Duration::from_millis(250);

/// The open connections of a server.
#[derive(Debug, Default)]
pub(super) struct Connections {
    max: usize,
    state: Mutex<State>,
    /// Notified when a connection has closed, or has got a request after it was evicted.
    closed: Notify,
    /// Notified when the last request in flight on a connection has ended.
    became_idle: Notify,
    /// Notified when the requests that wait on reserved connections must give up.
    give_up: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The number of open connections, without reserved ones.
    open: usize,
    reserved: usize,
    last_number: u64,
    /// The connections without a request in flight, the longest idle first. Notifying one evicts
    /// it.
    idle: BTreeMap<u64, Idle>,
    /// The same for reserved connections, which are evicted only with the requests that wait.
    idle_reserved: BTreeMap<u64, Idle>,
}

/// Whether a new connection may use the reserve while all others are busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reserve {
    Use,
    Leave,
}

/// A connection without a request in flight.
#[derive(Debug)]
struct Idle {
    evict: Arc<Notify>,
    /// When the connection was opened, if it has had no request yet.
    opened: Option<Instant>,
}

impl Idle {
    fn may_be_evicted(&self) -> bool {
        self.opened.is_none_or(|opened| opened.elapsed() >= FIRST_REQUEST_TIME)
    }
}

/// The right to keep a connection open, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    connections: Arc<Connections>,
    /// Whether the connection is beyond the maximum.
    is_reserved: AtomicBool,
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
    ///
    /// With [`Reserve::Use`], the slot is a reserved one while all connections are busy: its requests
    /// wait, or are control calls. When the reserve is taken as well, the requests that wait there have
    /// to give up, after a while.
    pub(super) async fn admit(
        self: &Arc<Self>,
        limits: &LimitMonitor,
        reserve: Reserve,
    ) -> Arc<Slot> {
        loop {
            // Created before the attempt, so that no notification is missed after it.
            let (closed, became_idle) = (self.closed.notified(), self.became_idle.notified());
            if let Some(slot) = self.try_open(false) {
                return slot;
            }

            limits.report(Limit::Connections);
            if self.evict_idle() {
                closed.await;
                continue;
            }
            if reserve == Reserve::Use
                && let Some(slot) = self.try_open(true)
            {
                return slot;
            }

            // All are busy or new. The first that becomes idle can be evicted.
            tokio::select! {
                () = closed => {}
                () = became_idle => {}
                () = tokio::time::sleep(FIRST_REQUEST_TIME), if reserve == Reserve::Leave => {}
                () = tokio::time::sleep(RESERVE_TIME), if reserve == Reserve::Use => {
                    self.clear_reserve();
                }
            }
        }
    }

    fn try_open(self: &Arc<Self>, is_reserved: bool) -> Option<Arc<Slot>> {
        let mut state = self.state.lock();
        let (open, max) = match is_reserved {
            false => (&mut state.open, self.max),
            true => (&mut state.reserved, RESERVED),
        };
        if *open >= max {
            return None;
        }
        *open += 1;

        let evict = Arc::new(Notify::new());
        let idle = Idle { evict: Arc::clone(&evict), opened: Some(Instant::now()) };
        let idle_number = state.insert_idle(idle, is_reserved);
        let activity = Mutex::new(Activity { in_flight: 0, idle_number });
        let is_reserved = AtomicBool::new(is_reserved);
        Some(Arc::new(Slot { connections: Arc::clone(self), is_reserved, evict, activity }))
    }

    /// Ends the reserved connections that are idle or wait.
    fn clear_reserve(&self) {
        self.give_up.notify_waiters();

        let mut state = self.state.lock();
        state.idle_reserved.retain(|_, idle| {
            let is_evicted = idle.may_be_evicted();
            if is_evicted {
                idle.evict.notify_one();
            }
            !is_evicted
        });
    }

    /// Evicts the longest idle connection, and waits up to `timeout` until a connection has closed.
    pub(super) async fn make_room(&self, timeout: Duration) {
        let closed = self.closed.notified();
        if !self.evict_idle() {
            self.clear_reserve();
        }
        // If none is idle, it may take long until one closes; the caller tries again.
        let _ = tokio::time::timeout(timeout, closed).await;
    }

    /// Asks the longest idle connection to close. Returns whether there is one that is not new.
    fn evict_idle(&self) -> bool {
        let mut state = self.state.lock();
        let mut evictable = state.idle.iter().filter(|(_, idle)| idle.may_be_evicted());
        let Some(number) = evictable.next().map(|(number, _)| *number) else { return false };

        if let Some(idle) = state.idle.remove(&number) {
            idle.evict.notify_one();
        }
        true
    }
}

impl State {
    fn insert_idle(&mut self, idle: Idle, is_reserved: bool) -> u64 {
        self.last_number += 1;
        let all = if is_reserved { &mut self.idle_reserved } else { &mut self.idle };
        all.insert(self.last_number, idle);
        self.last_number
    }

    fn remove_idle(&mut self, number: u64) -> Option<Idle> {
        self.idle.remove(&number).or_else(|| self.idle_reserved.remove(&number))
    }
}

impl Slot {
    /// Marks the start of a request.
    pub(super) fn begin_request(self: &Arc<Self>) -> InFlight {
        let mut activity = self.activity.lock();
        activity.in_flight += 1;
        if activity.in_flight == 1 {
            let was_idle = self.connections.state.lock().remove_idle(activity.idle_number);
            if was_idle.is_none() {
                // It was just evicted, but serves the request first. Others may be evicted instead.
                self.connections.closed.notify_waiters();
            }
        }
        InFlight(Arc::clone(self))
    }

    /// Waits until the connection is within the maximum, as it mostly is. Returns false if it has to
    /// make room for another connection instead.
    pub(super) async fn wait_for_place(&self) -> bool {
        if !self.is_reserved.load(Ordering::Relaxed) {
            return true;
        }

        let connections = &self.connections;
        let mut give_up = pin!(connections.give_up.notified());
        loop {
            let (closed, became_idle) =
                (connections.closed.notified(), connections.became_idle.notified());
            if self.try_leave_reserve() {
                return true;
            }

            let evicted = connections.evict_idle();
            tokio::select! {
                () = closed => {}
                () = became_idle, if !evicted => {}
                () = tokio::time::sleep(FIRST_REQUEST_TIME), if !evicted => {}
                () = &mut give_up => return false,
            }
        }
    }

    fn try_leave_reserve(&self) -> bool {
        let mut state = self.connections.state.lock();
        // Another request on the connection may have waited as well.
        if !self.is_reserved.load(Ordering::Relaxed) {
            return true;
        }
        if state.open >= self.connections.max {
            return false;
        }

        state.open += 1;
        state.reserved -= 1;
        self.is_reserved.store(false, Ordering::Relaxed);
        drop(state);
        self.connections.closed.notify_waiters();
        true
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
            let is_reserved = slot.is_reserved.load(Ordering::Relaxed);
            let mut state = slot.connections.state.lock();
            let idle = Idle { evict: Arc::clone(&slot.evict), opened: None };
            activity.idle_number = state.insert_idle(idle, is_reserved);
            drop(state);
            slot.connections.became_idle.notify_waiters();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.connections.state.lock();
        if *self.is_reserved.get_mut() {
            state.reserved -= 1;
        } else {
            state.open -= 1;
        }
        state.remove_idle(self.activity.get_mut().idle_number);
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

    /// Opens a connection and serves its first request.
    async fn used_connection(connections: &Arc<Connections>) -> Arc<Slot> {
        let slot = connections.admit(&LimitMonitor::new(Limits::default()), Reserve::Leave).await;
        drop(slot.begin_request());
        slot
    }

    #[tokio::test]
    async fn a_new_connection_is_not_evicted_before_its_first_request_can_arrive() {
        let connections = Connections::new(1);
        let slot = connections.admit(&LimitMonitor::new(Limits::default()), Reserve::Leave).await;
        assert!(!connections.evict_idle());
        drop(slot.begin_request());
        assert!(connections.evict_idle());
        assert!(is_evicted(&slot).await);
    }

    #[tokio::test]
    async fn the_longest_idle_connection_is_evicted_and_a_busy_one_never_is() {
        let connections = Connections::new(3);
        let first = used_connection(&connections).await;
        let second = used_connection(&connections).await;
        let third = used_connection(&connections).await;
        let busy = first.begin_request();
        drop(second.begin_request());
        assert!(first.is_busy() && first.idle_number().is_none());
        assert!(connections.try_open(false).is_none());

        assert!(connections.evict_idle());
        assert!(is_evicted(&third).await, "idle longer than the second");
        drop(third);

        let fourth = used_connection(&connections).await;
        let evicted_two = connections.evict_idle() && connections.evict_idle();
        assert!(evicted_two, "the second and the fourth");
        assert!(!connections.evict_idle(), "the first is busy");
        assert!(is_evicted(&second).await && is_evicted(&fourth).await);
        assert!(!is_evicted(&first).await);

        drop(busy);
        assert!(connections.evict_idle());
        assert!(is_evicted(&first).await);
    }

    #[tokio::test]
    async fn while_all_are_busy_a_reserved_connection_waits_only_for_what_needs_a_place() {
        let connections = Connections::new(1);
        let limits = LimitMonitor::new(Limits::default());
        let first = connections.admit(&limits, Reserve::Use).await;
        let busy = first.begin_request();
        let (mut reserved, mut requests) = (Vec::new(), Vec::new());
        for _ in 0..RESERVED {
            let slot = connections.admit(&limits, Reserve::Use).await;
            requests.push(slot.begin_request());
            reserved.push(slot);
        }
        assert!(first.wait_for_place().await, "it is within the maximum");

        // The reserve is taken, so those that wait there give up for the next connection.
        let waiting = Arc::clone(&reserved[0]);
        let waiting = tokio::spawn(async move { waiting.wait_for_place().await });
        let next = Arc::clone(&connections);
        let next = tokio::spawn(async move {
            next.admit(&LimitMonitor::new(Limits::default()), Reserve::Use).await
        });
        assert!(!waiting.await.unwrap());
        drop((requests, reserved));
        let next = next.await.unwrap();

        // The first connection becomes idle and closes, so the next one gets its place.
        let request = next.begin_request();
        let place = tokio::spawn(async move { next.wait_for_place().await });
        drop(busy);
        drop(first);
        assert!(place.await.unwrap());
        drop(request);
    }

    /// Starts to wait for a slot.
    async fn wait_for_slot(connections: &Arc<Connections>) -> JoinHandle<Arc<Slot>> {
        let connections = Arc::clone(connections);
        let waiting = tokio::spawn(async move {
            connections.admit(&LimitMonitor::new(Limits::default()), Reserve::Leave).await
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        waiting
    }

    #[tokio::test]
    async fn while_all_are_busy_a_new_connection_waits_for_the_first_that_becomes_idle() {
        let connections = Connections::new(2);
        let limits = LimitMonitor::new(Limits::default());
        let [one, other] = [
            connections.admit(&limits, Reserve::Leave).await,
            connections.admit(&limits, Reserve::Leave).await,
        ];
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
        let one = used_connection(&connections).await;
        let other = used_connection(&connections).await;
        let new = wait_for_slot(&connections).await;
        let _busy = one.begin_request();
        assert!(is_evicted(&other).await);
        drop(other);
        new.await.unwrap();
    }
}
