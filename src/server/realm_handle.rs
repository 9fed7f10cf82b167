//! A realm in the hands of a test.

use std::sync::Arc;

use uuid::Uuid;

use crate::clock::Clock;
use crate::fixture::TlsFaults;
use crate::flow::{issue_directly, token_status};
use crate::http::App;
use crate::oauth::TokenResponse;
use crate::realm::{CodeRequest, IssueError, Realm};
use crate::tls::{ClientIdentity, TlsError};
use crate::token::Inspection;

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

/// What a code is to be like; whatever is left out is as it would be from the browser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeOptions<'a> {
    /// What is granted; all of the client's scopes unless given.
    pub scopes: Option<&'a [&'a str]>,
    /// The redirect URL that it is issued for.
    pub redirect_url: Option<&'a str>,
    /// The code itself; a random one unless given.
    pub code: Option<&'a str>,
}

impl RealmHandle {
    /// Another realm of the same server.
    pub(super) fn of(default: &Self, realm: Arc<Realm>) -> Self {
        let own_http = || realm.own_http().map(|address| super::url_of("http", address));
        let own_https = realm.own_https().map(|address| super::url_of("https", address));
        let base_url = match own_https.or_else(own_http) {
            Some(url) => url,
            None if realm.name() == default.name() => default.base_url.clone(),
            None => format!("{}/realms/{}", default.base_url, realm.name()),
        };
        Self { app: Arc::clone(&default.app), realm, base_url }
    }

    /// Returns the realm's grants, for benchmarks that insert them directly.
    #[cfg(feature = "internal")]
    pub(crate) fn grant_store(&self) -> &crate::realm::GrantStore {
        self.realm.grant_store()
    }

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
        self.issue_code_with(client_id, merchant_id, CodeOptions::default()).await
    }

    /// Issues an authorization code with these scopes, for this redirect URL, or by this name.
    ///
    /// # Errors
    ///
    /// If there is no such client or merchant, or the client did not register what is asked for.
    pub async fn issue_code_with(
        &self,
        client_id: &str,
        merchant_id: &str,
        options: CodeOptions<'_>,
    ) -> Result<String, IssueError> {
        let CodeOptions { scopes, redirect_url, code } = options;
        let wish = CodeRequest { client_id, merchant_id, scopes, redirect_url, code };
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

    /// Issues tokens with these scopes only.
    ///
    /// # Errors
    ///
    /// If there is no such client or merchant, or the client does not have a scope.
    pub async fn issue_tokens_with(
        &self,
        client_id: &str,
        merchant_id: &str,
        scopes: &[&str],
    ) -> Result<TokenResponse, IssueError> {
        issue_directly(&self.realm, &self.app.key, client_id, merchant_id, Some(scopes)).await
    }

    /// What a token says, and whether and why it is good now in this realm.
    pub async fn inspect(&self, token: &str) -> Inspection {
        token_status::inspection(&self.realm, &self.app.key, token).await
    }

    /// What merchants have consented to, from the first exchange of each consent's code on; the
    /// oldest first.
    pub async fn grants(&self) -> Vec<GrantInfo> {
        let grants = self.realm.grant_store().grants(self.clock().now_ms()).await;
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
            Ok(id) => self.realm.grant_store().revoke(id).await,
            Err(()) => false,
        }
    }

    /// The certificate of the CA that signed the server's, in PEM. `None`: it speaks no TLS, or
    /// presents a certificate that it was given.
    pub fn ca_pem(&self) -> Option<String> {
        self.app.tls.as_ref()?.ca_pem().map(str::to_owned)
    }

    /// A certificate of this common name, signed by the server's CA, with which a client can come
    /// to a server that asks for one.
    ///
    /// # Errors
    ///
    /// If the server speaks no TLS.
    pub fn client_identity(&self, name: &str) -> Result<ClientIdentity, TlsError> {
        match &self.app.tls {
            Some(tls) => tls.client_identity(name),
            None => Err(TlsError::new("client_identity", "the server speaks no TLS")),
        }
    }

    /// Lets TLS handshakes for this realm go wrong from now on; the default puts an end to that.
    pub fn set_tls_faults(&self, faults: TlsFaults) {
        self.realm.set_tls_faults(Some(faults));
    }

    /// The `jti`s of the next tokens, in order; a refresh token takes one before its access
    /// token. With a frozen clock and [`SigningKey::with_kid`](crate::SigningKey::with_kid),
    /// tokens are then the same in every run.
    ///
    /// # Errors
    ///
    /// If one of them is not a UUID.
    pub fn set_next_token_ids(&self, ids: &[&str]) -> Result<(), uuid::Error> {
        let ids: Result<Vec<Uuid>, _> = ids.iter().map(|id| Uuid::try_parse(id)).collect();
        self.realm.ids().queue(ids?);
        Ok(())
    }
}
