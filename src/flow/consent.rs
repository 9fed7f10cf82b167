//! The authorize endpoint's decision: who asks, for what, and what becomes of the answer.
//!
//! Until client and redirect URL are known to belong together, nobody may be redirected, so
//! [`validate_client`] comes first; what fails after it goes back to the partner.

use std::borrow::Cow;
use std::sync::Arc;

use crate::fixture::{AccountStatus, ClientType, Consent, GrantType, Merchant, is_client_id};
use crate::oauth::scope::{narrow, split};
use crate::oauth::{Challenge, ChallengeMethod, Dialect, ErrorCode, Form, Scopes, is_verifier};
use crate::realm::{ClientEntry, Registry};

/// Whose parameter names the request uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParamStyle {
    /// `/ebc2/oauth/authorize`: `sub=oauth`, `redirect_url` (source D).
    Vendor,
    /// `/oauth2/v3/authorize`: `response_type=code`, `redirect_uri` (RFC 6749).
    Rfc,
}

/// Why an authorize request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorizeError {
    pub(crate) code: ErrorCode,
    pub(crate) description: Cow<'static, str>,
}

fn decline<T>(
    code: ErrorCode,
    description: impl Into<Cow<'static, str>>,
) -> Result<T, AuthorizeError> {
    Err(AuthorizeError { code, description: description.into() })
}

/// A client and a redirect URL that belong together.
pub(crate) struct ValidatedClient {
    pub(crate) client: Arc<ClientEntry>,
    pub(crate) redirect_url: Arc<str>,
    pub(crate) state: Option<String>,
}

/// What the client asks the merchant for.
pub(crate) struct RequestedGrant {
    pub(crate) scopes: Scopes,
    pub(crate) challenge: Option<Challenge>,
}

impl ParamStyle {
    /// The name of the redirect parameter.
    pub(crate) fn redirect_name(self) -> &'static str {
        match self {
            Self::Vendor => "redirect_url",
            Self::Rfc => "redirect_uri",
        }
    }
}

/// Finds the client and checks that it registered the redirect URL, to the letter.
pub(crate) fn validate_client(
    registry: &Registry,
    parameters: &Form<'_>,
    style: ParamStyle,
) -> Result<ValidatedClient, AuthorizeError> {
    if let Some(name) = parameters.duplicate() {
        return decline(ErrorCode::InvalidRequest, format!("{name} occurs more than once."));
    }
    let Some(client_id) = parameters.get("client_id") else {
        return decline(ErrorCode::InvalidRequest, "client_id is missing, or empty.");
    };
    if !is_client_id(client_id) {
        return decline(
            ErrorCode::InvalidClient,
            "client_id is malformed: it must be 1 to 64 of A-Z a-z 0-9 . _ -.",
        );
    }
    let Some(client) = registry.client(client_id) else {
        return decline(
            ErrorCode::ClientNotFound,
            "client_id is well-formed, but no such client is registered.",
        );
    };
    let registered = &client.config.redirect_urls;
    let name = style.redirect_name();
    let redirect_url = match (parameters.get(name), registered.as_slice()) {
        (Some(sent), _) if registered.iter().any(|url| url == sent) => sent,
        (Some(_), _) => {
            return decline(
                ErrorCode::InvalidRedirectUri,
                format!(
                    "{name} is not one that this client registered; it must be the same to the \
                     letter."
                ),
            );
        }
        // RFC 6749, section 3.1.2.3: it may be left out where only one is registered.
        (None, [only]) if style == ParamStyle::Rfc => only,
        (None, _) => {
            return decline(ErrorCode::InvalidRequest, format!("{name} is missing, or empty."));
        }
    };
    Ok(ValidatedClient {
        client: Arc::clone(client),
        redirect_url: redirect_url.into(),
        state: parameters.raw("state").map(str::to_owned),
    })
}

/// Checks the rest of the request, top to bottom.
pub(crate) fn validate_request(
    registry: &Registry,
    validated: &ValidatedClient,
    parameters: &Form<'_>,
    style: ParamStyle,
) -> Result<RequestedGrant, AuthorizeError> {
    kind(registry, parameters, style)?;
    client_may(&validated.client)?;
    let scopes = scopes(registry, &validated.client, parameters)?;
    let challenge = challenge(parameters)?;
    Ok(RequestedGrant { scopes, challenge })
}

fn kind(
    registry: &Registry,
    parameters: &Form<'_>,
    style: ParamStyle,
) -> Result<(), AuthorizeError> {
    match style {
        ParamStyle::Vendor if parameters.get("sub") == Some("oauth") => Ok(()),
        ParamStyle::Vendor => {
            decline(ErrorCode::InvalidRequest, "sub must be there, and be oauth.")
        }
        ParamStyle::Rfc => match parameters.get("response_type") {
            Some("code") => Ok(()),
            None => {
                decline(ErrorCode::InvalidRequest, "response_type is missing; it must be code.")
            }
            Some(_) => decline(
                match registry.settings.dialect {
                    Dialect::Documented => ErrorCode::InvalidRequest,
                    Dialect::Rfc6749 => ErrorCode::UnsupportedResponseType,
                },
                "response_type must be code.",
            ),
        },
    }
}

fn client_may(client: &ClientEntry) -> Result<(), AuthorizeError> {
    if client.config.client_type == ClientType::Public {
        return decline(
            ErrorCode::InvalidClientType,
            "This client is registered as a public one; only confidential clients are supported.",
        );
    }
    if !client.is_active() {
        return decline(ErrorCode::ClientNotActive, "The partner's account is not active.");
    }
    if !client.config.grant_types.contains(&GrantType::AuthorizationCode) {
        return decline(
            ErrorCode::UnauthorizedClient,
            "This client may not ask for authorization codes.",
        );
    }
    Ok(())
}

fn scopes(
    registry: &Registry,
    client: &ClientEntry,
    parameters: &Form<'_>,
) -> Result<Scopes, AuthorizeError> {
    let Some(sent) = parameters.get("scope") else { return Ok(Arc::clone(&client.scopes)) };
    let Some(asked) = split(sent) else {
        return decline(
            ErrorCode::InvalidScope,
            "scope is malformed: scopes are printable ASCII with one space between two.",
        );
    };
    if let Some(scopes) = narrow(&client.scopes, &asked) {
        return Ok(scopes);
    }
    let text = match asked.iter().all(|one| registry.knows_scope(one)) {
        true => "scope asks for more than this client registered for.",
        false => "scope names a scope that this server does not know.",
    };
    decline(ErrorCode::InvalidScope, text)
}

fn challenge(parameters: &Form<'_>) -> Result<Option<Challenge>, AuthorizeError> {
    let method = match parameters.get("code_challenge_method") {
        None | Some("plain") => ChallengeMethod::Plain,
        Some("S256") => ChallengeMethod::S256,
        Some(_) => {
            return decline(
                ErrorCode::InvalidRequest,
                "code_challenge_method must be S256 or plain.",
            );
        }
    };
    match parameters.get("code_challenge") {
        Some(challenge) if is_verifier(challenge) => Ok(Some(Challenge::new(method, challenge))),
        Some(_) => decline(
            ErrorCode::InvalidRequest,
            "code_challenge must be 43 to 128 of A-Z a-z 0-9 - . _ ~.",
        ),
        None if parameters.get("code_challenge_method").is_some() => decline(
            ErrorCode::InvalidRequest,
            "code_challenge_method was sent without a code_challenge.",
        ),
        None => Ok(None),
    }
}

/// Who answers, and how: the request's own `mock_consent`, or else the setting.
pub(crate) fn consent_mode(
    registry: &Registry,
    parameters: &Form<'_>,
) -> Result<Consent, AuthorizeError> {
    match parameters.get("mock_consent") {
        None => Ok(registry.settings.consent),
        Some("allow") => Ok(Consent::Allow),
        Some("deny") => Ok(Consent::Deny),
        Some("prompt") => Ok(Consent::Prompt),
        Some(_) => {
            decline(ErrorCode::InvalidRequest, "mock_consent must be allow, deny or prompt.")
        }
    }
}

/// The merchant who is there: the one named, or else the first who can grant, or else the first.
pub(crate) fn merchant<'r>(
    registry: &'r Registry,
    named: Option<&str>,
) -> Result<&'r Arc<Merchant>, AuthorizeError> {
    if let Some(id) = named {
        return registry.merchant(id).map_or_else(
            || decline(ErrorCode::InvalidRequest, "The merchant is not one of the fixtures."),
            Ok,
        );
    }
    let merchants = registry.merchants();
    let able = merchants.iter().find(|merchant| may_grant(merchant).is_ok());
    able.or_else(|| merchants.first()).map_or_else(
        || {
            decline(
                ErrorCode::AccessDenied,
                "There is no merchant in the fixtures who could grant.",
            )
        },
        Ok,
    )
}

/// Whether this merchant's user may click Allow.
pub(crate) fn may_grant(merchant: &Merchant) -> Result<(), AuthorizeError> {
    if merchant.status == AccountStatus::Inactive {
        return decline(ErrorCode::MerchantNotActive, "The merchant's account is inactive.");
    }
    if !merchant.can_grant {
        return decline(
            ErrorCode::AccessDenied,
            "This merchant's user does not have the privilege to grant permissions.",
        );
    }
    Ok(())
}

/// A redirect URL with parameters added to what it may have already.
pub(crate) fn redirect(url: &str, parameters: &[(&str, &str)]) -> String {
    let query = serde_urlencoded::to_string(parameters).unwrap_or_default();
    if query.is_empty() {
        return url.to_owned();
    }
    let joint = match url.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, rest)) if rest.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{url}{joint}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_join_what_the_url_has_already() {
        for (url, expected) in [
            ("https://a", "https://a?code=x+y&state=%26"),
            ("https://a/b?", "https://a/b?code=x+y&state=%26"),
            ("https://a/b?c=d", "https://a/b?c=d&code=x+y&state=%26"),
            ("https://a/b?c=d&", "https://a/b?c=d&code=x+y&state=%26"),
        ] {
            assert_eq!(redirect(url, &[("code", "x y"), ("state", "&")]), expected);
            assert_eq!(redirect(url, &[]), url);
        }
    }
}
