//! The realms of a server: the default one, and those that are created and removed.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Weak};

use parking_lot::RwLock;

use super::seed::RealmSeed;
#[cfg(feature = "redis")]
use super::store_link::Shared;
use super::{OwnPorts, Realm, Registry};
use crate::fixture::Fixtures;
use crate::report::Report;
use crate::units::{canonical_host, is_this_machine};

/// The name of the default realm.
pub(super) const DEFAULT: &str = "default";
/// The maximum number of realms. Each takes some kilobytes.
pub(super) const MAX_REALMS: usize = 10_000;

/// All realms of a server.
#[derive(Debug)]
pub(crate) struct RealmMap {
    /// What a realm without fixtures of its own starts with.
    pub(super) seed: RwLock<RealmSeed>,
    default: Arc<Realm>,
    /// With a shared store, the realms that this process has used.
    pub(super) created: RwLock<Created>,
    #[cfg(feature = "redis")]
    pub(super) shared: Option<Shared>,
}

#[derive(Debug, Default)]
pub(super) struct Created {
    by_name: BTreeMap<String, Arc<Realm>>,
    by_host: HashMap<String, Arc<Realm>>,
    /// The reports on realms that were removed, as one.
    removed: Option<Report>,
}

/// Why a realm cannot be created or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RealmError {
    /// The name is malformed.
    #[error(
        "a realm name must be 1 to 63 characters of a-z 0-9 - _ (paths and host names contain it)"
    )]
    Name,
    /// The default realm cannot be created or removed.
    #[error("the default realm cannot be created or removed, but its fixtures can be replaced")]
    Default,
    /// A host name is malformed.
    #[error("\"{0}\" is not a host name; a host name has no port, path or scheme")]
    Host(String),
    /// A host name is taken.
    #[error("the host name \"{0}\" is reserved or belongs to another realm")]
    HostTaken(String),
    /// The maximum number of realms is reached.
    #[error("the maximum of {MAX_REALMS} realms is reached")]
    TooMany,
    /// The realm's own port cannot be opened.
    #[error("the realm's own port cannot be opened")]
    Port(#[source] io::Error),
}

impl RealmMap {
    /// The name of the default realm.
    #[cfg(feature = "redis")]
    pub(crate) const DEFAULT: &str = DEFAULT;

    pub(crate) fn new(seed: RealmSeed) -> Self {
        let default = Arc::new(Realm::new(DEFAULT, Vec::new(), &seed));
        Self::with_default(seed, default)
    }

    pub(super) fn with_default(seed: RealmSeed, default: Arc<Realm>) -> Self {
        Self {
            seed: RwLock::new(seed),
            default,
            created: RwLock::default(),
            #[cfg(feature = "redis")]
            shared: None,
        }
    }

    pub(crate) fn default_realm(&self) -> &Arc<Realm> {
        &self.default
    }

    /// Returns a realm by its name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Realm>> {
        if name == DEFAULT {
            return Some(Arc::clone(&self.default));
        }

        self.created.read().by_name.get(name).cloned()
    }

    /// Returns the realm of a host name: one of a realm's `hosts`, or `{realm}.localhost`. `Ok(None)`
    /// means that the host name belongs to no realm.
    ///
    /// # Errors
    ///
    /// The name of a realm that does not exist.
    pub(crate) fn by_host(&self, host: &str) -> Result<Option<Arc<Realm>>, String> {
        let host = canonical_host(host);
        if let Some(realm) = self.created.read().by_host.get(&host) {
            return Ok(Some(Arc::clone(realm)));
        }

        #[cfg(feature = "redis")]
        if let Some(shared) = &self.shared
            && let Some(name) = shared.hosts.read().get(&host)
        {
            return self.get(name).map(Some).ok_or_else(|| name.clone());
        }

        match host.strip_suffix(".localhost") {
            None => Ok(None),
            Some(name) => self.get(name).map(Some).ok_or_else(|| name.to_owned()),
        }
    }

    /// Returns every realm, the default one first.
    pub(crate) fn all(&self) -> Vec<Arc<Realm>> {
        let created = self.created.read();
        std::iter::once(&self.default).chain(created.by_name.values()).cloned().collect()
    }

    /// Creates a realm. One of the same name is removed first. Returns it with whether there was
    /// one.
    ///
    /// # Errors
    ///
    /// If the name or a host name is malformed or taken, the ports cannot be opened, or there are
    /// too many realms.
    pub(crate) fn create(
        &self,
        name: &str,
        fixtures: Option<Arc<Fixtures>>,
        hosts: Vec<String>,
        open_ports: impl FnOnce(&Weak<Realm>) -> io::Result<Option<OwnPorts>>,
    ) -> Result<(Arc<Realm>, bool), RealmError> {
        let hosts = Created::check_names(name, &hosts)?;

        // Held to the end: a reseed either comes before, or finds the realm.
        let current_seed = self.seed.read();
        let mut seed = current_seed.clone();
        if let Some(fixtures) = fixtures {
            seed = RealmSeed::new(fixtures, seed.journal_size);
        }
        let realm = Arc::new(Realm::new(name, hosts, &seed));
        // The realm is not in the map yet, so an error from here on closes its ports.
        if let Some(ports) = open_ports(&Arc::downgrade(&realm)).map_err(RealmError::Port)? {
            realm.take_ports(ports);
        }

        let replaces = self.created.write().insert(&realm)?;
        Ok((realm, replaces))
    }

    /// Replaces the fixtures of the server, and of all realms that started with them. Changes made
    /// at run time are lost; existing grants are kept. Returns false if the fixtures are the same.
    pub(crate) fn reseed(&self, fixtures: &Arc<Fixtures>) -> bool {
        let mut seed = self.seed.write();
        if seed.fixtures == *fixtures {
            return false;
        }

        let old = std::mem::replace(&mut seed.fixtures, Arc::clone(fixtures));
        seed.registry = Arc::new(Registry::new(fixtures));
        for realm in self.all() {
            if realm.seeded_from(&old) {
                realm.reseed(fixtures);
            }
        }
        true
    }

    /// Returns the report on all realms, also on those that were removed.
    pub(crate) fn total_report(&self) -> Report {
        let mut total = self.default.report();
        let created = self.created.read();
        let reports = created.by_name.values().map(|realm| realm.report());

        reports.chain(created.removed.clone()).for_each(|report| total.merge(report));
        total
    }

    /// Removes all realms but the default one.
    pub(crate) fn remove_all(&self) {
        let created = std::mem::take(&mut *self.created.write());
        created.by_name.values().for_each(|realm| realm.close());
    }

    /// Removes a realm. Returns whether it existed.
    ///
    /// # Errors
    ///
    /// If it is the default realm.
    pub(crate) fn remove(&self, name: &str) -> Result<bool, RealmError> {
        if name == DEFAULT {
            return Err(RealmError::Default);
        }

        Ok(self.created.write().remove(name))
    }
}

impl Created {
    /// Inserts a realm, in place of one of the same name. Returns whether there was one.
    fn insert(&mut self, realm: &Arc<Realm>) -> Result<bool, RealmError> {
        let name = realm.name();
        if self.by_name.len() >= MAX_REALMS && !self.by_name.contains_key(name) {
            return Err(RealmError::TooMany);
        }
        if let Some(host) = realm.hosts.iter().find(|host| self.is_taken(host, name)) {
            return Err(RealmError::HostTaken(host.clone()));
        }

        let replaces = self.remove(name);
        self.put(realm);
        Ok(replaces)
    }

    /// Inserts a realm whose name and hosts no other has.
    pub(super) fn put(&mut self, realm: &Arc<Realm>) {
        for host in &realm.hosts {
            self.by_host.insert(host.clone(), Arc::clone(realm));
        }
        self.by_name.insert(realm.name().to_owned(), Arc::clone(realm));
    }

    /// Checks the names that a realm is to have. Returns the hosts in canonical form.
    pub(super) fn check_names(name: &str, hosts: &[String]) -> Result<Vec<String>, RealmError> {
        if name == DEFAULT {
            return Err(RealmError::Default);
        }
        if !is_realm_name(name) {
            return Err(RealmError::Name);
        }

        let hosts: Vec<String> = hosts.iter().map(|host| canonical_host(host)).collect();
        if let Some(malformed) = hosts.iter().find(|host| !is_host(host)) {
            return Err(RealmError::Host(malformed.clone()));
        }
        // Every client may use the names of this machine for the server itself, whose realm is the
        // default one.
        let is_reserved = |host: &&String| {
            let other = host.strip_suffix(".localhost").is_some_and(|other| other != name);
            other || is_this_machine(host)
        };
        match hosts.iter().find(is_reserved) {
            Some(host) => Err(RealmError::HostTaken(host.clone())),
            None => Ok(hosts),
        }
    }

    /// Whether a host name belongs to another realm than this one.
    fn is_taken(&self, host: &str, realm: &str) -> bool {
        self.by_host.get(host).is_some_and(|owner| owner.name() != realm)
    }

    pub(super) fn remove(&mut self, name: &str) -> bool {
        let Some(realm) = self.by_name.remove(name) else { return false };

        for host in &realm.hosts {
            self.by_host.remove(host);
        }
        realm.close();

        let report = realm.report();
        match &mut self.removed {
            Some(removed) => removed.merge(report),
            None => self.removed = Some(report),
        }
        true
    }
}

fn is_realm_name(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b))
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
        let (blue, _) =
            realms.create("blue", None, vec!["Pay.Example".into()], |_| Ok(None)).unwrap();
        let found = [
            realms.get("blue"),
            realms.by_host("pay.example").unwrap(),
            realms.by_host("pay.example.").unwrap(),
            realms.by_host("BLUE.localhost").unwrap(),
            realms.by_host("blue.localhost.").unwrap(),
        ];
        assert!(found.iter().all(|realm| realm.as_ref().is_some_and(|r| Arc::ptr_eq(r, &blue))));
        assert!(realms.by_host("localhost").unwrap().is_none());
        assert_eq!(realms.by_host("green.localhost").unwrap_err(), "green");
        assert!(realms.remove("blue").unwrap());
        assert!(!realms.remove("blue").unwrap());
        assert!(realms.by_host("pay.example").unwrap().is_none());
    }

    #[test]
    fn malformed_and_taken_names_are_refused() {
        let realms = realms();
        let error = |name: &str, host: &str| {
            realms.create(name, None, vec![host.into()], |_| Ok(None)).err()
        };

        assert!(matches!(error("Blue", "h"), Some(RealmError::Name)));
        assert!(matches!(error("", "h"), Some(RealmError::Name)));
        assert!(matches!(error("a/b", "h"), Some(RealmError::Name)));
        assert!(matches!(error("default", "h"), Some(RealmError::Default)));
        assert!(matches!(error("blue", "h:80"), Some(RealmError::Host(host)) if host == "h:80"));

        assert!(error("blue", "h").is_none());
        assert!(error("blue", "h").is_none(), "the same realm again");
        assert!(matches!(error("green", "H"), Some(RealmError::HostTaken(host)) if host == "h"));
        for taken in ["localhost", "green.localhost", "127.0.0.1", "0.0.0.0", "127.1", "0x7f.1"] {
            let refused = error("blue", taken);
            assert!(matches!(refused, Some(RealmError::HostTaken(host)) if host == taken));
        }

        for spelling in ["LOCALHOST.", "127.0.0.1.", "green.localhost."] {
            assert!(
                matches!(error("blue", spelling), Some(RealmError::HostTaken(_))),
                "{spelling}"
            );
        }
        for address in ["[::1]", "::1", "[::ffff:127.0.0.1]"] {
            assert!(matches!(error("blue", address), Some(RealmError::Host(_))), "{address}");
        }

        assert!(matches!(realms.remove("default"), Err(RealmError::Default)));
    }
}
