//! What happens to a request in a store that replicas share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crate::journal::{RecordedEndpoint, RequestInFlight, RequestRecorder};
use crate::realm::{Realm, Replica};

/// What happens to a request in a store that replicas share.
#[derive(Debug, Default)]
pub(super) struct SharedState {
    /// Whether the store has decided by which version the request is handled.
    is_opened: AtomicBool,
    /// Whether that is another version than this process knows.
    is_changed: AtomicBool,
    in_flight: OnceLock<Arc<RequestInFlight>>,
    recorder: RequestRecorder,
}

impl SharedState {
    pub(super) fn new(recorder: &RequestRecorder) -> Self {
        Self { recorder: recorder.clone(), ..Self::default() }
    }

    /// Returns the endpoint of the request.
    pub(super) fn endpoint(&self) -> RecordedEndpoint {
        self.recorder.recorded_endpoint()
    }

    pub(super) fn set_in_flight(&self, in_flight: &Arc<RequestInFlight>) {
        // Set once, when the request arrives.
        let _ = self.in_flight.set(Arc::clone(in_flight));
    }

    /// Notes whether the store has the version of the realm that this process knows.
    pub(super) fn opened(&self, is_changed: bool) {
        self.is_opened.store(true, Ordering::Relaxed);
        self.is_changed.store(is_changed, Ordering::Relaxed);
    }

    pub(super) fn is_opened(&self) -> bool {
        self.is_opened.load(Ordering::Relaxed)
    }

    pub(super) fn is_changed(&self) -> bool {
        self.is_changed.load(Ordering::Relaxed)
    }

    /// Writes to the journal that the request is under way.
    pub(super) fn write_begin(&self, realm: &Realm, replica: &Replica) {
        if let Some((in_flight, number)) = self.in_flight.get().zip(self.recorder.numbered()) {
            realm.write_begin(replica, in_flight.entry(), number);
        }
    }
}

/// What decides whether a request is handled again.
pub(super) struct Attempt {
    pub(super) realm: Arc<Realm>,
    /// The name of the realm, if it does not exist.
    pub(super) unknown_realm: Option<String>,
    /// What happened in the store; `None` for a request that has nothing to do with it.
    pub(super) state: Option<Arc<SharedState>>,
}
