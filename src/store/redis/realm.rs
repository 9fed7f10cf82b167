//! A realm in the store.

use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use redis::{Script, ScriptInvocation};

use super::keys::RealmKeys;
use super::link::Link;
use super::staged::Staged;

/// A realm in the store, as a replica knows it.
pub(crate) struct SharedRealm {
    pub(super) name: Arc<str>,
    pub(crate) link: Link,
    pub(super) keys: RealmKeys,
    known: RwLock<Version>,
    /// What the change in progress does to grants and the journal.
    pub(super) staged: Mutex<Staged>,
}

/// The state of a realm's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// What tells the realm from another one of its name, before or after it.
    pub(crate) epoch: Arc<str>,
    /// The number of changes so far.
    pub(crate) number: u64,
}

impl std::fmt::Debug for SharedRealm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedRealm").field("name", &self.name).finish_non_exhaustive()
    }
}

impl SharedRealm {
    pub(super) fn new(name: &str, link: &Link) -> Self {
        Self {
            name: name.into(),
            link: Link { connection: link.connection.for_realm(), ..link.clone() },
            keys: RealmKeys::new(&link.prefix, name),
            known: RwLock::new(Version { epoch: "".into(), number: 0 }),
            staged: Mutex::default(),
        }
    }

    /// Returns the version that the replica has.
    pub(crate) fn known(&self) -> Version {
        self.known.read().clone()
    }

    /// Notes the version that the replica has from now on.
    pub(crate) fn set_known(&self, version: Version) {
        *self.known.write() = version;
    }

    /// Forgets the version, so that the next request loads the realm.
    pub(crate) fn forget_version(&self) {
        self.set_known(Version { epoch: "".into(), number: 0 });
    }

    /// Begins a script on grants, at a time of the realm's clock.
    pub(super) fn on_grants<'s>(&self, script: &'s Script, now_ms: i64) -> ScriptInvocation<'s> {
        let mut invocation = script.key(&self.keys.grant_keys());
        invocation.arg(&*self.known().epoch).arg(now_ms);
        invocation
    }

    /// Begins a script that looks up codes and tokens.
    pub(super) fn on_look_up<'s>(&self, script: &'s Script) -> ScriptInvocation<'s> {
        script.key(&self.keys.look_up_keys())
    }
}
