//! Proof key for code exchange (RFC 7636): the challenge of a code.

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The method that derives a PKCE challenge from its verifier (RFC 7636).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ChallengeMethod {
    /// The challenge is the base64url of the verifier's SHA-256.
    #[default]
    S256,
    /// The challenge is the verifier itself.
    #[serde(rename = "plain")]
    Plain,
}

/// The challenge of an authorize request. The token request must have the verifier for it.
/// A plain challenge is the verifier itself, so only its hash is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Challenge {
    /// The challenge of the method S256.
    s256: String,
}

impl Challenge {
    pub(crate) fn new(method: ChallengeMethod, value: &str) -> Self {
        let s256 = match method {
            ChallengeMethod::S256 => value.to_owned(),
            ChallengeMethod::Plain => s256(value),
        };
        Self { s256 }
    }

    /// Whether the verifier is well-formed and matches this challenge.
    pub(crate) fn accepts(&self, verifier: &str) -> bool {
        let derived = s256(verifier);
        is_verifier(verifier)
            && verify_slices_are_equal(self.s256.as_bytes(), derived.as_bytes()).is_ok()
    }
}

/// Returns the challenge of a verifier by the method S256.
fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

/// RFC 7636, section 4.1: 43 to 128 unreserved characters. A plain challenge has the same form.
pub(crate) fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pair of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_rfcs_own_pair_matches() {
        assert!(Challenge::new(ChallengeMethod::S256, CHALLENGE).accepts(VERIFIER));
        assert!(Challenge::new(ChallengeMethod::Plain, VERIFIER).accepts(VERIFIER));
    }

    #[test]
    fn another_or_a_malformed_verifier_does_not_match() {
        assert!(!Challenge::new(ChallengeMethod::S256, CHALLENGE).accepts(CHALLENGE));
        assert!(!Challenge::new(ChallengeMethod::Plain, "short").accepts("short"));
    }
}
