//! Where the shared store is.

use crate::oauth::Secret;

/// The prefix of keys, unless the user sets another.
pub(crate) const DEFAULT_PREFIX: &str = "smartpay-oauth-mock";

/// The address of a shared store, and how it is used.
#[derive(Clone, Debug)]
pub(crate) struct StoreOptions {
    /// `redis://` or `rediss://`. It may contain a password.
    pub(crate) url: Secret,
    /// The prefix of all keys, which keeps several servers in one store apart.
    pub(crate) prefix: String,
    /// The CA of the store's certificate as PEM. Without it, the system's roots are trusted.
    pub(crate) ca: Option<Vec<u8>>,
}

/// Why a store cannot be used. No text contains the password.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL is not that of a store.
    #[error(
        "the URL of the store is malformed: expected redis://[user:password@]host:port[/db], or \
         rediss:// for TLS"
    )]
    Url,
    /// The store does not respond, or refuses the connection.
    #[error("the store at {address} is not available: {reason}")]
    Unavailable {
        /// The host and port.
        address: String,
        /// What happened.
        reason: String,
    },
    /// The store was seeded by a server that signs with another key.
    #[error(
        "the store at {address} belongs to servers with another signing key; use theirs \
         (--signing-key), or another --store-prefix"
    )]
    OtherKey {
        /// The host and port.
        address: String,
    },
}
