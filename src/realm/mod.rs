//! A realm: one isolated world with its own clients, grants, scenarios and clock.
//!
//! All state that requests change lives here. Its operations are few and atomic, so that it
//! could one day be kept somewhere else than in this process.

mod codes;
mod edit;
mod grant_info;
mod grant_store;
mod realm_map;
mod registry;
mod sync;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::clock::Clock;
use crate::fixture::{AccountStatus, Fixtures, TlsFaults};
use crate::journal::Journal;
use crate::oauth::{Challenge, Scopes};
use crate::scenario::ScenarioSet;
use crate::token::{GrantId, TokenIds};

pub use codes::{CodeRequest, IssueError, TokensRequest};
pub(crate) use codes::{ConsentedCode, IssuedCode};
pub(crate) use edit::{FixtureEntry, read_entry};
pub use grant_info::GrantInfo;
pub(crate) use grant_store::{
    Code, CodeEntry, Conflict, Grant, GrantStore, Redemption, Renewal, RenewalOutcome, Rotation,
};
pub use realm_map::RealmError;
pub(crate) use realm_map::{RealmMap, RealmSeed};
pub(crate) use registry::{ClientEntry, Registry};

/// One isolated world.
#[derive(Debug)]
pub(crate) struct Realm {
    name: Arc<str>,
    /// The fixtures that a reset goes back to.
    seed: RwLock<Arc<Fixtures>>,
    /// The names by which a request's `Host` finds it, beside its own.
    hosts: Vec<String>,
    ports: OnceLock<OwnPorts>,
    clock: Clock,
    registry: RwLock<Arc<Registry>>,
    /// Held for the whole of an edit; requests never take it.
    edit_lock: Mutex<()>,
    grant_store: GrantStore,
    scenarios: ScenarioSet,
    journal: Journal,
    tls_faults: watch::Sender<TlsFaults>,
    ids: TokenIds,
}

/// Ports that serve one realm only. Dropped with the realm, they close.
#[derive(Debug)]
pub(crate) struct OwnPorts {
    pub(crate) http: Option<SocketAddr>,
    pub(crate) https: Option<SocketAddr>,
    /// Ends the listeners, and with them their connections.
    pub(crate) accepting: Vec<AbortHandle>,
}

impl Drop for OwnPorts {
    fn drop(&mut self) {
        self.accepting.iter().for_each(AbortHandle::abort);
    }
}

impl Realm {
    /// A realm that starts from these fixtures.
    pub(crate) fn new(name: &str, hosts: Vec<String>, start: &RealmSeed) -> Self {
        Self::with(GrantStore::default(), name, hosts, start)
    }

    /// A realm whose grant_store loom watches.
    #[cfg(test)]
    pub(crate) fn with_loom(start: &RealmSeed) -> Self {
        Self::with(GrantStore::with_loom(), "default", Vec::new(), start)
    }

    fn with(grant_store: GrantStore, name: &str, hosts: Vec<String>, start: &RealmSeed) -> Self {
        let fixtures = &*start.fixtures;
        let realm = Self {
            name: name.into(),
            seed: RwLock::new(Arc::clone(&start.fixtures)),
            hosts,
            ports: OnceLock::new(),
            clock: Clock::default(),
            registry: RwLock::new(Arc::clone(&start.registry)),
            edit_lock: Mutex::default(),
            grant_store,
            scenarios: ScenarioSet::default(),
            journal: Journal::new(start.journal_size),
            tls_faults: watch::Sender::new(fixtures.settings.tls.clone()),
            ids: TokenIds::new(name),
        };
        realm.scenarios.replace(&fixtures.scenarios);
        realm.insert_fixture_grants(fixtures);
        realm
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    pub(crate) fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// Gives it ports of its own, once.
    fn take_ports(&self, ports: OwnPorts) {
        let taken = self.ports.set(ports);
        debug_assert!(taken.is_ok(), "a realm gets its ports when it is made");
    }

    /// The address of the realm's own port for HTTP, if it has one.
    pub(crate) fn own_http(&self) -> Option<SocketAddr> {
        self.ports.get()?.http
    }

    /// The address of the realm's own port for HTTPS, if it has one.
    pub(crate) fn own_https(&self) -> Option<SocketAddr> {
        self.ports.get()?.https
    }

    /// Closes the realm's own ports, though somebody may still hold the realm.
    pub(crate) fn close(&self) {
        self.ports
            .get()
            .into_iter()
            .flat_map(|ports| &ports.accepting)
            .for_each(AbortHandle::abort);
    }

    /// What goes wrong with handshakes for it.
    pub(crate) fn tls_faults(&self) -> TlsFaults {
        self.tls_faults.borrow().clone()
    }

    /// Lets handshakes go wrong; `None`: as the fixtures say.
    pub(crate) fn set_tls_faults(&self, faults: Option<TlsFaults>) {
        let faults = faults.unwrap_or_else(|| self.registry().settings.tls.clone());
        self.tls_faults.send_replace(faults);
    }

    /// What goes wrong with handshakes, and word of each change.
    pub(crate) fn watch_tls_faults(&self) -> watch::Receiver<TlsFaults> {
        self.tls_faults.subscribe()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What the fixtures say, as of now; later changes do not reach what is returned.
    pub(crate) fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry.read())
    }

    /// Installs other clients, merchants or settings; codes, grants and scenarios stay.
    fn set_registry(&self, fixtures: &Arc<Fixtures>) {
        let new = Arc::new(Registry::new(fixtures));
        let old = std::mem::replace(&mut *self.registry.write(), Arc::clone(&new));
        // What was told at run time stays, unless the fixtures say something new.
        if old.settings.tls != new.settings.tls {
            self.set_tls_faults(None);
        }
    }

    /// Installs other fixtures with their codes and scenarios; live grants stay.
    fn install_fixtures(&self, fixtures: &Arc<Fixtures>) {
        self.set_registry(fixtures);
        self.scenarios.replace(&fixtures.scenarios);
        self.grant_store.remove_fixture_entries();
        self.insert_fixture_grants(fixtures);
    }

    /// Whether the realm was seeded from these fixtures.
    pub(crate) fn seeded_from(&self, fixtures: &Arc<Fixtures>) -> bool {
        Arc::ptr_eq(&self.seed.read(), fixtures)
    }

    pub(crate) fn grant_store(&self) -> &GrantStore {
        &self.grant_store
    }

    pub(crate) fn scenarios(&self) -> &ScenarioSet {
        &self.scenarios
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    pub(crate) fn ids(&self) -> &TokenIds {
        &self.ids
    }

    /// Inserts the codes and refresh tokens of the fixtures.
    fn insert_fixture_grants(&self, fixtures: &Fixtures) {
        let registry = self.registry();
        let now = self.clock.now_ms();
        let granted = |client: &str, asked: &Option<Vec<String>>| -> Option<(Arc<str>, Scopes)> {
            let client = registry.client(client)?;
            let scopes = match asked {
                None => Arc::clone(&client.scopes),
                Some(scopes) => scopes.iter().cloned().collect(),
            };
            Some((Arc::clone(&client.id), scopes))
        };
        for fixture in &fixtures.codes {
            let Some((client_id, scopes)) = granted(&fixture.client, &fixture.scopes) else {
                continue;
            };
            let lifetime = registry.settings.code_lifetime.as_ms();
            let code = Code {
                client_id,
                merchant_id: fixture.merchant.as_str().into(),
                scopes,
                redirect_url: fixture.redirect_url.as_deref().map(Arc::from),
                challenge: fixture
                    .code_challenge
                    .as_deref()
                    .map(|challenge| Challenge::new(fixture.code_challenge_method, challenge)),
                by_authorize: false,
                issued_at_ms: now,
                expires_at_ms: now.saturating_add(lifetime),
                reusable: fixture.reusable,
            };
            self.grant_store.insert_fixture_code(fixture.code.expose().to_owned(), code);
        }
        for fixture in &fixtures.refresh_tokens {
            let Some((client_id, scopes)) = granted(&fixture.client, &fixture.scopes) else {
                continue;
            };
            let grant = Grant {
                id: GrantId::random(),
                client_id,
                merchant_id: fixture.merchant.as_str().into(),
                scopes,
                granted_at_ms: now,
                redirect_url: None,
                purge_after_ms: i64::MAX,
                revoked: fixture.revoked,
            };
            self.grant_store.insert_fixture_token(fixture.token.expose().to_owned(), grant);
        }
    }
}

impl ClientEntry {
    /// Whether the partner's account works.
    pub(crate) fn is_active(&self) -> bool {
        self.config.status == AccountStatus::Active
    }
}
