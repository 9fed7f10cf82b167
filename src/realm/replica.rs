//! A realm of a shared store: this process has a copy of its configuration and of its journal.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::streamed_request::WrittenRequests;
use crate::fixture::Fixtures;
use crate::report::Hang;
use crate::scenario::ScenarioList;
use crate::store::redis::{
    JournalWriter, Part, Parts, Record, RecordId, RecordKind, SharedRealm, SharedStore,
};

/// What a realm has because it is one of a shared store.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) store: Arc<SharedStore>,
    pub(crate) shared: Arc<SharedRealm>,
    /// Held for the whole of a change, and while one from the store is applied.
    pub(super) changes: tokio::sync::Mutex<()>,
    /// The configuration as it was last installed or loaded.
    pub(super) installed: Mutex<Installed>,
    /// The position in the stream of the journal up to which the copy has it.
    pub(super) read_up_to: tokio::sync::Mutex<String>,
    /// What this process has written to the journal, until it reads it from there.
    pub(super) written: WrittenRequests,
    /// The responses that hang, at all replicas, by the number of the request.
    pub(super) hangs: Mutex<HashMap<u64, Hang>>,
}

#[derive(Debug, Default)]
pub(super) struct Installed {
    pub(super) seed: Option<Arc<Fixtures>>,
    pub(super) fixtures: Option<Arc<Fixtures>>,
    pub(super) scenarios: ScenarioList,
    /// The other parts as texts.
    pub(super) texts: Parts,
}

impl Replica {
    /// Returns an ID for a record of the journal.
    pub(super) fn next_record(&self) -> RecordId {
        RecordId { replica: Arc::clone(&self.store.replica), number: self.written.next_number() }
    }

    pub(crate) fn new(store: &Arc<SharedStore>, name: &str) -> Self {
        Self {
            store: Arc::clone(store),
            shared: Arc::new(store.realm(name)),
            changes: tokio::sync::Mutex::default(),
            installed: Mutex::default(),
            read_up_to: tokio::sync::Mutex::default(),
            written: WrittenRequests::default(),
            hangs: Mutex::default(),
        }
    }
}

impl Installed {
    /// Puts the parts that have changed into their places.
    pub(super) fn merge_into(self, other: &mut Self) {
        let Self { seed, fixtures, scenarios, texts } = self;
        if texts.contains_key(&Part::Scenarios) {
            other.scenarios = scenarios;
        }
        other.seed = seed.or(other.seed.take());
        other.fixtures = fixtures.or(other.fixtures.take());
        other.texts.extend(texts);
    }
}

/// A response that hangs, of which the shared journal is told when this is dropped.
pub(crate) struct Unhang {
    writer: JournalWriter,
    realm: Arc<SharedRealm>,
    id: RecordId,
    request: u64,
}

impl Unhang {
    pub(super) fn new(replica: &Replica, request: u64) -> Self {
        let (writer, realm) = (replica.store.writer.clone(), Arc::clone(&replica.shared));
        Self { writer, realm, id: replica.next_record(), request }
    }
}

impl Drop for Unhang {
    fn drop(&mut self) {
        let number = Some(self.request);
        let id = self.id.clone();
        let record = Record { kind: RecordKind::Unhang, number, id, text: String::new() };
        self.writer.write(&self.realm, record);
    }
}
