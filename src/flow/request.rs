//! A token request whose form has been read, and rows 7 to 9: its parameters.

use std::borrow::Cow;
use std::sync::Arc;

use crate::fixture::GrantType;
use crate::journal::RequestRecorder;
use crate::oauth::scope::{narrow, split};
use crate::oauth::{ClientCredentials, Dialect, Form, Refusal, Row, Scopes, read_basic, refuse};
use crate::realm::{Realm, Registry};
use crate::scenario::Step;
use crate::store::{Found, Presented, Unavailable};
use crate::token::SigningKey;

/// A request at an endpoint where a client authenticates: token, introspection or revocation.
pub(crate) struct TokenRequest<'a> {
    pub(crate) realm: &'a Realm,
    /// The fixtures in force when the request arrived.
    pub(crate) registry: &'a Registry,
    pub(crate) key: &'a SigningKey,
    pub(crate) form: &'a Form<'a>,
    /// The `Authorization` header. It is read under `dialect: rfc6749` only.
    pub(crate) authorization: Option<&'a [u8]>,
    /// The common name of the client's certificate.
    pub(crate) certificate: Option<&'a str>,
    /// The step of a scenario, which can alter a successful response.
    pub(crate) step: Option<&'a Step>,
    pub(crate) recorder: &'a RequestRecorder,
    /// What the grant store knows of what the request presents, if it was looked up on arrival.
    pub(crate) found: Option<&'a Found>,
}

/// The code or refresh token that a client presents, as it was sent.
#[derive(Clone, Copy)]
pub(super) enum Credential<'a> {
    Code(&'a str),
    RefreshToken(&'a str),
}

/// Returns the client ID that a request claims, for scenarios. Nothing of it has been checked.
pub(crate) fn claimed_client_id<'a>(
    form: &'a Form<'_>,
    authorization: Option<&[u8]>,
    dialect: Dialect,
) -> Option<Cow<'a, str>> {
    let basic = authorization.filter(|_| dialect == Dialect::Rfc6749).and_then(read_basic);

    match basic {
        Some(Ok(basic)) => Some(basic.client_id),
        _ => form.get("client_id").map(Cow::Borrowed),
    }
}

impl TokenRequest<'_> {
    /// Returns what the grant store knows of what the request presents.
    pub(crate) async fn look_up(&self, presented: &Presented<'_>) -> Result<Found, Unavailable> {
        match self.found {
            Some(found) => Ok(found.clone()),
            None => self.realm.grant_store.look_up(presented).await,
        }
    }

    pub(super) fn is_rfc6749(&self) -> bool {
        self.registry.settings.dialect == Dialect::Rfc6749
    }
}

/// Whether the response to a failed authentication has a challenge for HTTP Basic (RFC 6749, section
/// 5.2): the client used it, or sent no secret at all.
pub(crate) fn expects_basic(
    form: &Form<'_>,
    authorization: Option<&[u8]>,
    dialect: Dialect,
) -> bool {
    let has_basic = authorization.is_some_and(|header| read_basic(header).is_some());

    dialect == Dialect::Rfc6749 && (has_basic || form.get("client_secret").is_none())
}

/// Row 7: the client's credentials are present, and the grant type where the endpoint takes one.
/// The credentials are in the body or, where the dialect allows it, in the header.
pub(super) fn credentials<'a>(
    request: &TokenRequest<'a>,
    required: &[&str],
) -> Result<ClientCredentials<'a>, Refusal> {
    let form = request.form;
    let mut missing: Vec<&str> =
        required.iter().copied().filter(|name| form.get(name).is_none()).collect();
    let basic = request.authorization.and_then(read_basic);

    if request.is_rfc6749()
        && let Some(basic) = basic
    {
        missing.retain(|name| !is_client_credential(name));
        refuse_missing(&missing, "")?;
        return credentials_from_header(basic.ok(), form);
    }

    // A client library that sends Basic credentials leaves them out of the body: say why it fails.
    let hint = if basic.is_some() && missing.iter().any(|name| is_client_credential(name)) {
        " The Authorization header is not read: all parameters must be in the body."
    } else {
        ""
    };
    refuse_missing(&missing, hint)?;

    Ok(ClientCredentials {
        client_id: form.get("client_id").unwrap_or_default().into(),
        client_secret: form.get("client_secret").unwrap_or_default().into(),
    })
}

fn is_client_credential(name: &str) -> bool {
    matches!(name, "client_id" | "client_secret")
}

fn refuse_missing(missing: &[&str], hint: &str) -> Result<(), Refusal> {
    // Without a secret, there is no client to authenticate, whatever else is missing.
    let row = if missing.contains(&"client_secret") { Row::Credentials } else { Row::Required };

    match missing {
        [] => Ok(()),
        [name] => refuse(row, format!("{name} is missing from the body, or empty.{hint}")),
        names => {
            refuse(row, format!("{} are missing from the body, or empty.{hint}", names.join(", ")))
        }
    }
}

/// Reads HTTP Basic credentials (RFC 6749, section 2.3.1). They must not be in the body as well.
fn credentials_from_header<'a>(
    basic: Option<ClientCredentials<'a>>,
    form: &Form<'_>,
) -> Result<ClientCredentials<'a>, Refusal> {
    let Some(basic) = basic else {
        return refuse(
            Row::Required,
            "The Authorization header is Basic, but not the base64 of client_id:client_secret, \
             each form-encoded.",
        );
    };

    if basic.client_secret.is_empty() {
        return refuse(Row::Credentials, "client_secret in the Authorization header is empty.");
    }
    if basic.client_id.is_empty() {
        return refuse(Row::Required, "client_id in the Authorization header is empty.");
    }
    if form.get("client_secret").is_some() {
        return refuse(
            Row::Required,
            "client_secret is both in the Authorization header and in the body; send it once.",
        );
    }
    if form.get("client_id").is_some_and(|id| id != basic.client_id) {
        return refuse(
            Row::Required,
            "client_id in the body differs from the one in the Authorization header.",
        );
    }

    Ok(basic)
}

/// Row 8: the grant type is one of the two.
pub(super) fn grant_type(request: &TokenRequest<'_>) -> Result<GrantType, Refusal> {
    match request.form.get("grant_type") {
        Some("authorization_code") => Ok(GrantType::AuthorizationCode),
        Some("refresh_token") => Ok(GrantType::RefreshToken),
        _ => refuse(
            Row::GrantType,
            "grant_type must be authorization_code or refresh_token, in exactly this spelling.",
        ),
    }
}

/// Row 9: the code or refresh token is present, and there is only one.
pub(super) fn credential<'a>(
    request: &TokenRequest<'a>,
    grant_type: GrantType,
) -> Result<Credential<'a>, Refusal> {
    let code = request.form.get("code");
    let refresh_token = request.form.get("refresh_token");

    match (grant_type, code, refresh_token) {
        (_, Some(code), Some(token)) if code != token => {
            let name = match grant_type {
                GrantType::AuthorizationCode => "code",
                GrantType::RefreshToken => "refresh_token",
            };
            refuse(
                Row::Presented,
                format!(
                    "code and refresh_token were both sent, with different values; send {name} alone."
                ),
            )
        }
        (GrantType::AuthorizationCode, Some(code), _) => Ok(Credential::Code(code)),
        (GrantType::AuthorizationCode, None, _) => refuse(
            Row::Presented,
            "code is missing from the body, or empty; grant_type authorization_code requires it.",
        ),
        // The documentation's sample request sends the refresh token as "code".
        (GrantType::RefreshToken, _, Some(token))
        | (GrantType::RefreshToken, Some(token), None) => Ok(Credential::RefreshToken(token)),
        (GrantType::RefreshToken, None, None) => refuse(
            Row::Presented,
            "refresh_token is missing from the body, or empty; grant_type refresh_token requires it.",
        ),
    }
}

/// Returns the scopes that a request selects of those that it may have: all of them, if it sends none.
/// The error is the description; `excess` makes that of a scope beyond those.
pub(super) fn select_scopes(
    registry: &Registry,
    allowed: &Scopes,
    sent: Option<&str>,
    excess: impl FnOnce() -> Cow<'static, str>,
) -> Result<Scopes, Cow<'static, str>> {
    let Some(sent) = sent else { return Ok(Arc::clone(allowed)) };

    let requested = split(sent).ok_or(
        "scope is malformed: it must be scopes of printable ASCII, separated by single spaces.",
    )?;
    if let Some(scopes) = narrow(allowed, &requested) {
        return Ok(scopes);
    }
    if requested.iter().any(|scope| !registry.knows_scope(scope)) {
        return Err("scope contains a scope that this server does not know.".into());
    }

    Err(excess())
}
