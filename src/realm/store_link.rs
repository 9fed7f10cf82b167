//! What the realms of a server have because a store has them.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use parking_lot::RwLock;

use crate::store::redis::SharedStore;

/// What the realms of a server have because a store has them.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) store: Arc<SharedStore>,
    /// The thumbprint of the server's signing key.
    pub(super) key: String,
    /// The host names of all realms, with the names of the realms.
    pub(super) hosts: RwLock<HashMap<String, String>>,
    /// Whether the store was seeded with other fixtures than the server was started with.
    pub(super) has_other_fixtures: AtomicBool,
    /// Why the server cannot use the store any more, until it is started again.
    pub(super) unusable: OnceLock<String>,
    /// Held while the store is seeded, so that one request of this process does it.
    pub(super) seeding: tokio::sync::Mutex<()>,
}
