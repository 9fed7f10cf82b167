//! What a realm starts with.

use std::sync::Arc;

use super::registry::Registry;
use crate::fixture::Fixtures;

/// What a realm starts with.
#[derive(Clone, Debug)]
pub(crate) struct RealmSeed {
    pub(crate) fixtures: Arc<Fixtures>,
    pub(crate) registry: Arc<Registry>,
    /// The maximum number of requests in its journal.
    pub(crate) journal_size: usize,
}

impl RealmSeed {
    pub(crate) fn new(fixtures: Arc<Fixtures>, journal_size: usize) -> Self {
        let registry = Arc::new(Registry::new(&fixtures));
        Self { fixtures, registry, journal_size }
    }
}
