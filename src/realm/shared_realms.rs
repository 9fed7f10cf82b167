//! The realms of a server whose store replicas share.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::RwLock;

use super::realm_map::{Created, DEFAULT, MAX_REALMS, RealmMap};
use super::store_link::Shared;
use super::synchronization::{Synchronized, fixtures_fingerprint};
use super::{OwnPorts, Realm, RealmError, RealmSeed};
use crate::fixture::Fixtures;
use crate::store::Unavailable;
use crate::store::options::StoreError;
use crate::store::redis::{Added, Installation, Part, Parts, SharedStore};

/// The number of attempts to find a realm that others create and remove meanwhile.
const MAX_ATTEMPTS: usize = 3;

/// Why a realm of a shared store cannot be created.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SharedRealmError {
    #[error(transparent)]
    Realm(#[from] RealmError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl RealmMap {
    /// Returns the realms of a shared store, which is seeded if it is empty. `key` is the thumbprint of
    /// the server's signing key.
    ///
    /// # Errors
    ///
    /// If the store is away, or belongs to servers with another key.
    pub(crate) async fn shared(
        seed: RealmSeed,
        store: &Arc<SharedStore>,
        key: String,
    ) -> Result<Self, StoreError> {
        let default = Realm::replica_of(DEFAULT, Vec::new(), &seed, store);
        let mut realms = Self::with_default(seed, Arc::new(default));
        realms.shared = Some(Shared {
            store: Arc::clone(store),
            key,
            hosts: RwLock::default(),
            has_other_fixtures: AtomicBool::new(false),
            unusable: OnceLock::new(),
            seeding: tokio::sync::Mutex::default(),
        });

        let away = |_| StoreError::Unavailable {
            address: store.address().to_owned(),
            reason: store.reason_away().unwrap_or_default(),
        };
        if !realms.seed_or_load().await.map_err(away)? {
            return Err(other_key(store));
        }
        Ok(realms)
    }

    /// Returns the store, if the realms are in one.
    pub(crate) fn store(&self) -> Option<&Arc<SharedStore>> {
        Some(&self.shared.as_ref()?.store)
    }

    /// Returns why the store cannot be used, or `None` if it can.
    pub(crate) fn store_failure(&self) -> Option<String> {
        let Shared { store, unusable, .. } = self.shared.as_ref()?;
        store.reason_away().or_else(|| unusable.get().cloned())
    }

    /// Whether the store was seeded with other fixtures than the server was started with.
    pub(crate) fn has_other_fixtures(&self) -> bool {
        let shared = self.shared.as_ref();
        shared.is_some_and(|shared| shared.has_other_fixtures.load(Ordering::Relaxed))
    }

    /// Seeds the default realm in the store, or loads it. Returns whether the store has the server's
    /// signing key.
    async fn seed_or_load(&self) -> Result<bool, Unavailable> {
        let default = self.default_realm();
        let Some((shared, replica)) = self.shared.as_ref().zip(default.replica()) else {
            return Ok(false);
        };
        let seeded_with = fixtures_fingerprint(&self.seed.read().fixtures);
        let mine: Parts =
            [(Part::SeededWith, seeded_with.clone()), (Part::Key, shared.key.clone())].into();

        // What is staged for it is part of the seed.
        if default.install(replica, Installation::CreateIfMissing, mine).await? {
            shared.has_other_fixtures.store(false, Ordering::Relaxed);
            return Ok(true);
        }
        replica.shared.unstage();
        // Before anything of it is in force.
        if replica.shared.signing_key().await?.as_ref() != Some(&shared.key) {
            return Ok(false);
        }
        default.start_over(replica).await?;
        self.load_hosts(shared).await?;

        let found = &replica.installed.lock().texts;
        let is_same = found.get(&Part::SeededWith) == Some(&seeded_with);
        shared.has_other_fixtures.store(!is_same, Ordering::Relaxed);
        if !is_same {
            tracing::warn!(
                "the store at {} was seeded with other fixtures, which are in force",
                shared.store.address()
            );
        }
        Ok(found.get(&Part::Key) == Some(&shared.key))
    }

    /// Brings the copies of the default realm and of one with this name up to date with the store.
    pub(crate) async fn synchronize(&self, name: Option<&str>) -> Result<(), Unavailable> {
        let Some(shared) = &self.shared else { return Ok(()) };
        if shared.unusable.get().is_some() {
            return Err(Unavailable);
        }
        self.synchronize_default(shared).await?;

        let Some(name) = name.filter(|name| *name != DEFAULT) else { return Ok(()) };
        for _ in 0..MAX_ATTEMPTS {
            let Some(realm) = self.get(name) else {
                return self.load_realm(shared, name).await;
            };
            let Some(replica) = realm.replica() else { return Ok(()) };
            match realm.synchronize(replica).await? {
                Synchronized::Current => return Ok(()),
                Synchronized::Gone => drop(self.forget(name)),
            }
        }
        Ok(())
    }

    async fn synchronize_default(&self, shared: &Shared) -> Result<(), Unavailable> {
        let default = self.default_realm();
        let Some(replica) = default.replica() else { return Ok(()) };
        let before = replica.shared.known();

        if default.synchronize(replica).await? == Synchronized::Gone {
            let _seeding = shared.seeding.lock().await;
            // Another request may have been faster.
            if shared.unusable.get().is_some() {
                return Err(Unavailable);
            }
            if default.synchronize(replica).await? == Synchronized::Current {
                return Ok(());
            }
            tracing::warn!("the store at {} has been emptied", shared.store.address());
            shared.store.announce().await?;
            default.forget_copies(replica).await;
            default.start_again_with(&self.seed.read().fixtures);
            if self.seed_or_load().await? {
                return Ok(());
            }
            let error = other_key(&shared.store);
            tracing::error!("{error}");
            replica.shared.forget_version();
            let _ = shared.unusable.set(error.to_string());
            return Err(Unavailable);
        }
        if replica.shared.known() != before {
            self.load_hosts(shared).await?;
        }
        Ok(())
    }

    async fn load_hosts(&self, shared: &Shared) -> Result<(), Unavailable> {
        let hosts = shared.store.hosts().await?;
        *shared.hosts.write() = hosts;
        Ok(())
    }

    /// Makes the copy of a realm of the store, if there is one with this name.
    async fn load_realm(&self, shared: &Shared, name: &str) -> Result<(), Unavailable> {
        if !shared.store.has_realm(name).await? {
            return Ok(());
        }

        let owned = |(host, owner): (&String, &String)| (owner == name).then(|| host.clone());
        let hosts = shared.hosts.read().iter().filter_map(owned).collect();
        let seed = self.seed.read().clone();
        let realm = Arc::new(Realm::replica_of(name, hosts, &seed, &shared.store));
        let Some(replica) = realm.replica() else { return Ok(()) };
        replica.shared.unstage();
        // The directory has it before it exists.
        if realm.start_over(replica).await? == Synchronized::Current {
            self.created.write().put(&realm);
        }
        Ok(())
    }

    /// Makes the copies of all realms of the store, and drops those of others.
    pub(crate) async fn synchronize_all(&self) -> Result<(), Unavailable> {
        let Some(shared) = &self.shared else { return Ok(()) };
        let names = shared.store.realm_names().await?;

        for realm in self.all() {
            let name = realm.name();
            if name != DEFAULT && !names.iter().any(|known| known == name) {
                self.forget(name);
            }
        }
        for name in &names {
            self.synchronize(Some(name)).await?;
        }
        Ok(())
    }

    /// Replaces the fixtures of all realms that started with the server's own, as
    /// [`reseed`](Self::reseed) does in memory. Returns false if the fixtures are the same.
    pub(crate) async fn reseed_store(&self, fixtures: &Arc<Fixtures>) -> Result<bool, Unavailable> {
        self.synchronize_all().await?;
        let old = self.default_realm().seed_fixtures();
        if *old == **fixtures {
            return Ok(false);
        }

        let journal_size = self.seed.read().journal_size;
        *self.seed.write() = RealmSeed::new(Arc::clone(fixtures), journal_size);
        let seeded_with: Parts = [(Part::SeededWith, fixtures_fingerprint(fixtures))].into();
        for realm in self.all() {
            let Some(replica) = realm.replica() else { continue };
            let more = if realm.name() == DEFAULT { seeded_with.clone() } else { Parts::new() };
            let (old, new) = (Arc::clone(&old), Arc::clone(fixtures));
            let reseed = move |realm: &Realm| {
                if *realm.seed_fixtures() == *old {
                    realm.reseed(&new);
                }
            };
            realm.change(replica, more, reseed).await?;
        }
        Ok(true)
    }

    /// Creates a realm in the store, in place of one of its name. Returns it with whether there was one.
    pub(crate) async fn create_in_store(
        &self,
        name: &str,
        fixtures: Option<Arc<Fixtures>>,
        hosts: Vec<String>,
        open_ports: impl FnOnce(&Weak<Realm>) -> io::Result<Option<OwnPorts>>,
    ) -> Result<(Arc<Realm>, bool), SharedRealmError> {
        let Some(shared) = &self.shared else { return Err(Unavailable.into()) };
        let hosts = Created::check_names(name, &hosts)?;
        // A realm without fixtures of its own starts with what the default realm goes back to.
        let journal_size = self.seed.read().journal_size;
        let fixtures = fixtures.unwrap_or_else(|| self.default_realm().seed_fixtures());
        let seed = RealmSeed::new(fixtures, journal_size);

        let realm = Arc::new(Realm::replica_of(name, hosts.clone(), &seed, &shared.store));
        let replica = realm.replica().ok_or(Unavailable)?;
        if let Some(ports) = open_ports(&Arc::downgrade(&realm)).map_err(RealmError::Port)? {
            realm.take_ports(ports);
        }
        let replaces = match shared.store.add_realm(&replica.shared, &hosts, MAX_REALMS).await? {
            Added::New => false,
            Added::Replaced => true,
            Added::Full => return Err(RealmError::TooMany.into()),
            Added::HostTaken(host) => return Err(RealmError::HostTaken(host).into()),
        };
        realm.install(replica, Installation::Create, Parts::new()).await?;
        self.load_hosts(shared).await?;

        self.forget(name);
        self.created.write().put(&realm);
        Ok((realm, replaces))
    }

    /// Removes a realm from the store. Returns whether it existed.
    pub(crate) async fn remove_from_store(&self, name: &str) -> Result<bool, SharedRealmError> {
        let Some(shared) = &self.shared else { return Err(Unavailable.into()) };
        if name == DEFAULT {
            return Err(RealmError::Default.into());
        }

        let existed = shared.store.remove_realm(name).await?;
        shared.store.realm(name).delete().await?;
        self.load_hosts(shared).await?;
        self.forget(name);
        Ok(existed)
    }

    /// Drops the copy of a realm.
    fn forget(&self, name: &str) -> bool {
        self.created.write().remove(name)
    }
}

/// Returns the error when the store belongs to servers with another signing key.
fn other_key(store: &SharedStore) -> StoreError {
    StoreError::OtherKey { address: store.address().to_owned() }
}
