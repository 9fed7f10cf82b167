//! A realm in the hands of a test.

use std::sync::Arc;

use uuid::Uuid;

use crate::clock::Clock;
use crate::fixture::TlsFaults;
use crate::flow::{inspect_in_realm, issue_directly};
use crate::http::App;
use crate::oauth::TokenResponse;
use crate::realm::{CodeRequest, GrantInfo, GrantStore, IssueError, Realm, TokensRequest};
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

    /// The realm's books, for what reaches into them: stages and tests.
    pub(crate) fn grant_store(&self) -> &GrantStore {
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

    /// Issues an authorization code, as if the merchant had consented in a browser now.
    ///
    /// # Errors
    ///
    /// If the client or the merchant is not in the fixtures.
    pub async fn issue_code(
        &self,
        client_id: &str,
        merchant_id: &str,
    ) -> Result<String, IssueError> {
        self.issue_code_with(CodeRequest::new(client_id, merchant_id)).await
    }

    /// Issues an authorization code with given scopes, for a redirect URL, or with a given value.
    ///
    /// # Errors
    ///
    /// If the client or the merchant is not in the fixtures, if the client does not have a scope or
    /// the redirect URL, or if the code is malformed or exists already.
    pub async fn issue_code_with(&self, request: CodeRequest) -> Result<String, IssueError> {
        self.realm.issue_code(request).await.map(|issued| issued.code)
    }

    /// Issues tokens, as if the merchant had consented and the code had been exchanged now.
    ///
    /// # Errors
    ///
    /// If the client or the merchant is not in the fixtures.
    pub async fn issue_tokens(
        &self,
        client_id: &str,
        merchant_id: &str,
    ) -> Result<TokenResponse, IssueError> {
        self.issue_tokens_with(TokensRequest::new(client_id, merchant_id)).await
    }

    /// Issues tokens with given scopes.
    ///
    /// # Errors
    ///
    /// If the client or the merchant is not in the fixtures, or if the client does not have a
    /// scope.
    pub async fn issue_tokens_with(
        &self,
        request: TokensRequest,
    ) -> Result<TokenResponse, IssueError> {
        issue_directly(&self.realm, &self.app.key, &request).await
    }

    /// What a token says, and whether and why it is good now in this realm.
    pub async fn inspect(&self, token: &str) -> Inspection {
        inspect_in_realm(&self.realm, &self.app.key, token).await
    }

    /// Returns the grants, the oldest first. A grant exists from the first exchange of its code on.
    pub async fn grants(&self) -> Vec<GrantInfo> {
        self.realm.grants().await
    }

    /// Revokes a grant, as its merchant can: its access tokens stop working at once, and no new
    /// ones are issued. Returns `false` if there is no grant with this id.
    pub async fn revoke_grant(&self, id: &str) -> bool {
        self.realm.revoke_grant(id).await
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
