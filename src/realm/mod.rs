//! A realm: one isolated world with its own clients, grants, scenarios and clock.
//!
//! All state that requests change lives here. Its operations are few and atomic, so that it
//! could one day be kept somewhere else than in this process.

mod ledger;
mod realms;
mod registry;

use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::RwLock;
use rand::RngExt;
use rand::distr::Alphanumeric;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::clock::Clock;
use crate::fixture::{Fixtures, Status, TlsFaults};
use crate::journal::Journal;
use crate::oauth::{Challenge, Scopes, scope};
use crate::scenario::Script;
use crate::token::{GrantId, TokenIds};

pub(crate) use ledger::{
    Code, CodeEntry, Grant, Ledger, Lost, Redemption, Renewal, RenewalOutcome, Rotation,
};
pub use realms::RealmError;
pub(crate) use realms::{Realms, Start};
pub(crate) use registry::{Registered, Registry};

/// How long an authorization code is: about 250 bits, within what any client stores.
const CODE_LENGTH: usize = 43;

/// One isolated world.
#[derive(Debug)]
pub(crate) struct Realm {
    name: Arc<str>,
    /// What it began with.
    start: RwLock<Arc<Fixtures>>,
    /// The names by which a request's `Host` finds it, beside its own.
    hosts: Vec<String>,
    ports: Option<OwnPorts>,
    clock: Clock,
    registry: RwLock<Arc<Registry>>,
    ledger: Ledger,
    script: Script,
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

/// A code that somebody wants without a browser.
#[derive(Clone, Copy)]
pub(crate) struct CodeWish<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) merchant_id: &'a str,
    /// All of the client's unless given.
    pub(crate) scopes: Option<&'a [&'a str]>,
    pub(crate) redirect_url: Option<&'a str>,
    /// A random one unless given.
    pub(crate) code: Option<&'a str>,
}

/// A code, and when it expires in milliseconds since 1970.
pub(crate) struct IssuedCode {
    pub(crate) code: String,
    pub(crate) expires_at_ms: i64,
}

/// What a merchant has consented to at the authorize endpoint.
pub(crate) struct Consented {
    pub(crate) client_id: Arc<str>,
    pub(crate) merchant_id: Arc<str>,
    pub(crate) scopes: Scopes,
    pub(crate) redirect_url: Arc<str>,
    pub(crate) challenge: Option<Challenge>,
}

/// Why a code or tokens cannot be issued without a browser.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// No such client.
    #[error("there is no client \"{0}\" in this realm")]
    UnknownClient(String),
    /// No such merchant.
    #[error("there is no merchant \"{0}\" in this realm")]
    UnknownMerchant(String),
    /// The client may not ask for this scope.
    #[error("the client \"{client}\" does not have the scope \"{scope}\"")]
    UnknownScope {
        /// The client, by id.
        client: String,
        /// The scope that was asked for.
        scope: String,
    },
    /// The client did not register this redirect URL.
    #[error("this is not one of the redirect URLs of the client \"{0}\"")]
    UnknownRedirectUrl(String),
    /// The code that was asked for cannot be sent in a form and read by people.
    #[error("a code is 1 to 1024 printable ASCII characters")]
    MalformedCode,
    /// There is such a code already.
    #[error("there is a code of this name already")]
    CodeTaken,
    /// The tokens could not be signed.
    #[error("{0}")]
    Refused(String),
}

impl Realm {
    /// A realm that starts from these fixtures.
    pub(crate) fn new(
        name: &str,
        hosts: Vec<String>,
        ports: Option<OwnPorts>,
        start: &Start,
    ) -> Self {
        let fixtures = &*start.fixtures;
        let realm = Self {
            name: name.into(),
            start: RwLock::new(Arc::clone(&start.fixtures)),
            hosts,
            ports,
            clock: Clock::default(),
            registry: RwLock::new(Arc::clone(&start.registry)),
            ledger: Ledger::default(),
            script: Script::default(),
            journal: Journal::new(start.journal_size),
            tls_faults: watch::Sender::new(fixtures.settings.tls.clone()),
            ids: TokenIds::new(name),
        };
        realm.script.replace(&fixtures.scenarios);
        realm.lay_out(fixtures);
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

    /// The address of the realm's own port for HTTP, if it has one.
    pub(crate) fn own_http(&self) -> Option<SocketAddr> {
        self.ports.as_ref()?.http
    }

    /// The address of the realm's own port for HTTPS, if it has one.
    pub(crate) fn own_https(&self) -> Option<SocketAddr> {
        self.ports.as_ref()?.https
    }

    /// Closes the realm's own ports, though somebody may still hold the realm.
    pub(crate) fn close(&self) {
        self.ports.iter().flat_map(|ports| &ports.accepting).for_each(AbortHandle::abort);
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

    /// Takes other clients, merchants or settings; codes, grants and scenarios stay.
    pub(crate) fn install(&self, fixtures: &Arc<Fixtures>) {
        let new = Arc::new(Registry::new(fixtures));
        let old = std::mem::replace(&mut *self.registry.write(), Arc::clone(&new));
        // What was told at run time stays, unless the fixtures say something new.
        if old.settings.tls != new.settings.tls {
            self.set_tls_faults(None);
        }
    }

    /// Takes other fixtures whole, with their codes and scenarios; live grants stay.
    pub(crate) fn replace(&self, fixtures: &Arc<Fixtures>) {
        self.install(fixtures);
        self.script.replace(&fixtures.scenarios);
        self.ledger.take_up();
        self.lay_out(fixtures);
    }

    /// Back to the start, as if the realm had just been made.
    pub(crate) fn reset(&self) {
        self.clock.reset();
        self.ledger.clear();
        self.journal.clear();
        let start = Arc::clone(&self.start.read());
        self.replace(&start);
        self.set_tls_faults(None);
    }

    /// Takes other fixtures as if it had begun with them; live grants stay.
    pub(crate) fn restart_from(&self, fixtures: &Arc<Fixtures>) {
        *self.start.write() = Arc::clone(fixtures);
        self.replace(fixtures);
    }

    /// Whether it began with these.
    pub(crate) fn began_with(&self, fixtures: &Arc<Fixtures>) -> bool {
        Arc::ptr_eq(&self.start.read(), fixtures)
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(crate) fn script(&self) -> &Script {
        &self.script
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    pub(crate) fn ids(&self) -> &TokenIds {
        &self.ids
    }

    /// Issues a code for a merchant who has consented, without a browser.
    pub(crate) async fn issue_code(&self, wanted: CodeWish<'_>) -> Result<IssuedCode, IssueError> {
        let registry = self.registry();
        let (client, scopes) =
            self.consented(&registry, wanted.client_id, wanted.merchant_id, wanted.scopes)?;
        if let Some(url) = wanted.redirect_url
            && !client.client.redirect_urls.iter().any(|known| known == url)
        {
            return Err(IssueError::UnknownRedirectUrl(wanted.client_id.to_owned()));
        }
        if wanted.code.is_some_and(|code| !is_code(code)) {
            return Err(IssueError::MalformedCode);
        }
        let code = wanted.code.map_or_else(random_code, str::to_owned);
        let now = self.clock.now_ms();
        let expires_at_ms = now.saturating_add(registry.settings.code_lifetime.as_ms());
        let issued = Code {
            client_id: Arc::clone(&client.id),
            merchant_id: wanted.merchant_id.into(),
            scopes,
            redirect_url: wanted.redirect_url.map(Arc::from),
            challenge: None,
            by_authorize: false,
            issued_at_ms: now,
            expires_at_ms,
            reusable: false,
        };
        if !self.ledger.record_code(code.clone(), issued, now).await {
            return Err(IssueError::CodeTaken);
        }
        Ok(IssuedCode { code, expires_at_ms })
    }

    /// The client and the scopes that a merchant is taken to have granted it.
    pub(crate) fn consented<'r>(
        &self,
        registry: &'r Registry,
        client_id: &str,
        merchant_id: &str,
        scopes: Option<&[&str]>,
    ) -> Result<(&'r Arc<Registered>, Scopes), IssueError> {
        let client = registry
            .client(client_id)
            .ok_or_else(|| IssueError::UnknownClient(client_id.to_owned()))?;
        if registry.merchant(merchant_id).is_none() {
            return Err(IssueError::UnknownMerchant(merchant_id.to_owned()));
        }
        let Some(asked) = scopes else { return Ok((client, Arc::clone(&client.scopes))) };
        let scopes = scope::narrow(&client.scopes, asked).ok_or_else(|| {
            let unknown = asked.iter().find(|one| !client.scopes.iter().any(|s| s == *one));
            IssueError::UnknownScope {
                client: client_id.to_owned(),
                scope: unknown.copied().unwrap_or_default().to_owned(),
            }
        })?;
        Ok((client, scopes))
    }

    /// A new code of the authorize endpoint.
    pub(crate) async fn record_consent(&self, consent: Consented) -> String {
        let code = random_code();
        let now = self.clock.now_ms();
        let lifetime = self.registry().settings.code_lifetime.as_ms();
        let issued = Code {
            client_id: consent.client_id,
            merchant_id: consent.merchant_id,
            scopes: consent.scopes,
            redirect_url: Some(consent.redirect_url),
            challenge: consent.challenge,
            by_authorize: true,
            issued_at_ms: now,
            expires_at_ms: now.saturating_add(lifetime),
            reusable: false,
        };
        self.ledger.record_code(code.clone(), issued, now).await;
        code
    }

    /// Puts the codes and refresh tokens of the fixtures into the ledger.
    fn lay_out(&self, fixtures: &Fixtures) {
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
            self.ledger.lay_code(fixture.code.expose().to_owned(), code);
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
                dead_at_ms: i64::MAX,
                revoked: fixture.revoked,
            };
            self.ledger.lay_literal(fixture.token.expose().to_owned(), grant);
        }
    }
}

fn is_code(code: &str) -> bool {
    (1..=1024).contains(&code.len()) && code.chars().all(|c| matches!(c, ' '..='~'))
}

fn random_code() -> String {
    rand::rng().sample_iter(Alphanumeric).take(CODE_LENGTH).map(char::from).collect()
}

impl Registered {
    /// Whether the partner's account works.
    pub(crate) fn is_active(&self) -> bool {
        self.client.status == Status::Active
    }
}
