//! Whether the store is there, and the log lines when that changes.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Whether the store is there.
#[derive(Debug)]
pub(super) struct Availability {
    /// The host and port of the store.
    address: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Why the store is away.
    away: Option<String>,
    last_response: Instant,
}

impl Availability {
    pub(super) fn new(address: String) -> Self {
        let state = State { away: None, last_response: Instant::now() };
        Self { address, state: Mutex::new(state) }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Returns why the store is away, or `None` if it is there.
    pub(super) fn reason(&self) -> Option<String> {
        self.state.lock().away.clone()
    }

    /// Notes that the store is away. Logs it once.
    pub(super) fn away(&self, reason: &str) {
        let mut state = self.state.lock();
        if state.away.is_none() {
            tracing::error!("the store at {} is not available: {reason}", self.address);
            state.away = Some(reason.to_owned());
        }
    }

    /// Whether the store has responded to anything within a time.
    pub(super) fn has_responded_within(&self, time: Duration) -> bool {
        self.state.lock().last_response.elapsed() < time
    }

    /// Notes that the store has responded to something.
    pub(super) fn responded(&self) {
        self.state.lock().last_response = Instant::now();
    }

    /// Notes that the store is there. Logs it once if it was away.
    pub(super) fn back(&self) {
        let mut state = self.state.lock();
        if state.away.take().is_some() {
            tracing::info!("the store at {} is available again", self.address);
        }
    }
}
