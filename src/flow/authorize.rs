//! The checks of an authorize request (RFC 6749, section 4.1.1).
//!
//! Until client and redirect URL are known to belong together, nobody may be redirected, so
//! [`validate_client`] comes first. What fails after it is reported to the partner.

use std::borrow::Cow;
use std::sync::Arc;

use super::request::select_scopes;
use crate::fixture::{ClientType, GrantType, is_client_id};
use crate::oauth::{Challenge, ChallengeMethod, Dialect, ErrorCode, Form, Scopes, is_verifier};
use crate::realm::{ClientEntry, Registry};

/// The parameter names that an authorize endpoint takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParamStyle {
    /// `/ebc2/oauth/authorize`: `sub=oauth`, `redirect_url` (source D).
    Vendor,
    /// `/oauth2/v3/authorize`: `response_type=code`, `redirect_uri` (RFC 6749).
    Rfc6749,
}

/// An error of the authorize endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorizeError {
    pub(crate) code: ErrorCode,
    pub(crate) description: Cow<'static, str>,
    /// The redirect URL that is not registered, if that is the error.
    pub(crate) mismatch: Option<RedirectMismatch>,
}

/// A redirect URL that its client has not registered. Only the error page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RedirectMismatch {
    /// The name of the parameter.
    pub(crate) name: &'static str,
    pub(crate) sent: String,
    pub(crate) registered: Vec<String>,
}

impl AuthorizeError {
    pub(crate) fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        Self { code, description: description.into(), mismatch: None }
    }

    /// Returns the error as a dialect reports it: RFC 6749 has codes of its own (section 4.1.2.1).
    pub(crate) fn in_dialect(self, dialect: Dialect) -> Self {
        if dialect == Dialect::Documented {
            return self;
        }

        let code = match self.code {
            ErrorCode::InvalidClient
            | ErrorCode::ClientNotFound
            | ErrorCode::InvalidClientType
            | ErrorCode::ClientNotActive => ErrorCode::UnauthorizedClient,
            ErrorCode::InvalidRedirectUri => ErrorCode::InvalidRequest,
            ErrorCode::MerchantNotActive => ErrorCode::AccessDenied,
            code => code,
        };

        Self { code, ..self }
    }
}

/// Returns `Err` of an [`AuthorizeError`], so that a check reads as one expression.
pub(super) fn fail<T>(
    code: ErrorCode,
    description: impl Into<Cow<'static, str>>,
) -> Result<T, AuthorizeError> {
    Err(AuthorizeError::new(code, description))
}

/// A client and a redirect URL that belong together.
pub(crate) struct ValidatedClient {
    pub(crate) client: Arc<ClientEntry>,
    pub(crate) redirect_url: Arc<str>,
    /// Whether the request sent the redirect URL, rather than leave it to the registration.
    pub(crate) redirect_url_sent: bool,
    pub(crate) state: Option<String>,
}

/// What the client asks the merchant to grant.
pub(crate) struct RequestedGrant {
    pub(crate) scopes: Scopes,
    pub(crate) challenge: Option<Challenge>,
}

impl ParamStyle {
    /// Returns the parameters that are documented for the endpoint.
    pub(crate) fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Vendor => &["client_id", "redirect_url", "state", "sub"],
            Self::Rfc6749 => &[
                "client_id",
                "code_challenge",
                "code_challenge_method",
                "redirect_uri",
                "response_type",
                "scope",
                "state",
            ],
        }
    }

    /// Returns the name of the redirect parameter.
    pub(crate) fn redirect_name(self) -> &'static str {
        match self {
            Self::Vendor => "redirect_url",
            Self::Rfc6749 => "redirect_uri",
        }
    }
}

/// Finds the client and checks that it registered exactly this redirect URL.
pub(crate) fn validate_client(
    registry: &Registry,
    params: &Form<'_>,
    style: ParamStyle,
) -> Result<ValidatedClient, AuthorizeError> {
    let redirect_name = style.redirect_name();
    // By RFC 6749, other repeated parameters are reported by a redirect.
    if registry.settings.dialect == Dialect::Documented
        || ["client_id", redirect_name].iter().any(|name| params.repeats(name))
    {
        check_duplicates(params)?;
    }

    let client = find_client(registry, params)?;
    let redirect_url = redirect_url(client, params, style)?;

    Ok(ValidatedClient {
        client: Arc::clone(client),
        redirect_url: redirect_url.into(),
        redirect_url_sent: params.get(redirect_name).is_some(),
        state: state(params, registry.settings.dialect).map(str::to_owned),
    })
}

/// Checks that no parameter occurs twice.
pub(crate) fn check_duplicates(params: &Form<'_>) -> Result<(), AuthorizeError> {
    match params.duplicate() {
        None => Ok(()),
        Some(name) => fail(ErrorCode::InvalidRequest, format!("{name} occurs more than once.")),
    }
}

/// Returns the `state` that redirects repeat. The vendor repeats an empty one, too; by RFC 6749,
/// section 3.1, it counts as omitted. Of a repeated one, neither value is the state.
fn state<'a>(params: &'a Form<'_>, dialect: Dialect) -> Option<&'a str> {
    match dialect {
        Dialect::Documented => params.raw("state"),
        Dialect::Rfc6749 => params.get("state").filter(|_| !params.repeats("state")),
    }
}

fn find_client<'r>(
    registry: &'r Registry,
    params: &Form<'_>,
) -> Result<&'r Arc<ClientEntry>, AuthorizeError> {
    let Some(client_id) = params.get("client_id") else {
        return fail(ErrorCode::InvalidRequest, "client_id is missing, or empty.");
    };
    if !is_client_id(client_id) {
        return fail(
            ErrorCode::InvalidClient,
            "client_id is malformed: it must be 1 to 64 characters of A-Z a-z 0-9 . _ -.",
        );
    }

    registry.client(client_id).ok_or_else(|| {
        AuthorizeError::new(
            ErrorCode::ClientNotFound,
            "client_id is well-formed, but no such client is registered.",
        )
    })
}

fn redirect_url<'a>(
    client: &'a ClientEntry,
    params: &'a Form<'_>,
    style: ParamStyle,
) -> Result<&'a str, AuthorizeError> {
    let registered = client.config.redirect_urls.as_slice();
    let name = style.redirect_name();

    match (params.get(name), registered) {
        (Some(sent), _) if registered.iter().any(|url| url == sent) => Ok(sent),
        (Some(sent), _) => {
            let text = format!(
                "{name} is not registered for this client; it must match a registered URL exactly."
            );
            let error = AuthorizeError::new(ErrorCode::InvalidRedirectUri, text);
            let (sent, registered) = (sent.to_owned(), registered.to_vec());
            Err(AuthorizeError {
                mismatch: Some(RedirectMismatch { name, sent, registered }),
                ..error
            })
        }
        // RFC 6749, section 3.1.2.3: it may be left out where only one is registered.
        (None, [only]) if style == ParamStyle::Rfc6749 => Ok(only),
        (None, _) if style == ParamStyle::Vendor && params.get("redirect_uri").is_some() => fail(
            ErrorCode::InvalidRequest,
            "redirect_url is missing; redirect_uri was sent, but the name here is redirect_url.",
        ),
        (None, _) => fail(ErrorCode::InvalidRequest, format!("{name} is missing, or empty.")),
    }
}

/// Checks the rest of the request, top to bottom.
pub(crate) fn validate_request(
    registry: &Registry,
    client: &ClientEntry,
    params: &Form<'_>,
    style: ParamStyle,
) -> Result<RequestedGrant, AuthorizeError> {
    check_response_type(registry, params, style)?;
    check_client(client)?;
    let scopes = requested_scopes(registry, client, params)?;
    let challenge = challenge(params)?;

    Ok(RequestedGrant { scopes, challenge })
}

fn check_response_type(
    registry: &Registry,
    params: &Form<'_>,
    style: ParamStyle,
) -> Result<(), AuthorizeError> {
    if style == ParamStyle::Vendor {
        return match params.get("sub") {
            Some("oauth") => Ok(()),
            _ => fail(ErrorCode::InvalidRequest, "sub must be present and must be oauth."),
        };
    }

    match params.get("response_type") {
        Some("code") => Ok(()),
        None => fail(ErrorCode::InvalidRequest, "response_type is missing; it must be code."),
        Some(_) if registry.settings.dialect == Dialect::Documented => {
            fail(ErrorCode::InvalidRequest, "response_type must be code.")
        }
        Some(_) => fail(ErrorCode::UnsupportedResponseType, "response_type must be code."),
    }
}

fn check_client(client: &ClientEntry) -> Result<(), AuthorizeError> {
    if client.config.client_type == ClientType::Public {
        return fail(
            ErrorCode::InvalidClientType,
            "client_id is registered as a public client; only confidential clients are supported.",
        );
    }
    if !client.is_active() {
        return fail(ErrorCode::ClientNotActive, "The partner's account is inactive.");
    }
    if !client.config.grant_types.contains(&GrantType::AuthorizationCode) {
        return fail(
            ErrorCode::UnauthorizedClient,
            "This client may not request authorization codes.",
        );
    }

    Ok(())
}

fn requested_scopes(
    registry: &Registry,
    client: &ClientEntry,
    params: &Form<'_>,
) -> Result<Scopes, AuthorizeError> {
    let excess = || "scope exceeds the scopes that this client may request.".into();

    select_scopes(registry, &client.scopes, params.get("scope"), excess)
        .map_err(|description| AuthorizeError::new(ErrorCode::InvalidScope, description))
}

/// Reads the PKCE challenge (RFC 7636, section 4.3).
fn challenge(params: &Form<'_>) -> Result<Option<Challenge>, AuthorizeError> {
    let method = match params.get("code_challenge_method") {
        None | Some("plain") => ChallengeMethod::Plain,
        Some("S256") => ChallengeMethod::S256,
        Some(_) => {
            return fail(ErrorCode::InvalidRequest, "code_challenge_method must be S256 or plain.");
        }
    };

    match params.get("code_challenge") {
        Some(challenge) if is_verifier(challenge) => Ok(Some(Challenge::new(method, challenge))),
        Some(_) => fail(
            ErrorCode::InvalidRequest,
            "code_challenge must be 43 to 128 characters of A-Z a-z 0-9 - . _ ~.",
        ),
        None if params.get("code_challenge_method").is_some() => fail(
            ErrorCode::InvalidRequest,
            "code_challenge_method was sent without a code_challenge.",
        ),
        None => Ok(None),
    }
}

/// Adds parameters to the query that a redirect URL may already have.
pub(crate) fn redirect(url: &str, params: &[(&str, &str)]) -> String {
    let query = serde_urlencoded::to_string(params).unwrap_or_default();
    if query.is_empty() {
        return url.to_owned();
    }

    let separator = match url.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, rest)) if rest.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{url}{separator}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_added_to_an_existing_query() {
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
