//! Codes: of a merchant who has consented in a browser, or is taken to have.

use std::sync::Arc;

use rand::RngExt;
use rand::distr::Alphanumeric;

use super::{ClientEntry, Code, Realm, Registry};
use crate::oauth::{Challenge, Scopes, scope};

/// How long an authorization code is: about 250 bits, within what any client stores.
const CODE_LENGTH: usize = 43;

/// A code that somebody wants without a browser.
#[derive(Clone, Copy)]
pub(crate) struct CodeRequest<'a> {
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
pub(crate) struct ConsentedCode {
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
    /// Issues a code for a merchant who has consented, without a browser.
    pub(crate) async fn issue_code(
        &self,
        wanted: CodeRequest<'_>,
    ) -> Result<IssuedCode, IssueError> {
        let registry = self.registry();
        let (client, scopes) =
            self.consented(&registry, wanted.client_id, wanted.merchant_id, wanted.scopes)?;
        if let Some(url) = wanted.redirect_url
            && !client.config.redirect_urls.iter().any(|known| known == url)
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
        if !self.grant_store.record_code(code.clone(), issued, now).await {
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
    ) -> Result<(&'r Arc<ClientEntry>, Scopes), IssueError> {
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
    pub(crate) async fn record_consent(&self, consent: ConsentedCode) -> String {
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
        self.grant_store.record_code(code.clone(), issued, now).await;
        code
    }
}

fn is_code(code: &str) -> bool {
    (1..=1024).contains(&code.len()) && code.chars().all(|c| matches!(c, ' '..='~'))
}

fn random_code() -> String {
    rand::rng().sample_iter(Alphanumeric).take(CODE_LENGTH).map(char::from).collect()
}
