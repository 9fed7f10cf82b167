//! The correlation IDs that came before, within bounds.

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;

/// The number of correlation IDs that are remembered.
const MAX_IDS: usize = 10_000;

/// The newest correlation IDs, each with the request that had it first. An ID is kept as a hash of
/// 64 bits with random keys, so that a client can neither fill the memory nor cause a collision.
#[derive(Debug, Default)]
pub(super) struct SeenIds {
    hasher: RandomState,
    requests: HashMap<u64, u64>,
    /// The hashes, the oldest first.
    order: VecDeque<u64>,
}

impl SeenIds {
    /// Remembers the ID of a request. Returns the request that had the same one before.
    pub(super) fn remember(&mut self, id: &str, request: u64) -> Option<u64> {
        let hash = self.hasher.hash_one(id);
        match self.requests.entry(hash) {
            Entry::Occupied(first) => return Some(*first.get()),
            Entry::Vacant(place) => place.insert(request),
        };

        self.order.push_back(hash);
        if self.order.len() > MAX_IDS
            && let Some(oldest) = self.order.pop_front()
        {
            self.requests.remove(&oldest);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_ids_are_remembered() {
        let mut seen = SeenIds::default();
        assert_eq!(seen.remember("a", 1), None);
        assert_eq!(seen.remember("a", 2), Some(1));
        for request in 3..20_000 {
            assert_eq!(seen.remember(&request.to_string(), request), None);
        }
        assert_eq!((seen.requests.len(), seen.order.len()), (MAX_IDS, MAX_IDS));
        assert_eq!(seen.remember("19999", 20_000), Some(19_999));
        assert_eq!(seen.remember("a", 20_001), None, "it is forgotten");
    }
}
