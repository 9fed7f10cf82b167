//! Authorization codes: of a merchant who consented in a browser, or is assumed to have consented.

use std::sync::Arc;
use std::time::SystemTime;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::random_code::random_code;
use super::{ClientEntry, Realm, Registry};
use crate::clock::from_ms;
use crate::oauth::{Scopes, Secret};
use crate::store::{Code, Unavailable};
use crate::units::rfc3339;

/// A request for an authorization code without a browser.
///
/// ```
/// use smartpay_oauth_mock::{CodeRequest, MockAuthServer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = MockAuthServer::start().await;
/// let request = CodeRequest::new("v6TJH1IqhM", "rahulrama")
///     .scopes(["transactions"])
///     .redirect_url("https://www.example.com")
///     .code("my-code");
/// assert_eq!(server.issue_code_with(request).await?, "my-code");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[must_use = "it has no effect until it is given to `issue_code_with`"]
pub struct CodeRequest {
    /// The client, by ID.
    client_id: String,
    /// The merchant who consents, by ID.
    merchant_id: String,
    /// The scopes to grant. The default is all scopes of the client.
    scopes: Option<Vec<String>>,
    /// The redirect URL that the code is issued for, if any. Under `dialect: rfc6749` the exchange
    /// must send it.
    redirect_url: Option<String>,
    /// The code itself. The default is a random code.
    code: Option<Secret>,
}

impl CodeRequest {
    /// Requests a random code with all scopes of the client and for no redirect URL.
    pub fn new(client_id: impl Into<String>, merchant_id: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            merchant_id: merchant_id.into(),
            scopes: None,
            redirect_url: None,
            code: None,
        }
    }

    /// Sets the scopes to grant.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the redirect URL that the code is issued for.
    pub fn redirect_url(mut self, url: impl Into<String>) -> Self {
        self.redirect_url = Some(url.into());
        self
    }

    /// Sets the code itself: 1 to 1024 printable ASCII characters.
    pub fn code(mut self, code: &str) -> Self {
        self.code = Some(Secret::from(code));
        self
    }
}

/// A request for tokens without a flow.
///
/// ```
/// use smartpay_oauth_mock::{MockAuthServer, TokensRequest};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = MockAuthServer::start().await;
/// let request = TokensRequest::new("v6TJH1IqhM", "rahulrama").scopes(["users"]);
/// let tokens = server.issue_tokens_with(request).await?;
/// assert_eq!(tokens.expires_in, 899);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[must_use = "it has no effect until it is given to `issue_tokens_with`"]
pub struct TokensRequest {
    /// The client, by ID.
    pub(crate) client_id: String,
    /// The merchant who consents, by ID.
    pub(crate) merchant_id: String,
    /// The scopes to grant. The default is all scopes of the client.
    pub(crate) scopes: Option<Vec<String>>,
}

impl TokensRequest {
    /// Requests tokens with all scopes of the client.
    pub fn new(client_id: impl Into<String>, merchant_id: impl Into<String>) -> Self {
        Self { client_id: client_id.into(), merchant_id: merchant_id.into(), scopes: None }
    }

    /// Sets the scopes to grant.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }
}

/// An authorization code that was issued.
#[derive(Serialize, JsonSchema)]
pub(crate) struct IssuedCode {
    /// The code.
    pub(crate) code: String,
    /// The time at which the code expires, in RFC 3339.
    #[serde(serialize_with = "rfc3339::serialize")]
    #[schemars(with = "String")]
    pub(crate) expires_at: SystemTime,
}

/// The reason why a code or tokens cannot be issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// There is no such client.
    #[error("there is no client \"{0}\" in this realm")]
    UnknownClient(String),
    /// There is no such merchant.
    #[error("there is no merchant \"{0}\" in this realm")]
    UnknownMerchant(String),
    /// The client does not have this scope.
    #[error("the client \"{client}\" does not have the scope \"{scope}\"")]
    UnknownScope {
        /// The client, by ID.
        client: String,
        /// The scope that was requested.
        scope: String,
    },
    /// The client, given by ID, has not registered this redirect URL.
    #[error("the client \"{0}\" does not have this redirect URL")]
    UnknownRedirectUrl(String),
    /// The requested code is empty, too long, or has characters that are not printable ASCII.
    #[error("a code must be 1 to 1024 printable ASCII characters")]
    MalformedCode,
    /// The requested code already exists.
    #[error("this code already exists")]
    CodeTaken,
    /// The tokens could not be signed.
    #[error("{0}")]
    Refused(String),
    /// The shared store is not available. A server without one never returns this.
    #[error("the store is not available")]
    StoreUnavailable,
}

impl From<Unavailable> for IssueError {
    fn from(Unavailable: Unavailable) -> Self {
        Self::StoreUnavailable
    }
}

impl Realm {
    /// Issues a code without a browser, as if the merchant had consented now.
    pub(crate) async fn issue_code(&self, request: CodeRequest) -> Result<IssuedCode, IssueError> {
        let CodeRequest { client_id, merchant_id, scopes, redirect_url, code } = request;
        let registry = self.registry();
        let (client, scopes) =
            self.check_consent(&registry, &client_id, &merchant_id, scopes.as_deref())?;

        if redirect_url.as_ref().is_some_and(|url| !client.config.redirect_urls.contains(url)) {
            return Err(IssueError::UnknownRedirectUrl(client_id));
        }
        let code = code.map_or_else(
            || random_code(registry.settings.code_form),
            |code| code.expose().to_owned(),
        );
        if !is_code(&code) {
            return Err(IssueError::MalformedCode);
        }

        let issued = Code {
            redirect_url_sent: redirect_url.is_some(),
            redirect_url: redirect_url.map(Arc::from),
            ..registry.new_code(client, &merchant_id, scopes, self.clock.now_ms())
        };
        let (now_ms, expires_at) = (issued.issued_at_ms, from_ms(issued.expires_at_ms));
        // Of two requests for the same code, the store accepts one.
        if !self.grant_store.record_code(&code, issued, now_ms).await? {
            return Err(IssueError::CodeTaken);
        }
        Ok(IssuedCode { code, expires_at })
    }

    /// Returns the client, and the scopes that the merchant is assumed to have granted it.
    pub(crate) fn check_consent<'r>(
        &self,
        registry: &'r Registry,
        client_id: &str,
        merchant_id: &str,
        scopes: Option<&[String]>,
    ) -> Result<(&'r Arc<ClientEntry>, Scopes), IssueError> {
        let client = registry
            .client(client_id)
            .ok_or_else(|| IssueError::UnknownClient(client_id.to_owned()))?;
        if registry.merchant(merchant_id).is_none() {
            return Err(IssueError::UnknownMerchant(merchant_id.to_owned()));
        }

        let Some(requested) = scopes else { return Ok((client, Arc::clone(&client.scopes))) };
        if let Some(unknown) = requested.iter().find(|scope| !client.scopes.contains(scope)) {
            let (client, scope) = (client_id.to_owned(), unknown.clone());
            return Err(IssueError::UnknownScope { client, scope });
        }

        // In the order of the client's scopes.
        let granted = client.scopes.iter().filter(|scope| requested.contains(scope));
        Ok((client, granted.cloned().collect()))
    }

    /// Issues a code for a consent at the authorize endpoint.
    pub(crate) async fn record_consent(&self, issued: Code) -> Result<String, Unavailable> {
        let code = random_code(self.registry().settings.code_form);
        let now_ms = issued.issued_at_ms;
        // A random code is never taken.
        self.grant_store.record_code(&code, issued, now_ms).await?;
        Ok(code)
    }
}

impl Registry {
    /// Returns a code that is issued now, for no redirect URL and without a challenge.
    pub(crate) fn new_code(
        &self,
        client: &ClientEntry,
        merchant_id: &str,
        scopes: Scopes,
        now_ms: i64,
    ) -> Code {
        Code {
            client_id: Arc::clone(&client.id),
            merchant_id: merchant_id.into(),
            scopes,
            redirect_url: None,
            redirect_url_sent: false,
            challenge: None,
            issued_at_ms: now_ms,
            expires_at_ms: now_ms.saturating_add(self.settings.code_lifetime.as_ms()),
            reusable: false,
        }
    }
}

fn is_code(code: &str) -> bool {
    (1..=1024).contains(&code.len()) && code.chars().all(|c| matches!(c, ' '..='~'))
}
