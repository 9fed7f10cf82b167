//! The realms of a server: one is always there, others come and go.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Weak};

use parking_lot::RwLock;

use super::{OwnPorts, Realm, Registry};
use crate::fixture::Fixtures;

/// The realm of a request that names none.
const DEFAULT: &str = "default";
/// More realms than any test suite needs; each costs some kilobytes.
const MOST_REALMS: usize = 10_000;

/// What a realm starts from.
#[derive(Clone, Debug)]
pub(crate) struct RealmSeed {
    pub(crate) fixtures: Arc<Fixtures>,
    pub(crate) registry: Arc<Registry>,
    /// How many requests its journal keeps.
    pub(crate) journal_size: usize,
}

impl RealmSeed {
    pub(crate) fn new(fixtures: Arc<Fixtures>, journal_size: usize) -> Self {
        let registry = Arc::new(Registry::new(&fixtures));
        Self { fixtures, registry, journal_size }
    }
}

/// All realms of a server.
#[derive(Debug)]
pub(crate) struct RealmMap {
    /// What a realm without fixtures of its own starts from.
    start: RwLock<RealmSeed>,
    default: Arc<Realm>,
    others: RwLock<Others>,
}

#[derive(Debug, Default)]
struct Others {
    by_name: BTreeMap<String, Arc<Realm>>,
    by_host: HashMap<String, Arc<Realm>>,
}

/// Why a realm cannot be made or removed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RealmError {
    /// The name cannot be one.
    #[error("a realm's name is 1 to 63 of a-z 0-9 - _, since it stands in paths and host names")]
    Name,
    /// The default realm is always there.
    #[error("the default realm is always there; it can be given other fixtures, not be removed")]
    Default,
    /// A host name cannot be one.
    #[error("\"{0}\" is not a host name; it has no port, path or scheme")]
    Host(String),
    /// A host name belongs to another realm, or to none.
    #[error("the host \"{0}\" belongs to another realm, or to the machine")]
    HostTaken(String),
    /// There are too many.
    #[error("there are {MOST_REALMS} realms already")]
    TooMany,
    /// The realm's own port cannot be had.
    #[error("the realm's own port cannot be had: {0}")]
    Port(String),
}

impl RealmMap {
    pub(crate) fn new(start: RealmSeed) -> Self {
        let default = Arc::new(Realm::new(DEFAULT, Vec::new(), &start));
        Self { start: RwLock::new(start), default, others: RwLock::default() }
    }

    pub(crate) fn default_realm(&self) -> &Arc<Realm> {
        &self.default
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<Realm>> {
        if name == DEFAULT {
            return Some(Arc::clone(&self.default));
        }
        self.others.read().by_name.get(name).cloned()
    }

    /// The realm of a host name: one of a realm's `hosts`, or `{realm}.localhost`. `Err` names a
    /// realm that is not there; `Ok(None)` is a host name like any other.
    pub(crate) fn by_host(&self, host: &str) -> Result<Option<Arc<Realm>>, String> {
        let host = host.to_ascii_lowercase();
        let others = self.others.read();
        if let Some(realm) = others.by_host.get(&host) {
            return Ok(Some(Arc::clone(realm)));
        }
        drop(others);
        match host.strip_suffix(".localhost") {
            None => Ok(None),
            Some(name) => self.get(name).map(Some).ok_or_else(|| name.to_owned()),
        }
    }

    /// Every realm, the default one first.
    pub(crate) fn all(&self) -> Vec<Arc<Realm>> {
        let others = self.others.read();
        std::iter::once(&self.default).chain(others.by_name.values()).cloned().collect()
    }

    /// Makes a realm, in place of one of the same name if there is one: whoever asks for a realm
    /// gets a fresh one.
    pub(crate) fn create(
        &self,
        name: &str,
        fixtures: Option<Arc<Fixtures>>,
        hosts: Vec<String>,
        ports: impl FnOnce(&Weak<Realm>) -> io::Result<Option<OwnPorts>>,
    ) -> Result<Arc<Realm>, RealmError> {
        if name == DEFAULT {
            return Err(RealmError::Default);
        }
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
        if !(1..=63).contains(&name.len()) || !name.bytes().all(allowed) {
            return Err(RealmError::Name);
        }
        let hosts: Vec<String> = hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        if let Some(wrong) = hosts.iter().find(|host| !is_host(host)) {
            return Err(RealmError::Host(wrong.clone()));
        }
        let start = self.start.read().clone();
        let start = match fixtures {
            Some(fixtures) => RealmSeed::new(fixtures, start.journal_size),
            None => start,
        };
        let realm = Arc::new(Realm::new(name, hosts, &start));
        // Ports are opened before anybody else can know the realm, so that they close with it.
        let opened = ports(&Arc::downgrade(&realm));
        if let Some(opened) = opened.map_err(|error| RealmError::Port(error.to_string()))? {
            realm.take_ports(opened);
        }
        let mut others = self.others.write();
        if others.by_name.len() >= MOST_REALMS && !others.by_name.contains_key(name) {
            return Err(RealmError::TooMany);
        }
        let taken = |host: &&String| {
            let by_name = host.strip_suffix(".localhost").is_some_and(|other| other != name);
            let owner = others.by_host.get(*host);
            by_name || *host == "localhost" || owner.is_some_and(|owner| owner.name() != name)
        };
        if let Some(host) = realm.hosts.iter().find(taken) {
            return Err(RealmError::HostTaken(host.clone()));
        }
        others.remove(name);
        for host in &realm.hosts {
            others.by_host.insert(host.clone(), Arc::clone(&realm));
        }
        others.by_name.insert(name.to_owned(), Arc::clone(&realm));
        Ok(realm)
    }

    /// Gives other fixtures to all who started from the server's own. What a realm was told since
    /// is forgotten, its live grants are not. `false`: they are the same as before.
    pub(crate) fn reseed(&self, fixtures: &Arc<Fixtures>) -> bool {
        let mut start = self.start.write();
        if start.fixtures == *fixtures {
            return false;
        }
        let old = std::mem::replace(&mut start.fixtures, Arc::clone(fixtures));
        start.registry = Arc::new(Registry::new(fixtures));
        for realm in self.all() {
            if realm.seeded_from(&old) {
                realm.reseed(fixtures);
            }
        }
        true
    }

    /// Removes all but the default realm.
    pub(crate) fn remove_all(&self) {
        let others = std::mem::take(&mut *self.others.write());
        others.by_name.values().for_each(|realm| realm.close());
    }

    /// Removes a realm. `Ok(false)`: there is none of this name.
    pub(crate) fn remove(&self, name: &str) -> Result<bool, RealmError> {
        if name == DEFAULT {
            return Err(RealmError::Default);
        }
        Ok(self.others.write().remove(name))
    }
}

impl Others {
    fn remove(&mut self, name: &str) -> bool {
        let Some(realm) = self.by_name.remove(name) else { return false };
        for host in &realm.hosts {
            self.by_host.remove(host);
        }
        realm.close();
        true
    }
}

fn is_host(host: &str) -> bool {
    (1..=253).contains(&host.len())
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::builtin;

    fn realms() -> RealmMap {
        RealmMap::new(RealmSeed::new(builtin(), 10))
    }

    #[test]
    fn a_realm_is_found_by_name_and_host_until_it_is_removed() {
        let realms = realms();
        let blue = realms.create("blue", None, vec!["Pay.Example".into()], |_| Ok(None)).unwrap();
        let found = [
            realms.get("blue"),
            realms.by_host("pay.example").unwrap(),
            realms.by_host("BLUE.localhost").unwrap(),
        ];
        assert!(found.iter().all(|realm| realm.as_ref().is_some_and(|r| Arc::ptr_eq(r, &blue))));
        assert!(realms.by_host("localhost").unwrap().is_none());
        assert_eq!(realms.by_host("green.localhost").unwrap_err(), "green");
        assert_eq!(realms.remove("blue"), Ok(true));
        assert_eq!(realms.remove("blue"), Ok(false));
        assert!(realms.by_host("pay.example").unwrap().is_none());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let realms = realms();
        let error = |name: &str, host: &str| {
            realms.create(name, None, vec![host.into()], |_| Ok(None)).err()
        };
        assert_eq!(error("Blue", "h"), Some(RealmError::Name));
        assert_eq!(error("", "h"), Some(RealmError::Name));
        assert_eq!(error("a/b", "h"), Some(RealmError::Name));
        assert_eq!(error("default", "h"), Some(RealmError::Default));
        assert_eq!(error("blue", "h:80"), Some(RealmError::Host("h:80".into())));
        assert_eq!(error("blue", "h"), None);
        assert_eq!(error("blue", "h"), None, "the same realm anew");
        assert_eq!(error("green", "H"), Some(RealmError::HostTaken("h".into())));
        for host in ["localhost", "green.localhost"] {
            assert_eq!(error("blue", host), Some(RealmError::HostTaken(host.into())));
        }
        assert_eq!(realms.remove("default"), Err(RealmError::Default));
    }
}
