//! A store that replicas share: Redis or Valkey.
//!
//! A replica keeps a copy of each realm's configuration, with its version. Every request is decided by the
//! version that the store has when the request arrives, and what it changes is one atomic operation in
//! the store.

mod availability;
mod change;
mod connection;
mod directory;
mod grants;
mod hold;
mod journal;
mod keys;
mod link;
mod notices;
mod open;
mod realm;
mod records;
mod replicas;
mod scripts;
mod shared_store;
mod staged;
mod time;

pub(crate) use change::{Installation, Part, Parts};
pub(crate) use directory::Added;
pub(crate) use journal::{JournalEvent, JournalWriter, Record, RecordId, RecordKind};
use keys::fingerprint;
pub(crate) use notices::Notice;
pub(crate) use realm::{SharedRealm, Version};
pub(crate) use shared_store::SharedStore;

/// Returns the fingerprint of a text, such as that of fixtures.
pub(crate) fn fingerprint_of(text: &str) -> String {
    fingerprint(text)
}
