//! What happens to a request in a store that replicas share.

use std::sync::{Arc, OnceLock};

use crate::journal::{RequestInFlight, RequestRecorder};
use crate::realm::{Realm, Replica};

/// What happens to a request in a store that replicas share.
#[derive(Debug, Default)]
pub(super) struct SharedState {
    /// Set when the store has decided by which version the request is handled: whether that is another
    /// version than this process knows.
    pub(super) is_changed: OnceLock<bool>,
    pub(super) in_flight: OnceLock<Arc<RequestInFlight>>,
    pub(super) recorder: RequestRecorder,
}

impl SharedState {
    pub(super) fn new(recorder: &RequestRecorder) -> Self {
        Self { recorder: recorder.clone(), ..Self::default() }
    }

    /// Writes to the journal that the request is under way.
    pub(super) fn write_begin(&self, replica: &Replica) {
        if let Some((in_flight, number)) = self.in_flight.get().zip(self.recorder.numbered()) {
            replica.write(in_flight.entry(), Some(number), None);
        }
    }
}

/// What decides whether a request is handled again.
#[derive(Clone)]
pub(super) struct Attempt {
    pub(super) realm: Arc<Realm>,
    /// The name of the realm, if it does not exist.
    pub(super) unknown_realm: Option<String>,
    /// What happened in the store; `None` for a request that has nothing to do with it.
    pub(super) state: Option<Arc<SharedState>>,
}
