//! The error responses of the endpoints that return JSON.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::response;
use crate::oauth::{ErrorCode, Refusal, Row};
use crate::realm::Registry;
use crate::scenario::Endpoint;
use crate::units::printable;

/// Makes the error responses of an endpoint.
#[derive(Clone, Copy)]
pub(super) struct ErrorResponses<'a> {
    registry: &'a Registry,
    endpoint: Endpoint,
    /// Whether a 401 has a challenge for HTTP Basic.
    has_challenge: bool,
}

impl<'a> ErrorResponses<'a> {
    pub(super) fn new(registry: &'a Registry, endpoint: Endpoint) -> Self {
        Self { registry, endpoint, has_challenge: false }
    }

    /// Sets whether a 401 has a challenge for HTTP Basic (RFC 6749, section 5.2).
    pub(super) fn with_challenge(self, has_challenge: bool) -> Self {
        Self { has_challenge, ..self }
    }

    /// Makes the response for an error that a scenario injects.
    pub(super) fn injected(
        &self,
        code: &ErrorCode,
        status: Option<u16>,
        description: &str,
    ) -> Response {
        let status = status.unwrap_or_else(|| self.registry.status(self.endpoint, code, None));
        let mut response = response::error(code, status, description);
        self.put_challenge(&mut response);

        response
    }

    /// Makes the response for the row of the table that a request fails.
    pub(super) fn refused(&self, refusal: &Refusal) -> Response {
        let Self { registry, endpoint, .. } = self;
        let code = refusal.row.error(registry.settings.dialect);
        let status = registry.status(*endpoint, &code, refusal.row.status_override());
        let description = registry.description(&code, None, &refusal.description);
        let shown = printable(&description);
        let row = refusal.row.number();
        match refusal.row {
            // The limits log a warning of their own, once.
            Row::BodySize | Row::BodyTime => tracing::debug!(row, "{endpoint}: {shown}"),
            _ => tracing::info!(status, error = %code, row, "{endpoint}: {shown}"),
        }

        let mut response = response::error(&code, status, &description);
        response::tag_error(&mut response, &code, Some(refusal.row), &description);
        if refusal.row == Row::Method {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        self.put_challenge(&mut response);

        response
    }

    fn put_challenge(&self, response: &mut Response) {
        if self.has_challenge && response.status() == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"smartpay-oauth-mock\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
    }
}
