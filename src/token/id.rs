//! Token identifiers: the `jti`, a UUID that encodes the realm and the grant.
//!
//! A `jti` looks like any random (version 4) UUID. Of its 122 free bits, 54 are random. The others
//! are the ID of the grant, masked by a hash of the realm's name and the random bits, and a mark
//! taken from the same hash. So a realm recognizes its own tokens and finds the grant of each
//! without a record of every token that it issued, even after a restart.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use aws_lc_rs::digest;
use parking_lot::Mutex;
use rand::RngExt;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const GRANT_BITS: u32 = 40;
const MARK_BITS: u32 = 28;
const RANDOM_BITS: u32 = 54;

/// The ID of a grant within its realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct GrantId(u64);

impl GrantId {
    pub(crate) fn random() -> Self {
        Self(rand::rng().random_range(0..1 << GRANT_BITS))
    }

    /// Reads the ten hexadecimal digits of an id.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_id = text.len() == 10 && text.bytes().all(|b| b.is_ascii_hexdigit());
        u64::from_str_radix(text, 16).ok().filter(|_| is_id).map(Self)
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010x}", self.0)
    }
}

/// The identifier of a token.
pub(crate) type TokenId = Uuid;

/// Makes and reads the token identifiers of one realm.
#[derive(Debug)]
pub(crate) struct TokenIds {
    realm: String,
    queued: Mutex<QueuedIds>,
}

/// Identifiers that a test has set in advance.
#[derive(Debug, Default)]
struct QueuedIds {
    unused: VecDeque<Uuid>,
    /// The identifiers that were used, and the grants of their tokens.
    used: HashMap<Uuid, GrantId>,
}

impl TokenIds {
    pub(crate) fn new(realm: &str) -> Self {
        Self { realm: realm.to_owned(), queued: Mutex::default() }
    }

    /// Queues identifiers, which are used in this order before any are made.
    pub(crate) fn queue(&self, ids: impl IntoIterator<Item = Uuid>) {
        self.queued.lock().unused.extend(ids);
    }

    /// Returns a new identifier for a token of this grant.
    pub(crate) fn next(&self, grant: GrantId) -> TokenId {
        let mut queued = self.queued.lock();
        if let Some(id) = queued.unused.pop_front() {
            queued.used.insert(id, grant);
            return id;
        }
        drop(queued);

        let random = rand::rng().random_range(0..1u64 << RANDOM_BITS);
        let (mask, mark) = self.mask_and_mark(random);
        let free = u128::from(grant.0 ^ mask) << (MARK_BITS + RANDOM_BITS)
            | u128::from(mark) << RANDOM_BITS
            | u128::from(random);
        Uuid::from_u128(with_version_4(free))
    }

    /// Reads a `jti`: the identifier and its grant; `None` if this realm did not make it.
    pub(crate) fn read(&self, jti: &str) -> Option<(TokenId, GrantId)> {
        let id = Uuid::try_parse(jti).ok()?;
        if let Some(&grant) = self.queued.lock().used.get(&id) {
            return Some((id, grant));
        }

        let free = without_version_4(id.as_u128())?;
        let random = (free as u64) & ((1 << RANDOM_BITS) - 1);
        let (mask, mark) = self.mask_and_mark(random);
        let claimed_mark = (free >> RANDOM_BITS) as u64 & ((1 << MARK_BITS) - 1);
        if claimed_mark != mark {
            return None;
        }

        let grant = (free >> (MARK_BITS + RANDOM_BITS)) as u64 ^ mask;
        Some((id, GrantId(grant)))
    }

    /// Derives the mask of the grant ID and the realm's mark from the random bits.
    fn mask_and_mark(&self, random: u64) -> (u64, u64) {
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(self.realm.as_bytes());
        hash.update(&random.to_be_bytes());
        let hash = hash.finish();

        let (mask, rest) = hash.as_ref().split_at((GRANT_BITS / 8) as usize);
        (big_endian(mask), big_endian(&rest[..4]) & ((1 << MARK_BITS) - 1))
    }
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// Spreads 122 bits around the version (0100) and the variant (10) of a random UUID.
fn with_version_4(free: u128) -> u128 {
    let (high, middle, low) = (free >> 74, free >> 62 & 0xfff, free & ((1 << 62) - 1));
    high << 80 | 0x4 << 76 | middle << 64 | 0b10 << 62 | low
}

/// Collects the 122 free bits of a random UUID.
fn without_version_4(id: u128) -> Option<u128> {
    let is_version_4 = id >> 76 & 0xf == 0x4 && id >> 62 & 0b11 == 0b10;
    is_version_4.then_some((id >> 80) << 74 | (id >> 64 & 0xfff) << 62 | id & ((1 << 62) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_realm_reads_its_own_identifiers_and_no_others() {
        let (ours, theirs) = (TokenIds::new("default"), TokenIds::new("blue"));
        for _ in 0..200 {
            let grant = GrantId::random();
            let jti = ours.next(grant).to_string();
            assert_eq!(Uuid::try_parse(&jti).unwrap().get_version_num(), 4);
            assert_eq!(ours.read(&jti).map(|(_, grant)| grant), Some(grant));
            assert_eq!(TokenIds::new("default").read(&jti).map(|(_, grant)| grant), Some(grant));
            assert!(theirs.read(&jti).is_none(), "{jti}");
        }
        assert!(ours.read("9a341edd-3ceb-4b36-b423-9088e9bad5a0").is_none());
        assert!(ours.read("").is_none());
    }

    #[test]
    fn tokens_of_one_grant_do_not_look_alike() {
        let ids = TokenIds::new("default");
        let grant = GrantId::random();
        let first = ids.next(grant).to_string();
        assert!((0..8).any(|_| ids.next(grant).to_string()[..8] != first[..8]));
    }

    #[test]
    fn queued_identifiers_are_used_first_and_are_read_back() {
        let ids = TokenIds::new("default");
        let queued = Uuid::from_u128(7);
        ids.queue([queued]);
        let grant = GrantId::random();
        assert_eq!(ids.next(grant).to_string(), queued.to_string());
        assert_eq!(ids.read(&queued.to_string()).map(|(_, grant)| grant), Some(grant));
        assert_ne!(ids.next(grant).to_string(), queued.to_string());
    }

    #[test]
    fn grant_ids_are_written_and_read_back() {
        let id = GrantId::random();
        assert_eq!(GrantId::parse(&id.to_string()), Some(id));
        for wrong in ["", "12", "+123456789", "gggggggggg", "00000000000"] {
            assert_eq!(GrantId::parse(wrong), None, "{wrong}");
        }
    }
}
