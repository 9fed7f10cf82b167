//! A map that purges what has expired.

use std::collections::HashMap;
use std::hash::Hash;

/// The size below which a purge is not worthwhile.
pub(super) const MIN_PURGE_SIZE: usize = 4096;

/// A map that purges expired entries now and then: whenever it has grown to twice the size that the
/// last purge left. So an insertion costs the same on average, however large the map is.
pub(super) struct ExpiringMap<K, V> {
    pub(super) entries: HashMap<K, V>,
    purge_at: usize,
}

impl<K: Eq + Hash, V> ExpiringMap<K, V> {
    /// Inserts an entry. Entries that are not alive may be purged before.
    pub(super) fn insert(&mut self, key: K, value: V, is_alive: impl Fn(&V) -> bool) {
        if self.entries.len() >= self.purge_at {
            self.entries.retain(|_, value| is_alive(value));
            self.purge_at = (self.entries.len() * 2).max(MIN_PURGE_SIZE);
            self.entries.shrink_to(self.purge_at);
        }

        self.entries.insert(key, value);
    }
}

impl<K, V> Default for ExpiringMap<K, V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), purge_at: MIN_PURGE_SIZE }
    }
}
