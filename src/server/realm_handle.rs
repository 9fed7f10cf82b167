//! The in-process interface to a realm.

use std::sync::Arc;

use uuid::Uuid;

use super::local_url::local_url;
use crate::clock::Clock;
use crate::fixture::TlsFaults;
use crate::flow::{inspect_in_realm, issue_directly};
use crate::http::App;
use crate::oauth::TokenResponse;
use crate::realm::{CodeRequest, GrantInfo, IssueError, Realm, TokensRequest};
use crate::tls::{ClientIdentity, TlsError};
use crate::token::{Inspection, inspect};

/// A realm of a server: an isolated set of clients, merchants, grants and scenarios with a journal
/// and a clock of its own.
///
/// A [`MockAuthServer`](crate::MockAuthServer) dereferences to its default realm, so every method
/// here can be called on the server itself. Cloning a handle is cheap; all clones refer to the same
/// realm.
#[derive(Clone, Debug)]
pub struct RealmHandle {
    pub(super) app: Arc<App>,
    pub(super) realm: Arc<Realm>,
    pub(super) base_url: String,
}

/// The error for a token ID that is not a UUID.
#[derive(Clone, Debug, thiserror::Error)]
#[error("\"{id}\" is not a UUID")]
pub struct TokenIdError {
    id: String,
    source: uuid::Error,
}

impl RealmHandle {
    /// Returns a handle to another realm of the same server.
    pub(super) fn sibling(&self, realm: Arc<Realm>) -> Self {
        // HTTPS first, as for the server itself.
        let own_port = match (realm.own_https(), realm.own_http()) {
            (Some(address), _) => Some(local_url("https", address)),
            (None, Some(address)) => Some(local_url("http", address)),
            (None, None) => None,
        };
        let base_url = match own_port {
            Some(url) => url,
            None if realm.name() == self.name() => self.base_url.clone(),
            None => format!("{}/realms/{}", self.base_url, realm.name()),
        };

        Self { app: Arc::clone(&self.app), realm, base_url }
    }

    /// Returns the realm's grants, for tests that make its lock fail, and for benchmarks that insert
    /// them directly.
    #[cfg(any(test, feature = "internal"))]
    pub(crate) fn memory_grants(&self) -> &crate::store::memory::MemoryGrants {
        match &self.realm.grant_store {
            crate::store::GrantStore::Memory(grants) => grants,
            #[cfg(feature = "redis")]
            crate::store::GrantStore::Shared(_) => panic!("a library's server has no shared store"),
        }
    }

    /// Returns the realm's name.
    pub fn name(&self) -> &str {
        self.realm.name()
    }

    /// Returns the URL that all paths of the realm begin with. It has no slash at the end.
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// Returns the URL of the token endpoint.
    pub fn token_url(&self) -> String {
        self.base_url() + "/oauth2/v3/token"
    }

    /// Returns the URL of the vendor's authorize endpoint, to which a partner redirects the
    /// merchant's browser: that of the portal, if the server has one.
    pub fn authorize_url(&self) -> String {
        let base_url = match self.app.options.portal.map(|address| local_url("https", address)) {
            None => self.base_url(),
            Some(portal) if self.name() == self.app.realms.default_realm().name() => portal,
            Some(portal) => format!("{portal}/realms/{}", self.name()),
        };
        base_url + "/ebc2/oauth/authorize"
    }

    /// Returns the URL of the introspection endpoint (RFC 7662).
    pub fn introspection_url(&self) -> String {
        self.base_url() + "/oauth2/v3/introspect"
    }

    /// Returns the URL of the revocation endpoint (RFC 7009).
    pub fn revocation_url(&self) -> String {
        self.base_url() + "/oauth2/v3/revoke"
    }

    /// Returns the URL of the public keys that verify tokens (RFC 7517).
    pub fn jwks_url(&self) -> String {
        self.base_url() + "/.well-known/jwks.json"
    }

    /// Returns the clock, which all lifetimes and dates follow.
    pub fn clock(&self) -> &Clock {
        &self.realm.clock
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

    /// Returns the contents of a token, and whether it is valid in this realm now, with the reason.
    pub async fn inspect(&self, token: &str) -> Inspection {
        match inspect_in_realm(&self.realm, &self.app.key, token).await {
            Ok(inspection) => inspection,
            // In memory, nothing is ever away: what remains is what the token says itself.
            Err(_) => inspect(token, &self.app.key, self.realm.clock.now_ms()),
        }
    }

    /// Returns the grants, the oldest first. A grant exists from the first exchange of its code on.
    pub async fn grants(&self) -> Vec<GrantInfo> {
        // In memory, nothing is ever away.
        self.realm.grants().await.unwrap_or_default()
    }

    /// Revokes a grant, as its merchant can: its access tokens stop working at once, and no new
    /// ones are issued. Returns `false` if there is no grant with this ID.
    pub async fn revoke_grant(&self, id: &str) -> bool {
        self.realm.revoke_grant(id).await.unwrap_or_default()
    }

    /// Returns the certificate of the CA that signed the server's certificate, as PEM. Returns
    /// `None` if the server does not serve HTTPS, or uses
    /// [`Builder::tls_certificate`](crate::Builder::tls_certificate).
    pub fn ca_pem(&self) -> Option<String> {
        self.app.tls.as_ref()?.ca_pem().map(str::to_owned)
    }

    /// Issues a client certificate with this common name, signed by the server's CA.
    ///
    /// # Errors
    ///
    /// If the server does not serve HTTPS.
    pub fn client_identity(&self, name: &str) -> Result<ClientIdentity, TlsError> {
        match &self.app.tls {
            Some(tls) => tls.client_identity(name),
            None => Err(TlsError::new("client_identity", "the server does not serve HTTPS")),
        }
    }

    /// Sets the faults of TLS handshakes for this realm, until the fixtures change them or a reset.
    /// `TlsFaults::default()` removes all faults.
    pub fn set_tls_faults(&self, faults: TlsFaults) {
        self.realm.set_tls_faults(Some(faults));
    }

    /// Sets the `jti`s of the next tokens, in order. A refresh token uses one before its access
    /// token.
    ///
    /// With a frozen clock and [`SigningKey::with_kid`](crate::SigningKey::with_kid), tokens are
    /// the same in every run.
    ///
    /// # Errors
    ///
    /// If an ID is not a UUID.
    pub fn set_next_token_ids(&self, ids: &[&str]) -> Result<(), TokenIdError> {
        // All or none: one invalid id leaves the queue as it is.
        let ids = ids.iter().map(|id| {
            Uuid::try_parse(id).map_err(|source| TokenIdError { id: (*id).to_owned(), source })
        });
        let ids: Vec<Uuid> = ids.collect::<Result<_, _>>()?;

        self.realm.ids.queue(ids);
        Ok(())
    }
}
