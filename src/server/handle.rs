//! A realm in the hands of a test.

use std::path::Path;
use std::sync::{Arc, Weak};

use uuid::Uuid;

use crate::authority::issue_directly;
use crate::clock::Clock;
use crate::fixture::{Fixtures, Mistakes, Source, load_paths, load_sources};
use crate::http::App;
use crate::oauth::TokenResponse;
use crate::realm::{CodeWish, IssueError, Realm, RealmError};
use crate::scenario::Scenario;

/// One isolated world of a server, with its own clients, merchants, grants, scenarios and clock.
///
/// A [`MockAuthServer`](crate::MockAuthServer) dereferences to its default realm, so everything
/// here can be called on the server itself.
#[derive(Clone, Debug)]
pub struct RealmHandle {
    pub(super) app: Arc<App>,
    pub(super) realm: Arc<Realm>,
    pub(super) base_url: String,
}

/// What a merchant has consented to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantInfo {
    /// Ten hex digits.
    pub id: String,
    /// The client who was granted.
    pub client_id: String,
    /// The merchant who granted.
    pub merchant_id: String,
    /// What was granted.
    pub scopes: Vec<String>,
    /// When, in milliseconds since 1970.
    pub granted_at_ms: i64,
    /// Whether the merchant has taken it back.
    pub revoked: bool,
}

impl RealmHandle {
    /// The realm's name.
    pub fn name(&self) -> &str {
        self.realm.name()
    }

    /// The URL that all its paths hang from, without a slash at the end.
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// The URL of the token endpoint.
    pub fn token_url(&self) -> String {
        self.base_url() + "/oauth2/v3/token"
    }

    /// The URL of the vendor's authorize endpoint, to which a partner sends the merchant.
    pub fn authorize_url(&self) -> String {
        self.base_url() + "/ebc2/oauth/authorize"
    }

    /// The clock that all lifetimes and dates follow.
    pub fn clock(&self) -> &Clock {
        self.realm.clock()
    }

    /// Issues an authorization code, as if the merchant had consented in a browser just now.
    ///
    /// # Errors
    ///
    /// If there is no such client or merchant in the fixtures.
    pub async fn issue_code(
        &self,
        client_id: &str,
        merchant_id: &str,
    ) -> Result<String, IssueError> {
        let (scopes, redirect_url, code) = (None, None, None);
        let wish = CodeWish { client_id, merchant_id, scopes, redirect_url, code };
        self.realm.issue_code(wish).await.map(|issued| issued.code)
    }

    /// Issues tokens, as if the merchant had consented and the code been exchanged just now.
    ///
    /// # Errors
    ///
    /// If there is no such client or merchant in the fixtures.
    pub async fn issue_tokens(
        &self,
        client_id: &str,
        merchant_id: &str,
    ) -> Result<TokenResponse, IssueError> {
        issue_directly(&self.realm, &self.app.key, client_id, merchant_id, None).await
    }

    /// What merchants have consented to, from the first exchange of each consent's code on; the
    /// oldest first.
    pub async fn grants(&self) -> Vec<GrantInfo> {
        let grants = self.realm.ledger().grants(self.clock().now_ms()).await;
        grants
            .into_iter()
            .map(|grant| GrantInfo {
                id: grant.id.to_string(),
                client_id: grant.client_id.to_string(),
                merchant_id: grant.merchant_id.to_string(),
                scopes: grant.scopes.to_vec(),
                granted_at_ms: grant.granted_at_ms,
                revoked: grant.revoked,
            })
            .collect()
    }

    /// The merchant takes a grant back: its access tokens stop working at once, and no new ones
    /// can be had. `false`: there is no such grant.
    pub async fn revoke_grant(&self, id: &str) -> bool {
        match id.parse() {
            Ok(id) => self.realm.ledger().revoke(id).await,
            Err(()) => false,
        }
    }

    /// Puts a scenario before all others. It goes when the guard that is returned does.
    ///
    /// ```
    /// use smartpay_oauth_mock::{ErrorCode, MockAuthServer, Outcome, Scenario};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let server = MockAuthServer::start().await;
    /// let denied = Scenario::respond(Outcome::error(ErrorCode::AccessDenied)).times(1);
    /// let guard = server.inject(denied).await;
    /// // The next token request gets access_denied.
    /// assert_eq!(guard.matched(), 0);
    /// # }
    /// ```
    pub async fn inject(&self, scenario: Scenario) -> ScenarioGuard {
        let name = self.realm.script().add(scenario);
        ScenarioGuard { realm: Arc::clone(&self.realm), name }
    }

    /// The `jti`s of the next tokens, in order; a refresh token takes one before its access
    /// token. With a frozen clock and [`SigningKey::with_kid`](crate::SigningKey::with_kid),
    /// tokens are then the same in every run.
    ///
    /// # Errors
    ///
    /// If one of them is not a UUID.
    pub fn fix_token_ids(&self, ids: &[&str]) -> Result<(), uuid::Error> {
        let ids: Result<Vec<Uuid>, _> = ids.iter().map(|id| Uuid::try_parse(id)).collect();
        self.realm.ids().fix(ids?);
        Ok(())
    }
}

/// Keeps a scenario in force; dropped, the scenario goes.
#[derive(Debug)]
#[must_use = "the scenario goes when this is dropped"]
pub struct ScenarioGuard {
    realm: Arc<Realm>,
    name: String,
}

impl ScenarioGuard {
    /// The scenario's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many requests it has matched.
    pub fn matched(&self) -> u64 {
        self.realm.script().get(&self.name).map_or(0, |playing| playing.matched())
    }

    /// How many requests it holds.
    pub fn held(&self) -> usize {
        self.realm.script().get(&self.name).map_or(0, |playing| playing.holding().held())
    }

    /// Lets the requests go that it holds; returns how many that were.
    pub fn release(&self) -> usize {
        self.realm.script().get(&self.name).map_or(0, |playing| playing.holding().release())
    }
}

impl Drop for ScenarioGuard {
    fn drop(&mut self) {
        self.realm.script().remove(&self.name);
    }
}

/// A realm that is about to be made.
///
/// ```
/// use smartpay_oauth_mock::MockAuthServer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = MockAuthServer::start().await;
/// let blue = server.new_realm("blue").create()?;
/// assert_eq!(blue.base_url(), server.base_url() + "/realms/blue");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct NewRealm<'s> {
    pub(super) server: &'s RealmHandle,
    pub(super) name: String,
    pub(super) fixtures: Option<Arc<Fixtures>>,
    pub(super) hosts: Vec<String>,
    pub(super) own_port: bool,
}

impl NewRealm<'_> {
    /// Starts it from these fixtures, YAML or JSON, in place of the server's own.
    ///
    /// # Errors
    ///
    /// Every mistake in them, with its line and column.
    pub fn fixtures(mut self, text: &str) -> Result<Self, Mistakes> {
        let source = Source { name: "fixtures".to_owned(), text: text.to_owned() };
        self.fixtures = Some(Arc::new(load_sources(&[source])?));
        Ok(self)
    }

    /// Starts it from the fixtures of a file or folder.
    ///
    /// # Errors
    ///
    /// Every mistake in them, with its place.
    pub fn fixtures_file(mut self, path: impl AsRef<Path>) -> Result<Self, Mistakes> {
        self.fixtures = Some(load_paths(&[path])?);
        Ok(self)
    }

    /// Requests with this `Host` belong to it.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Gives it a port of its own, for clients that can be told a host and port only.
    pub fn own_port(mut self) -> Self {
        self.own_port = true;
        self
    }

    /// Makes the realm, fresh, also in place of one of the same name.
    ///
    /// # Errors
    ///
    /// If the name or a host cannot be one, or belongs to another.
    pub fn create(self) -> Result<RealmHandle, RealmError> {
        let app = Arc::clone(&self.server.app);
        let port = |realm: &Weak<Realm>| app.open_port(self.own_port, realm);
        let realm = app.realms.create(&self.name, self.fixtures, self.hosts, port)?;
        let base_url = match realm.own_address() {
            Some(address) => super::url_of(address),
            None => format!("{}/realms/{}", self.server.base_url, self.name),
        };
        Ok(RealmHandle { app, realm, base_url })
    }
}
