//! What the endpoints that a client authenticates at have in common: introspection and revocation.

use std::borrow::Cow;

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::here::Here;
use super::{App, Connection, answer};
use crate::authority::{Effects, TokenRequest, claimed_client_id};
use crate::oauth::{Dialect, ErrorCode, Form, Refusal, Row};
use crate::realm::Registry;
use crate::scenario::Endpoint;

/// The request as the table's rows see it.
pub(super) fn as_token_request<'a>(
    app: &'a App,
    here: &'a Here,
    registry: &'a Registry,
    connection: &'a Connection,
    headers: &'a HeaderMap,
    form: &'a Form<'a>,
    effects: &'a Effects,
) -> TokenRequest<'a> {
    TokenRequest {
        realm: &here.realm,
        registry,
        key: &app.key,
        form,
        authorization: headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes),
        certificate: connection.certificate.as_deref(),
        effects,
    }
}

/// The bytes of a form, once the connection is as secure as the fixture wants it.
pub(super) async fn read_form(
    here: &Here,
    registry: &Registry,
    parts: &Parts,
    body: axum::body::Body,
) -> Result<Bytes, Refusal> {
    require_https(here, registry)?;
    super::form_request::read(parts, body).await
}

/// `require_https: true`, before any row of the table.
pub(super) fn require_https(here: &Here, registry: &Registry) -> Result<(), Refusal> {
    if registry.settings.require_https && !here.is_https() {
        return Err(Refusal::new(
            Row::Transport,
            "The request came by plain HTTP; the service speaks HTTPS only.",
        ));
    }
    Ok(())
}

/// How the endpoints with JSON answers tell an error that a scenario asks for.
pub(super) fn injected(
    registry: &Registry,
    endpoint: Endpoint,
    code: &ErrorCode,
    status: Option<u16>,
    description: &str,
) -> Response {
    let usual = match endpoint {
        Endpoint::Token => registry.status(code, None),
        _ => registry.overridden_status(code).unwrap_or_else(|| code.default_status()),
    };
    let mut response = answer::error(code, status.unwrap_or(usual), description);
    put_challenge(registry, &mut response);
    response
}

/// The error of the row that failed.
pub(super) fn refused(registry: &Registry, endpoint: Endpoint, refusal: &Refusal) -> Response {
    let (code, status, description) = registry.dress(refusal);
    let row = refusal.row.number();
    tracing::info!(status, error = %code, row, "{endpoint}: {description}");
    let mut response = answer::error(&code, status, &description);
    if refusal.row == Row::Method {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    put_challenge(registry, &mut response);
    response
}

/// RFC 6749, section 5.2: a 401 says how to authenticate.
fn put_challenge(registry: &Registry, response: &mut Response) {
    let rfc6749 = registry.settings.dialect == Dialect::Rfc6749;
    if rfc6749 && response.status() == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Basic realm=\"smartpay-oauth-mock\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
}

/// The client id that a request claims, in its body or in HTTP Basic.
pub(super) fn claimed<'a>(
    registry: &Registry,
    headers: &HeaderMap,
    form: &'a Form<'_>,
) -> Option<Cow<'a, str>> {
    let authorization = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
    claimed_client_id(form, authorization, registry.settings.dialect)
}
