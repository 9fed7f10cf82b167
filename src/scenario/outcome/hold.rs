//! `hold`: requests wait for each other, then continue at the same time.

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// The number of requests that wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Hold")]
#[non_exhaustive]
pub struct Hold {
    /// The number of held requests at which all of them continue.
    #[schemars(range(min = 1))]
    pub until: usize,
}

/// The requests that a scenario holds.
#[derive(Debug, Default)]
pub(crate) struct Barrier {
    state: Mutex<State>,
    released: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: usize,
    /// Incremented by every release.
    round: u64,
}

impl Barrier {
    /// Returns the number of held requests.
    pub(crate) fn held(&self) -> usize {
        self.state.lock().waiting
    }

    /// Notes the number of requests that are held at all replicas of a shared store.
    pub(crate) fn set_held(&self, held: usize) {
        self.state.lock().waiting = held;
    }

    /// Releases all held requests and returns their number.
    pub(crate) fn release(&self) -> usize {
        let mut state = self.state.lock();
        let waiting = std::mem::take(&mut state.waiting);
        state.round += 1;
        self.released.notify_waiters();
        waiting
    }

    /// Waits until enough requests are held, or [`release`](Self::release). A request that is
    /// dropped while it waits no longer counts.
    pub(crate) async fn wait(&self, hold: Hold) {
        let round = {
            let mut state = self.state.lock();
            state.waiting += 1;
            state.round
        };
        let _waiting = Waiting { barrier: self, round };

        // The request that completes the number releases all, including itself.
        if self.held() >= hold.until {
            self.release();
        }

        loop {
            // Created before the check, so that a release in between is not missed.
            let released = self.released.notified();
            if self.state.lock().round != round {
                return;
            }
            released.await;
        }
    }
}

/// Uncounts a held request that is dropped before its release.
struct Waiting<'a> {
    barrier: &'a Barrier,
    round: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.barrier.state.lock();
        if state.round == self.round {
            state.waiting = state.waiting.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    #[tokio::test]
    async fn the_last_request_releases_all_and_dropped_ones_do_not_count() {
        let barrier = Arc::new(Barrier::default());
        let hold = Hold { until: 3 };
        let gave_up = tokio::time::timeout(Duration::from_millis(10), barrier.wait(hold)).await;
        assert!(gave_up.is_err());
        assert_eq!(barrier.held(), 0);
        let waiting = |_| {
            let barrier = Arc::clone(&barrier);
            tokio::spawn(async move { barrier.wait(hold).await })
        };
        let tasks: Vec<_> = (0..3).map(waiting).collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(barrier.held(), 0);
    }

    #[tokio::test]
    async fn a_release_ends_every_wait() {
        let barrier = Arc::new(Barrier::default());
        let other = Arc::clone(&barrier);
        let task = tokio::spawn(async move { other.wait(Hold { until: 9 }).await });
        while barrier.held() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(barrier.release(), 1);
        task.await.unwrap();
    }
}
