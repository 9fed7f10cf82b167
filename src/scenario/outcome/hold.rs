//! `hold`: requests wait for each other, then all are answered at once: a stampede on purpose.

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// How many requests wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Hold")]
pub struct Hold {
    /// They are answered when so many are there.
    #[schemars(range(min = 1))]
    pub until: usize,
}

/// The requests that a scenario holds now.
#[derive(Debug, Default)]
pub(crate) struct Barrier {
    state: Mutex<State>,
    released: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: usize,
    /// Goes up with every release.
    round: u64,
}

impl Barrier {
    /// How many requests wait.
    pub(crate) fn held(&self) -> usize {
        self.state.lock().waiting
    }

    /// Lets everyone go who waits; returns how many that were.
    pub(crate) fn release(&self) -> usize {
        let mut state = self.state.lock();
        let waiting = std::mem::take(&mut state.waiting);
        state.round += 1;
        self.released.notify_waiters();
        waiting
    }

    /// Waits until as many are there, or somebody releases them. Whoever gives up does not count.
    pub(crate) async fn wait(&self, hold: Hold) {
        let round = {
            let mut state = self.state.lock();
            state.waiting += 1;
            state.round
        };
        let _leaving = Leaving { barrier: self, round };
        if self.held() >= hold.until {
            self.release();
        }
        loop {
            // Before looking, so that a release in between is not missed.
            let released = self.released.notified();
            if self.state.lock().round != round {
                return;
            }
            released.await;
        }
    }
}

/// Takes a request off the count when it leaves before it was released.
struct Leaving<'a> {
    barrier: &'a Barrier,
    round: u64,
}

impl Drop for Leaving<'_> {
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
    async fn the_last_one_frees_all_and_whoever_gives_up_does_not_count() {
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
    async fn a_release_frees_whoever_waits() {
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
