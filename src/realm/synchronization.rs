//! Brings the copy of a realm of a shared store up to date, and installs changes of it in the store.

use std::sync::Arc;

use tokio::task::{JoinError, spawn_blocking};

use super::replica::{Installed, Replica};
use super::{Realm, Registry};
use crate::fixture::{Fixtures, Source, TlsFaults, load_sources};
use crate::scenario::ScenarioList;
use crate::store::Unavailable;
use crate::store::redis::{Installation, Part, Parts, Version, fingerprint_of};

/// How the copy of a realm differs from the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Synchronized {
    /// It does not differ any more.
    Current,
    /// The store has no such realm any more, or another one of its name.
    Gone,
}

impl Realm {
    /// Brings the copy up to date with the store.
    pub(crate) async fn synchronize(
        self: &Arc<Self>,
        replica: &Replica,
    ) -> Result<Synchronized, Unavailable> {
        let known = replica.shared.known();
        let current = replica.shared.version().await?;
        self.clock.set_ahead_ms(replica.shared.link.time.ahead_ms());
        if current == Some(known) {
            return Ok(Synchronized::Current);
        }

        let _changing = replica.changes.lock().await;
        self.load(replica).await
    }

    /// Loads what has changed in the store. The caller holds the lock on changes.
    async fn load(self: &Arc<Self>, replica: &Replica) -> Result<Synchronized, Unavailable> {
        let known = replica.shared.known();
        match replica.shared.load(&known).await? {
            Some((version, parts)) if version.epoch == known.epoch => {
                if version != known {
                    self.apply(replica, version, parts).await?;
                }
                Ok(Synchronized::Current)
            }
            _ => Ok(Synchronized::Gone),
        }
    }

    /// Starts with a realm of the store that has another epoch than the copy.
    pub(crate) async fn start_over(
        self: &Arc<Self>,
        replica: &Replica,
    ) -> Result<Synchronized, Unavailable> {
        let _changing = replica.changes.lock().await;
        self.forget_copies(replica).await;

        match replica.shared.load(&replica.shared.known()).await? {
            Some((version, parts)) => {
                self.apply(replica, version, parts).await?;
                Ok(Synchronized::Current)
            }
            None => Ok(Synchronized::Gone),
        }
    }

    /// Forgets what the copies have from the store.
    pub(super) async fn forget_copies(&self, replica: &Replica) {
        replica.shared.forget_version();
        *replica.installed.lock() = Installed::default();
        // Nothing is copied meanwhile.
        let mut position = replica.read_up_to.lock().await;
        position.clear();
        self.journal.start_over();
        self.observer.clear(0);
    }

    /// Applies parts of the configuration, which the store has.
    async fn apply(
        self: &Arc<Self>,
        replica: &Replica,
        version: Version,
        parts: Parts,
    ) -> Result<(), Unavailable> {
        let realm = Arc::clone(self);
        // Fixtures may be large.
        let applied = spawn_blocking(move || realm.apply_parts(parts)).await;
        let installed = applied.ok().flatten().ok_or_else(|| {
            let realm = self.name();
            tracing::error!(realm, "the store has a configuration that this version cannot read");
            Unavailable
        })?;

        let mut current = replica.installed.lock();
        installed.merge_into(&mut current);
        replica.shared.set_known(version);
        Ok(())
    }

    /// Applies parts of the configuration. Returns them as they are installed now, or `None` if a part
    /// cannot be read.
    fn apply_parts(&self, parts: Parts) -> Option<Installed> {
        let _lock = self.edit_lock.lock();
        let mut installed = Installed::default();

        if let Some(text) = parts.get(&Part::Fixtures) {
            let fixtures = Arc::new(read_fixtures(text)?);
            *self.registry.write() = Arc::new(Registry::new(&fixtures));
            installed.fixtures = Some(fixtures);
        }
        if let Some(text) = parts.get(&Part::Seed) {
            // Most realms still have the fixtures that they were seeded with.
            let seed = match text.as_str() {
                "" => Arc::clone(&self.registry().fixtures),
                text => Arc::new(read_fixtures(text)?),
            };
            *self.seed.write() = Arc::clone(&seed);
            installed.seed = Some(seed);
        }
        if let Some(text) = parts.get(&Part::Scenarios) {
            let scenarios: ScenarioList = serde_json::from_str(text).ok()?;
            self.scenarios.restore(&scenarios);
            installed.scenarios = scenarios;
        }
        if let Some(text) = parts.get(&Part::Clock) {
            self.clock.restore(serde_json::from_str(text).ok()?);
        }
        if let Some(text) = parts.get(&Part::Tls) {
            self.apply_tls_faults(serde_json::from_str(text).ok()?);
        }

        installed.texts = parts;
        Some(installed)
    }

    /// Makes a change: runs an edit on the copy, then installs it in the store, with further parts of the
    /// configuration. If another replica was faster, the edit is run again on what that one has installed.
    /// If the store is away, the copy goes back to what the store has.
    pub(crate) async fn change<T: Send + 'static>(
        self: &Arc<Self>,
        replica: &Replica,
        more: Parts,
        edit: impl Fn(&Self) -> T + Send + Sync + 'static,
    ) -> Result<Option<T>, Unavailable> {
        let _changing = replica.changes.lock().await;
        let edit = Arc::new(edit);

        loop {
            if self.load(replica).await? == Synchronized::Gone {
                return Ok(None);
            }
            // What was removed before it matched a request is remembered.
            self.refresh_scenarios(replica).await?;

            let (realm, run) = (Arc::clone(self), Arc::clone(&edit));
            replica.shared.unstage();
            let edited = spawn_blocking(move || run(&realm)).await;
            let installed = match edited {
                Ok(_) => self.install(replica, Installation::Change, more.clone()).await,
                Err(_) => Err(Unavailable),
            };
            if installed != Ok(true) {
                self.revert(replica).await;
            }

            let edited = match edited.map_err(JoinError::try_into_panic) {
                Ok(edited) => edited,
                Err(Ok(panic)) => std::panic::resume_unwind(panic),
                // The server stops.
                Err(Err(_)) => return Err(Unavailable),
            };
            if installed? {
                return Ok(Some(edited));
            }
        }
    }

    /// Installs the copy in the store, with further parts of the configuration. Returns false if the store
    /// has what is not to be replaced.
    pub(crate) async fn install(
        &self,
        replica: &Replica,
        how: Installation,
        more: Parts,
    ) -> Result<bool, Unavailable> {
        let known = replica.shared.known();
        let (mut parts, changed) = self.changed_parts(replica);
        parts.extend(more);
        let ended = {
            let installed = replica.installed.lock();
            installed.scenarios.ids_missing_in(&self.scenarios.list())
        };

        let Some(version) = replica.shared.install(how, known, &parts, &ended).await? else {
            return Ok(false);
        };
        changed.merge_into(&mut replica.installed.lock());
        replica.shared.set_known(version);
        Ok(true)
    }

    /// Goes back to what the store has: with the next request, all of it is loaded.
    async fn revert(self: &Arc<Self>, replica: &Replica) {
        let Version { epoch, .. } = replica.shared.known();
        replica.shared.set_known(Version { epoch, number: 0 });
        // If the store is away, the next request tries again.
        let _ = self.load(replica).await;
    }

    /// Returns the parts that differ from what is installed, as texts and as they are.
    fn changed_parts(&self, replica: &Replica) -> (Parts, Installed) {
        let installed = replica.installed.lock();
        let mut changed = Installed::default();
        let mut parts = Parts::new();

        let fixtures = Arc::clone(&self.registry().fixtures);
        let seed = Arc::clone(&self.seed.read());
        let is_installed = |old: &Option<Arc<Fixtures>>, new: &Arc<Fixtures>| {
            old.as_ref().is_some_and(|old| Arc::ptr_eq(old, new))
        };
        if !is_installed(&installed.fixtures, &fixtures) || !is_installed(&installed.seed, &seed) {
            parts.insert(Part::Fixtures, fixtures_text(&fixtures));
            let is_same = Arc::ptr_eq(&seed, &fixtures);
            parts.insert(Part::Seed, if is_same { String::new() } else { fixtures_text(&seed) });
            changed.fixtures = Some(fixtures);
            changed.seed = Some(seed);
        }

        changed.scenarios = self.scenarios.list();
        let texts = [
            (Part::Scenarios, serde_json::to_string(&changed.scenarios)),
            (Part::Clock, serde_json::to_string(&self.clock.mode())),
            (Part::Tls, serde_json::to_string(&self.own_tls_faults())),
        ];
        for (part, text) in texts {
            let text = text.unwrap_or_default();
            if installed.texts.get(&part) != Some(&text) {
                changed.texts.insert(part, text.clone());
                parts.insert(part, text);
            }
        }
        (parts, changed)
    }

    /// Returns the faults of TLS handshakes, unless they are those of the fixtures.
    fn own_tls_faults(&self) -> Option<TlsFaults> {
        Some(self.tls_faults()).filter(|faults| *faults != self.registry().settings.tls)
    }

    /// Notes the progress of the scenarios in the store.
    pub(crate) async fn refresh_scenarios(&self, replica: &Replica) -> Result<(), Unavailable> {
        let scenarios = self.scenarios.all();
        if scenarios.is_empty() {
            return Ok(());
        }
        replica.shared.refresh_progress(scenarios.iter().map(|active| &**active)).await
    }
}

/// Returns fixtures as the store keeps them.
fn fixtures_text(fixtures: &Fixtures) -> String {
    serde_json::to_string(fixtures).unwrap_or_default()
}

/// Returns what tells fixtures from others.
pub(crate) fn fixtures_fingerprint(fixtures: &Fixtures) -> String {
    fingerprint_of(&fixtures_text(fixtures))
}

fn read_fixtures(text: &str) -> Option<Fixtures> {
    load_sources(&[Source::new("store.json", text)]).ok()
}
