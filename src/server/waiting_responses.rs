//! The responses on an HTTP/2 connection that wait until the client reads them.
//!
//! Flow control lets a client leave responses unread while it still reads the connection, so a time
//! limit on writing to the socket does not apply to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// The responses of a connection that wait for their client.
#[derive(Debug, Default)]
pub(super) struct WaitingResponses(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last_number: u64,
    /// The time since which each of them waits.
    since: BTreeMap<u64, Instant>,
}

/// A response that may wait for its client.
#[derive(Debug)]
pub(super) struct ResponseProgress {
    responses: Arc<WaitingResponses>,
    number: u64,
}

impl WaitingResponses {
    /// Adds a response, which waits from now on.
    pub(super) fn begin(self: &Arc<Self>) -> ResponseProgress {
        let mut state = self.0.lock();
        state.last_number += 1;
        let number = state.last_number;
        state.since.insert(number, Instant::now());

        ResponseProgress { responses: Arc::clone(self), number }
    }

    /// Returns once a response has waited for this time.
    pub(super) async fn any_waits_for(&self, time: Duration) {
        loop {
            let oldest = self.0.lock().since.values().min().copied();
            let now = Instant::now();
            let due = oldest.unwrap_or(now) + time;
            if oldest.is_some() && due <= now {
                return;
            }
            tokio::time::sleep_until(due.into()).await;
        }
    }
}

impl ResponseProgress {
    /// The client has room for what was sent, and has got something new to read.
    pub(super) fn waits_for_client(&self) {
        self.responses.0.lock().since.insert(self.number, Instant::now());
    }

    /// The client has read everything so far; the server has nothing to send yet.
    pub(super) fn waits_for_server(&self) {
        self.responses.0.lock().since.remove(&self.number);
    }
}

impl Drop for ResponseProgress {
    fn drop(&mut self) {
        self.waits_for_server();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    async fn is_overdue(responses: &WaitingResponses, time: Duration) -> bool {
        tokio::time::timeout(SHORT, responses.any_waits_for(time)).await.is_ok()
    }

    #[tokio::test]
    async fn a_response_is_overdue_only_while_it_waits_for_its_client() {
        let responses = Arc::new(WaitingResponses::default());
        assert!(!is_overdue(&responses, Duration::ZERO).await, "there is none");
        let events = responses.begin();
        events.waits_for_server();
        assert!(!is_overdue(&responses, Duration::ZERO).await);
        events.waits_for_client();
        assert!(is_overdue(&responses, Duration::ZERO).await);
        assert!(!is_overdue(&responses, Duration::from_secs(60)).await);
        drop(events);
        assert!(!is_overdue(&responses, Duration::ZERO).await);
    }
}
