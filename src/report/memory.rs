//! A map that forgets what has not been used for long.

use std::collections::HashMap;
use std::hash::Hash;

/// The maximum number of entries of a map.
const CAPACITY: usize = 20_000;

/// A map with a maximum size. It has two halves; when the newer half is full, the older one is
/// forgotten. So an entry is kept until half as many other entries as fit have been used after it,
/// and no operation has to search for the oldest one.
pub(super) struct Memory<K, V> {
    newer: HashMap<K, V>,
    older: HashMap<K, V>,
    half: usize,
}

impl<K, V> Default for Memory<K, V> {
    fn default() -> Self {
        Self { newer: HashMap::default(), older: HashMap::default(), half: CAPACITY / 2 }
    }
}

impl<K: Eq + Hash + Copy, V> Memory<K, V> {
    /// Returns an entry.
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.newer.get(key).or_else(|| self.older.get(key))
    }

    /// Returns an entry, which counts as used.
    pub(super) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        self.refresh(key);
        self.newer.get_mut(&key)
    }

    /// Returns an entry, which counts as used. It is created if there is none.
    pub(super) fn entry(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.refresh(key);
        if !self.newer.contains_key(&key) {
            self.make_room();
        }
        self.newer.entry(key).or_default()
    }

    /// Inserts an entry, or replaces it.
    pub(super) fn insert(&mut self, key: K, value: V) {
        self.older.remove(&key);
        self.make_room();
        self.newer.insert(key, value);
    }

    /// Removes an entry.
    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        self.newer.remove(key).or_else(|| self.older.remove(key))
    }

    /// Returns all values.
    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.newer.values().chain(self.older.values())
    }

    /// Moves an entry to the newer half.
    fn refresh(&mut self, key: K) {
        if let Some(value) = self.older.remove(&key) {
            self.make_room();
            self.newer.insert(key, value);
        }
    }

    fn make_room(&mut self) {
        if self.newer.len() >= self.half {
            self.older = std::mem::take(&mut self.newer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_is_kept_and_the_rest_is_forgotten() {
        let mut memory = Memory { half: 3, ..Memory::default() };
        for key in 0..100 {
            memory.insert(key, key);
            assert_eq!(memory.entry(0), &0);
        }

        assert_eq!(memory.get(&99), Some(&99));
        assert_eq!(memory.get(&90), None);
        assert!(memory.values().count() <= 6);
        assert_eq!((memory.remove(&0), memory.get_mut(0)), (Some(0), None));
        assert_eq!(memory.entry(0), &0, "the default");
    }
}
