//! The names of the keys in the store.
//!
//! All keys of a realm have its name as their hash tag, so that a cluster keeps them on one node and
//! scripts can change them together.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The keys of a realm.
#[derive(Debug)]
pub(crate) struct RealmKeys {
    /// A hash: epoch, version, and the parts of the configuration, each with the version of its last
    /// change; the numbers of requests, completions and grants so far.
    pub(super) config: String,
    /// A hash: by the ID of a scenario, the number of its matches; with `:d` its draws, with `:w` the
    /// window of its rate limit, with `:r` the round of its held requests.
    pub(super) progress: String,
    /// A hash: codes by fingerprint; with `:g` the grant that the code has made.
    pub(super) codes: String,
    /// A hash: the grants of literal refresh tokens, by the fingerprint of the token.
    pub(super) literals: String,
    /// A hash: grants by ID; with `:t` the time of the grant, with `:p` the time after which it may be
    /// purged, with `:r` why it was revoked.
    pub(super) grants: String,
    /// A hash: by the ID of a refresh token, its expiry, its successor, and the time of the rotation.
    pub(super) tokens: String,
    /// A sorted set: what may be purged (`c:`, `g:` or `t:` and the key above), by the time of that.
    pub(super) expiry: String,
    /// A set: the codes (`c:`) and grants (`g:`) of the fixtures.
    pub(super) fixture: String,
    /// A stream: the journal.
    pub(super) journal: String,
    /// The start of the keys of held requests, followed by the ID of the scenario.
    held: String,
}

impl RealmKeys {
    pub(super) fn new(prefix: &str, realm: &str) -> Self {
        let key = |part: &str| format!("{prefix}:{{{realm}}}:{part}");
        Self {
            config: key("config"),
            progress: key("progress"),
            codes: key("codes"),
            literals: key("literals"),
            grants: key("grants"),
            tokens: key("tokens"),
            expiry: key("expiry"),
            fixture: key("fixture"),
            journal: key("journal"),
            held: key("held"),
        }
    }

    /// Returns the keys for scripts that change grants.
    pub(super) fn grant_keys(&self) -> [&String; 6] {
        [&self.config, &self.codes, &self.literals, &self.grants, &self.tokens, &self.expiry]
    }

    /// Returns the keys for scripts that look up codes and tokens.
    pub(super) fn look_up_keys(&self) -> [&String; 6] {
        [&self.config, &self.progress, &self.codes, &self.literals, &self.grants, &self.tokens]
    }

    /// Returns all keys but those of held requests, which expire soon.
    pub(super) fn all(&self) -> [&String; 9] {
        let Self {
            config,
            progress,
            codes,
            literals,
            grants,
            tokens,
            expiry,
            fixture,
            journal,
            ..
        } = self;
        [config, progress, codes, literals, grants, tokens, expiry, fixture, journal]
    }

    /// Returns the key of a sorted set: the requests that a scenario holds, by the time at which each
    /// last asked for its release.
    pub(super) fn held(&self, scenario: &str) -> String {
        format!("{}:{scenario}", self.held)
    }
}

/// The keys of the directory. They are on the node of the default realm, whose version changes when a
/// host name does.
pub(super) struct DirectoryKeys {
    pub(super) config: String,
    pub(super) realms: String,
    pub(super) hosts: String,
}

impl DirectoryKeys {
    pub(super) fn new(prefix: &str, default_realm: &str) -> Self {
        let key = |part: &str| format!("{prefix}:{{{default_realm}}}:{part}");
        Self {
            config: RealmKeys::new(prefix, default_realm).config,
            realms: key("realms"),
            hosts: key("hosts"),
        }
    }
}

/// Returns the fingerprint of a code or token, by which the store knows it.
pub(super) fn fingerprint(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, secret.as_bytes()))
}
