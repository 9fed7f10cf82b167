//! A realm: one isolated world with its own clients, grants, scenarios and clock.
//!
//! All state that requests change lives here. Its operations are few and atomic, so that it
//! could one day be kept somewhere else than in this process.

mod ledger;
mod registry;

use std::sync::Arc;

use parking_lot::RwLock;
use rand::RngExt;
use rand::distr::Alphanumeric;

use crate::clock::Clock;
use crate::fixture::{Fixtures, Status};
use crate::oauth::{Challenge, Scopes, scope};
use crate::scenario::Script;
use crate::token::{GrantId, TokenIds};

pub(crate) use ledger::{
    Code, CodeEntry, Grant, Ledger, Lost, Redemption, Renewal, RenewalOutcome, Rotation,
};
pub(crate) use registry::{Registered, Registry};

/// How long an authorization code is: about 250 bits, within what any client stores.
const CODE_LENGTH: usize = 43;

/// One isolated world.
#[derive(Debug)]
pub(crate) struct Realm {
    clock: Clock,
    registry: RwLock<Arc<Registry>>,
    ledger: Ledger,
    script: Script,
    ids: TokenIds,
}

/// Why a code cannot be issued without a browser.
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
}

impl Realm {
    /// A realm that starts from these fixtures.
    pub(crate) fn new(name: &str, fixtures: &Fixtures) -> Self {
        let realm = Self {
            clock: Clock::default(),
            registry: RwLock::new(Arc::new(Registry::new(fixtures))),
            ledger: Ledger::default(),
            script: Script::default(),
            ids: TokenIds::new(name),
        };
        realm.script.replace(&fixtures.scenarios);
        realm.lay_out(fixtures);
        realm
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What the fixtures say, as of now; later changes do not reach what is returned.
    pub(crate) fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry.read())
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(crate) fn script(&self) -> &Script {
        &self.script
    }

    pub(crate) fn ids(&self) -> &TokenIds {
        &self.ids
    }

    /// Issues a code for a merchant who has consented, without a browser.
    pub(crate) async fn issue_code(
        &self,
        client_id: &str,
        merchant_id: &str,
        scopes: Option<&[&str]>,
    ) -> Result<String, IssueError> {
        let registry = self.registry();
        let client = registry
            .client(client_id)
            .ok_or_else(|| IssueError::UnknownClient(client_id.to_owned()))?;
        if registry.merchant(merchant_id).is_none() {
            return Err(IssueError::UnknownMerchant(merchant_id.to_owned()));
        }
        let scopes = match scopes {
            None => Arc::clone(&client.scopes),
            Some(asked) => scope::narrow(&client.scopes, asked).ok_or_else(|| {
                let unknown = asked.iter().find(|one| !client.scopes.iter().any(|s| s == *one));
                IssueError::UnknownScope {
                    client: client_id.to_owned(),
                    scope: unknown.copied().unwrap_or_default().to_owned(),
                }
            })?,
        };
        let code = random_code();
        let now = self.clock.now_ms();
        let issued = Code {
            client_id: Arc::clone(&client.id),
            merchant_id: merchant_id.into(),
            scopes,
            redirect_url: None,
            challenge: None,
            by_authorize: false,
            issued_at_ms: now,
            expires_at_ms: now.saturating_add(registry.settings.code_lifetime.as_ms()),
            reusable: false,
        };
        self.ledger.record_code(code.clone(), issued, now).await;
        Ok(code)
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

fn random_code() -> String {
    rand::rng().sample_iter(Alphanumeric).take(CODE_LENGTH).map(char::from).collect()
}

impl Registered {
    /// Whether the partner's account works.
    pub(crate) fn is_active(&self) -> bool {
        self.client.status == Status::Active
    }
}
