//! A realm: an isolated set of clients, grants and scenarios with a journal and a clock of its own.
//!
//! All state that requests change is here. Its operations are few and atomic, so that the state
//! could be kept outside of this process.

mod codes;
mod edit;
mod grant_info;
mod random_code;
mod realm_map;
mod registry;
#[cfg(feature = "redis")]
mod replica;
#[cfg(feature = "redis")]
mod replica_journal;
mod seed;
#[cfg(feature = "redis")]
mod shared_realms;
#[cfg(feature = "redis")]
mod store_link;
#[cfg(feature = "redis")]
mod streamed_request;
#[cfg(feature = "redis")]
mod synchronization;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::clock::Clock;
use crate::fixture::{FixtureCode, FixtureRefreshToken, Fixtures, TlsFaults, builtin};
use crate::journal::Journal;
use crate::oauth::{Challenge, Scopes};
use crate::report::{Hang, Report, RequestObserver};
use crate::scenario::{Hold, ScenarioSet, Step};
use crate::store::memory::MemoryGrants;
#[cfg(feature = "redis")]
use crate::store::redis::SharedStore;
use crate::store::{Code, FixtureGrants, Grant, GrantStore, Revocation, Unavailable};
use crate::token::{GrantId, TokenIds};

pub(crate) use codes::IssuedCode;
pub use codes::{CodeRequest, IssueError, TokensRequest};
pub(crate) use edit::{FixtureEntry, read_entry};
pub use grant_info::GrantInfo;
pub use realm_map::RealmError;
pub(crate) use realm_map::RealmMap;
pub(crate) use registry::{ClientEntry, Registry};
#[cfg(feature = "redis")]
pub(crate) use replica::{Replica, Unhang};
pub(crate) use seed::RealmSeed;
#[cfg(feature = "redis")]
pub(crate) use shared_realms::SharedRealmError;
#[cfg(feature = "redis")]
pub(crate) use streamed_request::StreamedCompletion;

/// A realm.
#[derive(Debug)]
pub(crate) struct Realm {
    name: Arc<str>,
    /// The fixtures that a reset goes back to.
    seed: RwLock<Arc<Fixtures>>,
    /// The values of a request's `Host` that lead to the realm, in addition to its own name.
    pub(crate) hosts: Vec<String>,
    /// Set at most once, when the realm is created.
    ports: OnceLock<OwnPorts>,
    pub(crate) clock: Clock,
    registry: RwLock<Arc<Registry>>,
    /// Held for the whole of an edit. Requests never take it.
    edit_lock: Mutex<()>,
    pub(crate) grant_store: GrantStore,
    pub(crate) scenarios: ScenarioSet,
    pub(crate) journal: Journal,
    /// Sees all requests, for the report.
    pub(crate) observer: Arc<RequestObserver>,
    tls_faults: watch::Sender<TlsFaults>,
    pub(crate) ids: TokenIds,
    /// The realm in a shared store, if the server has one.
    #[cfg(feature = "redis")]
    replica: Option<Replica>,
}

/// Ports that serve one realm only. They close when the realm is dropped.
#[derive(Debug)]
pub(crate) struct OwnPorts {
    pub(crate) http: Option<SocketAddr>,
    pub(crate) https: Option<SocketAddr>,
    /// Aborts the listeners, and with them their connections.
    pub(crate) accepting: Vec<AbortHandle>,
}

/// A response that hangs, until this is dropped with its last clone.
#[derive(Clone)]
pub(crate) enum HangGuard {
    Here(#[expect(dead_code, reason = "it acts when it is dropped")] Arc<Hang>),
    /// All replicas of a shared store are told.
    #[cfg(feature = "redis")]
    Shared(#[expect(dead_code, reason = "it acts when it is dropped")] Arc<Unhang>),
}

impl OwnPorts {
    fn close(&self) {
        self.accepting.iter().for_each(AbortHandle::abort);
    }
}

impl Drop for OwnPorts {
    fn drop(&mut self) {
        self.close();
    }
}

impl Realm {
    /// Creates a realm with these fixtures.
    pub(crate) fn new(name: &str, hosts: Vec<String>, seed: &RealmSeed) -> Self {
        Self::with(GrantStore::Memory(MemoryGrants::default()), name, hosts, seed)
    }

    /// Creates a realm whose grant store has the lock of loom.
    #[cfg(test)]
    pub(crate) fn with_loom(seed: &RealmSeed) -> Self {
        let grants = GrantStore::Memory(MemoryGrants::with_loom());
        Self::with(grants, "default", Vec::new(), seed)
    }

    fn with(grant_store: GrantStore, name: &str, hosts: Vec<String>, seed: &RealmSeed) -> Self {
        let fixtures = &*seed.fixtures;
        let realm = Self {
            name: name.into(),
            seed: RwLock::new(Arc::clone(&seed.fixtures)),
            hosts,
            ports: OnceLock::new(),
            clock: Clock::default(),
            registry: RwLock::new(Arc::clone(&seed.registry)),
            edit_lock: Mutex::default(),
            grant_store,
            scenarios: ScenarioSet::default(),
            journal: Journal::new(seed.journal_size),
            observer: Arc::default(),
            tls_faults: watch::Sender::new(fixtures.settings.tls.clone()),
            ids: TokenIds::new(name),
            #[cfg(feature = "redis")]
            replica: None,
        };

        realm.scenarios.replace(&fixtures.scenarios, realm.clock.now_ms());
        realm.replace_fixture_grants(fixtures);
        realm
    }

    /// Creates a realm of a shared store with these fixtures, which the store does not have yet.
    #[cfg(feature = "redis")]
    pub(crate) fn replica_of(
        name: &str,
        hosts: Vec<String>,
        seed: &RealmSeed,
        store: &Arc<SharedStore>,
    ) -> Self {
        let replica = Replica::new(store, name);
        let grant_store = GrantStore::Shared(Arc::clone(&replica.shared));
        Self { replica: Some(replica), ..Self::with(grant_store, name, hosts, seed) }
    }

    /// Returns what the realm has because it is one of a shared store.
    #[cfg(feature = "redis")]
    pub(crate) fn replica(&self) -> Option<&Replica> {
        self.replica.as_ref()
    }

    /// Returns the fixtures that a reset goes back to.
    #[cfg(feature = "redis")]
    fn seed_fixtures(&self) -> Arc<Fixtures> {
        Arc::clone(&self.seed.read())
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// Sets the realm's own ports, once.
    fn take_ports(&self, ports: OwnPorts) {
        let taken = self.ports.set(ports);
        debug_assert!(taken.is_ok(), "a realm gets its ports when it is created");
    }

    /// Returns the address of the realm's own port for HTTP, if it has one.
    pub(crate) fn own_http(&self) -> Option<SocketAddr> {
        self.ports.get()?.http
    }

    /// Returns the address of the realm's own port for HTTPS, if it has one.
    pub(crate) fn own_https(&self) -> Option<SocketAddr> {
        self.ports.get()?.https
    }

    /// Closes the realm's own ports, even while requests still use the realm.
    pub(crate) fn close(&self) {
        if let Some(ports) = self.ports.get() {
            ports.close();
        }
    }

    /// Removes all requests from the journal, and begins a new report.
    pub(crate) fn clear_requests(&self) {
        #[cfg(feature = "redis")]
        if let Some(replica) = &self.replica {
            // The copy is cleared when it reads this from the stream.
            replica.shared.stage_clear_requests();
            return self.scenarios.forget_unused();
        }

        self.journal.clear();
        self.scenarios.forget_unused();
        self.observer.clear(self.journal.last_id());
    }

    /// Lets a request wait until its scenario releases it.
    pub(crate) async fn hold(&self, step: &Step, hold: Hold) -> Result<(), Unavailable> {
        #[cfg(feature = "redis")]
        if let Some(replica) = &self.replica {
            return replica.shared.hold(step.scenario_id(), hold).await;
        }

        step.barrier().wait(hold).await;
        Ok(())
    }

    /// Notes that the response to a request hangs, until the guard is dropped.
    pub(crate) fn begin_hang(&self, request: u64) -> HangGuard {
        #[cfg(feature = "redis")]
        if let Some(replica) = &self.replica {
            return HangGuard::Shared(Arc::new(Unhang::new(replica, request)));
        }
        HangGuard::Here(Arc::new(self.observer.begin_hang(Some(request))))
    }

    /// Returns the report on the requests so far.
    pub(crate) fn report(&self) -> Report {
        let mut unused = self.scenarios.unused();
        let builtin = &builtin().scenarios;
        unused.retain(|_, scenario| !builtin.contains(scenario));

        self.observer.report(self.clock.now_ms(), unused.into_keys().collect())
    }

    /// Returns the faults of TLS handshakes.
    pub(crate) fn tls_faults(&self) -> TlsFaults {
        self.tls_faults.borrow().clone()
    }

    /// Sets the faults of TLS handshakes. `None` means those of the fixtures. The caller holds the
    /// edit lock.
    fn apply_tls_faults(&self, faults: Option<TlsFaults>) {
        let faults = faults.unwrap_or_else(|| self.registry().settings.tls.clone());
        self.tls_faults.send_replace(faults);
    }

    /// Returns a receiver of the faults of TLS handshakes, which is notified of each change.
    pub(crate) fn watch_tls_faults(&self) -> watch::Receiver<TlsFaults> {
        self.tls_faults.subscribe()
    }

    /// Returns the current registry. Later edits do not change it.
    pub(crate) fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry.read())
    }

    /// Whether the realm was seeded from these fixtures.
    pub(crate) fn seeded_from(&self, fixtures: &Arc<Fixtures>) -> bool {
        Arc::ptr_eq(&self.seed.read(), fixtures)
    }

    /// Installs other clients, merchants or settings. Codes, grants and scenarios stay. The caller
    /// holds the edit lock.
    fn set_registry(&self, fixtures: &Arc<Fixtures>) {
        let new = Arc::new(Registry::new(fixtures));
        let old = std::mem::replace(&mut *self.registry.write(), Arc::clone(&new));

        // Faults that were set at run time stay, unless the fixtures change theirs.
        if old.settings.tls != new.settings.tls {
            self.apply_tls_faults(None);
        }
    }

    /// Installs other fixtures with their codes and scenarios. Live grants stay. The caller holds
    /// the edit lock.
    fn install_fixtures(&self, fixtures: &Arc<Fixtures>) {
        self.set_registry(fixtures);
        self.scenarios.replace(&fixtures.scenarios, self.clock.now_ms());
        self.replace_fixture_grants(fixtures);
    }

    /// Replaces the codes and refresh tokens of the fixtures.
    fn replace_fixture_grants(&self, fixtures: &Fixtures) {
        let registry = self.registry();
        let now_ms = self.clock.now_ms();

        let codes = fixtures.codes.iter().filter_map(|code| {
            Some((code.code.expose().to_owned(), code_of_fixture(&registry, code, now_ms)?))
        });
        let tokens = fixtures.refresh_tokens.iter().filter_map(|token| {
            Some((token.token.expose().to_owned(), grant_of_fixture(&registry, token, now_ms)?))
        });
        let grants = FixtureGrants { codes: codes.collect(), tokens: tokens.collect() };
        self.grant_store.replace_fixture_grants(grants);
    }
}

/// Returns a code of the fixtures as issued now. Checked fixtures never lack its client.
fn code_of_fixture(registry: &Registry, code: &FixtureCode, now_ms: i64) -> Option<Code> {
    let client = registry.client(&code.client)?;
    let scopes = scopes_of_fixture(client, code.scopes.as_deref());
    let challenge = code.code_challenge.as_deref();

    Some(Code {
        redirect_url: code.redirect_url.as_deref().map(Arc::from),
        redirect_url_sent: code.redirect_url.is_some(),
        challenge: challenge.map(|text| Challenge::new(code.code_challenge_method, text)),
        reusable: code.reusable,
        ..registry.new_code(client, &code.merchant, scopes, now_ms)
    })
}

/// Returns the grant of a refresh token of the fixtures, as granted now. Checked fixtures never
/// lack its client.
fn grant_of_fixture(
    registry: &Registry,
    token: &FixtureRefreshToken,
    now_ms: i64,
) -> Option<Grant> {
    let client = registry.client(&token.client)?;

    Some(Grant {
        id: GrantId::random(),
        client_id: Arc::clone(&client.id),
        merchant_id: token.merchant.as_str().into(),
        scopes: scopes_of_fixture(client, token.scopes.as_deref()),
        granted_at_ms: now_ms,
        redirect_url: None,
        purge_after_ms: i64::MAX,
        revoked: token.revoked.then_some(Revocation::Merchant),
    })
}

/// Returns the scopes that a fixture grants: all of the client's by default.
fn scopes_of_fixture(client: &ClientEntry, scopes: Option<&[String]>) -> Scopes {
    match scopes {
        None => Arc::clone(&client.scopes),
        Some(scopes) => scopes.iter().cloned().collect(),
    }
}
