//! The tokens whose signature has been verified lately.

use std::collections::HashSet;

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use parking_lot::Mutex;

/// The number of tokens that are remembered. They take some 270 kB.
const MAX_TOKENS: usize = 4096;

/// Remembers verified tokens by their SHA-256. Clients present a token again and again, and a hash takes
/// a tenth of the time of a verification.
#[derive(Default)]
pub(super) struct VerifiedTokens(Mutex<HashSet<[u8; SHA256_OUTPUT_LEN]>>);

impl VerifiedTokens {
    /// Whether a token has a valid signature: it has been verified before, or `verify` succeeds.
    pub(super) fn contains_or(&self, token: &str, verify: impl FnOnce() -> bool) -> bool {
        let hash = digest(&SHA256, token.as_bytes());
        let Ok(hash) = hash.as_ref().try_into() else { return verify() };
        if self.0.lock().contains(&hash) {
            return true;
        }

        let is_valid = verify();
        if is_valid {
            self.insert(hash);
        }
        is_valid
    }

    fn insert(&self, hash: [u8; SHA256_OUTPUT_LEN]) {
        let mut hashes = self.0.lock();
        if hashes.len() >= MAX_TOKENS {
            hashes.clear();
        }
        hashes.insert(hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valid_token_is_verified_once() {
        let tokens = VerifiedTokens::default();
        assert!(tokens.contains_or("token", || true));
        assert!(tokens.contains_or("token", || panic!("verified again")));
    }

    #[test]
    fn an_invalid_token_is_not_remembered() {
        let tokens = VerifiedTokens::default();
        assert!(!tokens.contains_or("token", || false));
        assert!(tokens.contains_or("token", || true));
    }

    #[test]
    fn the_number_of_remembered_tokens_is_bounded() {
        let tokens = VerifiedTokens::default();
        for n in 0..=MAX_TOKENS {
            tokens.contains_or(&n.to_string(), || true);
        }
        assert_eq!(tokens.0.lock().len(), 1);
    }
}
