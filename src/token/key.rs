//! The RSA key that signs every token.

use std::fmt;
use std::sync::{Arc, LazyLock};

use aws_lc_rs::digest;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::crypto::verify;
use jsonwebtoken::{Algorithm, DecodingKey};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use serde::Serialize;
use serde_json::{Value, json};

use super::verified_tokens::VerifiedTokens;

/// The built-in key. Its private half is public, so no real system may trust it.
const DEVELOPMENT_PEM: &str = include_str!("development.pem");
/// The length of the modulus in bytes: the vendor's tokens are signed with RSA-2048 (source S).
const MODULUS_BYTES: usize = 256;

/// An RSA key that signs tokens, with its `kid`. Cloning shares the parsed key.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<KeyPair>,
    random: SystemRandom,
    kid: String,
    /// The first segment of every token, with its dot.
    pub(super) header: String,
    modulus: String,
    exponent: String,
    verifying: DecodingKey,
    verified: Arc<VerifiedTokens>,
}

/// Why a key cannot sign tokens.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The PEM text contains no private key.
    #[error(
        "contains no private key; expected PEM with BEGIN PRIVATE KEY or BEGIN RSA PRIVATE KEY \
         (openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 creates one)"
    )]
    NoKey,
    /// The private key is not an RSA key.
    #[error("the private key is not an RSA key, which RS256 requires")]
    NotRsa,
    /// The RSA key does not have 2048 bits.
    #[error("the RSA key has {bits} bits; it must have 2048")]
    WrongSize {
        /// The size of the key in bits.
        bits: usize,
    },
    /// The cryptographic library failed.
    #[error("the cryptographic library could not create a key")]
    Unavailable,
}

impl SigningKey {
    /// Returns the built-in key. It is the same in every installation, and loads at once. Its
    /// private half is public, so no real system may trust it.
    pub fn development() -> Self {
        static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::built_in(DEVELOPMENT_PEM));
        KEY.clone()
    }

    /// Returns a second built-in key, for tokens that a scenario signs with the wrong key.
    pub(crate) fn other() -> &'static Self {
        static KEY: LazyLock<SigningKey> =
            LazyLock::new(|| SigningKey::built_in(include_str!("other.pem")));
        &KEY
    }

    fn built_in(pem: &str) -> Self {
        Self::from_pem(pem).expect("the built-in key is valid, as a test shows")
    }

    /// Returns the thumbprint of the public key (RFC 7638), whatever its `kid` is.
    #[cfg(feature = "redis")]
    pub(crate) fn public_thumbprint(&self) -> String {
        thumbprint(&self.modulus, &self.exponent)
    }

    /// Generates a key. This takes 0.1 to 0.3 s.
    ///
    /// # Errors
    ///
    /// If the cryptographic library fails.
    pub fn generate() -> Result<Self, KeyError> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Unavailable)?;
        Self::from_pair(pair)
    }

    /// Reads a key from PEM text: PKCS#8 or PKCS#1, RSA, 2048 bits.
    ///
    /// # Errors
    ///
    /// If the text contains no such key.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| KeyError::NoKey)?;
        let pair = match &der {
            PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(KeyError::NotRsa),
        };
        Self::from_pair(pair.map_err(|_| KeyError::NotRsa)?)
    }

    fn from_pair(pair: KeyPair) -> Result<Self, KeyError> {
        if pair.public_modulus_len() != MODULUS_BYTES {
            return Err(KeyError::WrongSize { bits: pair.public_modulus_len() * 8 });
        }

        let public: RsaPublicKeyComponents<Vec<u8>> = pair.public_key().into();
        let modulus = URL_SAFE_NO_PAD.encode(&public.n);
        let exponent = URL_SAFE_NO_PAD.encode(&public.e);
        let kid = thumbprint(&modulus, &exponent);

        Ok(Self {
            header: header(&kid),
            kid,
            verifying: DecodingKey::from_rsa_raw_components(&public.n, &public.e),
            verified: Arc::default(),
            modulus,
            exponent,
            random: SystemRandom::new(),
            pair: Arc::new(pair),
        })
    }

    /// Sets the `kid`, for tests that compare tokens byte by byte.
    pub fn with_kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = kid.into();
        self.header = header(&self.kid);
        self
    }

    /// Returns the key's identifier: 32 hex digits of its RFC 7638 thumbprint, unless it was set.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Returns the public key as the JWK Set that `/.well-known/jwks.json` serves.
    pub fn jwks(&self) -> Value {
        json!({ "keys": [{
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid,
            "n": self.modulus,
            "e": self.exponent,
        }] })
    }

    /// Returns the public key in PEM (SubjectPublicKeyInfo).
    pub fn public_pem(&self) -> String {
        let der = self.pair.public_key().as_der();
        let encoded = der.map(|der| STANDARD.encode(der.as_ref())).unwrap_or_default();

        let lines: Vec<_> = encoded.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        let lines = lines.join("\n");
        format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n")
    }

    /// Makes a JWT with these claims.
    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, SigningFailed> {
        self.sign_encoded(self.encode(claims)?)
    }

    /// Makes the first two segments of a JWT with these claims.
    pub(crate) fn encode(&self, claims: &impl Serialize) -> Result<String, SigningFailed> {
        let mut payload = Vec::with_capacity(1024);
        serde_json::to_writer(&mut payload, claims).map_err(|_| SigningFailed)?;
        let mut token = String::with_capacity(self.header.len() + payload.len() * 4 / 3 + 350);
        token.push_str(&self.header);
        URL_SAFE_NO_PAD.encode_string(&payload, &mut token);
        Ok(token)
    }

    /// Adds the third segment of a JWT: the signature.
    pub(crate) fn sign_encoded(&self, mut token: String) -> Result<String, SigningFailed> {
        let mut signature = [0; MODULUS_BYTES];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &self.random, token.as_bytes(), &mut signature)
            .map_err(|_| SigningFailed)?;

        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// Whether this key made the signature of a token, which is in base64url behind the last dot.
    pub(super) fn verifies(&self, token: &str) -> bool {
        let Some((message, signature)) = token.rsplit_once('.') else { return false };

        self.verified.contains_or(token, || {
            verify(signature, message.as_bytes(), &self.verifying, Algorithm::RS256)
                .unwrap_or(false)
        })
    }

    /// Makes a JWT with these claims whose signature has the right length, and is wrong.
    pub(crate) fn sign_invalid(&self, claims: &impl Serialize) -> Result<String, SigningFailed> {
        let token = self.sign(claims)?;
        let (message, _) = token.rsplit_once('.').ok_or(SigningFailed)?;
        let hash = digest::digest(&digest::SHA256, message.as_bytes());

        let mut wrong = [0; MODULUS_BYTES];
        wrong[1..33].copy_from_slice(hash.as_ref());
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(wrong)))
    }

    /// Makes a JWT with these claims and no signature: `alg: none`.
    pub(crate) fn encode_unsigned(&self, claims: &impl Serialize) -> Result<String, SigningFailed> {
        let payload = serde_json::to_vec(claims).map_err(|_| SigningFailed)?;
        let header = json!({ "kid": self.kid, "alg": "none" }).to_string();
        Ok(format!("{}.{}.", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload)))
    }
}

/// The cryptographic library failed to sign, without a reason.
#[derive(Debug, thiserror::Error)]
#[error("the token could not be signed")]
pub(crate) struct SigningFailed;

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Encodes the header of a token: `kid` before `alg` and no `typ`, as in the documentation's
/// samples.
fn header(kid: &str) -> String {
    let kid = Value::from(kid);
    URL_SAFE_NO_PAD.encode(format!(r#"{{"kid":{kid},"alg":"RS256"}}"#)) + "."
}

/// Derives a `kid` (RFC 7638): the SHA-256 of the key's required members in alphabetical order. Half
/// of it has as many digits as the sample's `kid`.
fn thumbprint(modulus: &str, exponent: &str) -> String {
    let members = format!(r#"{{"e":"{exponent}","kty":"RSA","n":"{modulus}"}}"#);
    let hash = digest::digest(&digest::SHA256, members.as_bytes());
    hash.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_development_key_is_valid_and_its_kid_derives_from_it() {
        let key = SigningKey::development();
        assert_eq!(key.kid().len(), 32);
        assert!(key.kid().bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
        assert_eq!(SigningKey::from_pem(DEVELOPMENT_PEM).unwrap().kid(), key.kid());
        assert_ne!(SigningKey::other().kid(), key.kid());
        assert!(key.public_pem().starts_with("-----BEGIN PUBLIC KEY-----\nMIIBIjAN"));
    }

    #[test]
    fn a_key_that_is_not_rsa_2048_is_refused_with_the_reason() {
        let error = |pem: &str| SigningKey::from_pem(pem).unwrap_err();
        assert!(matches!(error(""), KeyError::NoKey));
        assert!(matches!(error(&SigningKey::development().public_pem()), KeyError::NoKey));
        let wrong = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert!(matches!(error(wrong), KeyError::NotRsa));
        let sec1 = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
        assert!(matches!(error(sec1), KeyError::NotRsa));
    }

    #[test]
    fn debug_shows_no_key() {
        assert!(!format!("{:?}", SigningKey::development()).contains("pair"));
    }
}
