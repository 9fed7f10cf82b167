//! The journal as a copy of the one in a shared store, which all replicas write.

use std::sync::Arc;

use super::RecordedRequest;
use super::store::{Entries, Journal, Slot, UnderWay};

impl Journal {
    /// Adds a request that a shared store says is under way.
    pub(crate) fn copy_begin(&self, entry: RecordedRequest) {
        let id = entry.id;
        let under_way = UnderWay::Elsewhere(Arc::new(entry));
        let mut entries = self.entries.lock();
        entries.place(id, Slot::InFlight(under_way.clone()), self.size);
        if entries.index_of(id).is_some() {
            entries.in_flight.insert(id, under_way);
        }
        drop(entries);

        self.announce();
    }

    /// Removes all entries up to a number, which a shared store has given last.
    pub(crate) fn copy_clear(&self, last_id: u64) {
        self.clear();
        let mut entries = self.entries.lock();
        entries.last_id = entries.last_id.max(last_id);
    }

    /// Removes all entries, and starts with the first number again.
    pub(crate) fn start_over(&self) {
        self.clear();
        *self.entries.lock() = Entries::default();
    }
}
