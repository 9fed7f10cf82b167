//! The error responses of the endpoints that return JSON.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::response;
use crate::oauth::{Dialect, ErrorCode, Refusal, Row};
use crate::realm::Registry;
use crate::scenario::Endpoint;

/// Makes the response for an error that a scenario injects.
pub(super) fn injected_error(
    registry: &Registry,
    endpoint: Endpoint,
    code: &ErrorCode,
    status: Option<u16>,
    description: &str,
) -> Response {
    let status = status.unwrap_or_else(|| registry.status(endpoint, code, None));
    let mut response = response::error(code, status, description);
    put_challenge(registry, &mut response);

    response
}

/// Makes the response for the row of the table that a request fails.
pub(super) fn refusal_response(
    registry: &Registry,
    endpoint: Endpoint,
    refusal: &Refusal,
) -> Response {
    let code = refusal.row.error(registry.settings.dialect);
    let status = registry.status(endpoint, &code, refusal.row.status_override());
    let description = registry.description(&code, None, &refusal.description);
    let row = refusal.row.number();
    match refusal.row {
        // The limits log a warning of their own, once.
        Row::BodySize | Row::BodyTime => tracing::debug!(row, "{endpoint}: {description}"),
        _ => tracing::info!(status, error = %code, row, "{endpoint}: {description}"),
    }

    let mut response = response::error(&code, status, &description);
    response::tag_error(&mut response, &code, Some(refusal.row));
    if refusal.row == Row::Method {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    put_challenge(registry, &mut response);

    response
}

/// RFC 6749, section 5.2: a 401 says how to authenticate.
fn put_challenge(registry: &Registry, response: &mut Response) {
    let is_rfc6749 = registry.settings.dialect == Dialect::Rfc6749;
    if is_rfc6749 && response.status() == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Basic realm=\"smartpay-oauth-mock\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
}
