//! Row 7: who the client says it is.

use std::borrow::Cow;

use super::TokenRequest;
use crate::oauth::{Dialect, Form, Refusal, Row, read_basic, refuse};

/// A client's id and secret as the request has them, not yet checked.
pub(crate) struct Credentials<'a> {
    pub(crate) client_id: Cow<'a, str>,
    pub(crate) client_secret: Cow<'a, str>,
}

/// The client id that a request claims, for scenarios: nothing of it has been checked.
pub(crate) fn claimed_client_id<'a>(
    form: &'a Form<'_>,
    authorization: Option<&[u8]>,
    dialect: Dialect,
) -> Option<Cow<'a, str>> {
    let basic = authorization.filter(|_| dialect == Dialect::Rfc6749).and_then(read_basic);
    match basic {
        Some(Ok(basic)) => Some(basic.client_id.into()),
        _ => form.get("client_id").map(Cow::Borrowed),
    }
}

/// Row 7: grant type, client id and secret must be there.
pub(super) fn credentials<'a>(request: &TokenRequest<'a>) -> Result<Credentials<'a>, Refusal> {
    read(request, &["grant_type", "client_id", "client_secret"])
}

/// Row 7 at the endpoints that have no grant type.
pub(super) fn client_credentials<'a>(
    request: &TokenRequest<'a>,
) -> Result<Credentials<'a>, Refusal> {
    read(request, &["client_id", "client_secret"])
}

fn read<'a>(request: &TokenRequest<'a>, needed: &[&str]) -> Result<Credentials<'a>, Refusal> {
    let basic = request.authorization.filter(|header| read_basic(header).is_some());
    if let Some(header) = basic
        && request.registry.settings.dialect == Dialect::Rfc6749
    {
        let others: Vec<&str> =
            needed.iter().copied().filter(|name| !name.starts_with("client_")).collect();
        missing(&others, request.form, false)?;
        return from_header(header, request.form);
    }
    missing(needed, request.form, basic.is_some())?;
    let sent = |name| request.form.get(name).unwrap_or_default().into();
    Ok(Credentials { client_id: sent("client_id"), client_secret: sent("client_secret") })
}

fn missing(names: &[&str], form: &Form<'_>, has_basic: bool) -> Result<(), Refusal> {
    let missing: Vec<&str> =
        names.iter().copied().filter(|name| form.get(name).is_none()).collect();
    let text = match missing.as_slice() {
        [] => return Ok(()),
        [one] => format!("{one} is missing from the body, or empty."),
        several => format!("{} are missing from the body, or empty.", several.join(", ")),
    };
    let hint = if has_basic && missing.iter().any(|name| name.starts_with("client_")) {
        " The Authorization header is not read: the service takes all parameters from the body."
    } else {
        ""
    };
    refuse(Row::Credentials, text + hint)
}

/// RFC 6749, section 2.3.1: HTTP Basic, and then not in the body as well.
fn from_header<'a>(header: &[u8], form: &Form<'_>) -> Result<Credentials<'a>, Refusal> {
    let Some(Ok(basic)) = read_basic(header) else {
        return refuse(
            Row::Credentials,
            "The Authorization header is Basic, but not the base64 of client_id:client_secret, \
             each form-encoded.",
        );
    };
    if basic.client_id.is_empty() || basic.client_secret.is_empty() {
        return refuse(
            Row::Credentials,
            "client_id or client_secret in the Authorization header is empty.",
        );
    }
    if form.get("client_secret").is_some() {
        return refuse(
            Row::Credentials,
            "client_secret stands in the Authorization header and in the body; one is enough.",
        );
    }
    if form.get("client_id").is_some_and(|id| id != basic.client_id) {
        return refuse(
            Row::Credentials,
            "client_id in the body is another than in the Authorization header.",
        );
    }
    Ok(Credentials { client_id: basic.client_id.into(), client_secret: basic.client_secret.into() })
}
