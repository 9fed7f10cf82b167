//! The bearer token that authorizes a request to the API (RFC 6750), and the 401 without one.

use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::context::RequestContext;
use super::{api_response, response};
use crate::fixture::ApiErrors;
use crate::flow::{TokenState, TokenStatus, UnknownToken, VerifiedToken, verify_token};
use crate::journal::CredentialState;
use crate::oauth::ErrorCode;
use crate::store::Found;

/// Why a request is not authorized.
#[derive(Debug, thiserror::Error)]
pub(super) enum BearerError {
    /// There is no token. RFC 6750, section 3.1 wants no error code then.
    #[error("The access token is missing: send Authorization: Bearer TOKEN.")]
    Missing,
    /// The `Authorization` header is not that of a bearer token.
    #[error("The Authorization header must be Bearer and one token.")]
    Malformed,
    /// The token is not one of this realm.
    #[error("The access token {0}.")]
    Unknown(UnknownToken),
    /// The token is a refresh token.
    #[error("The token is a refresh token; the API requires an access token.")]
    RefreshToken,
    /// The token is no longer valid.
    #[error("The access token {0}.")]
    Inactive(TokenState),
}

impl BearerError {
    /// Makes the 401. The challenge says what is wrong, whatever the body says.
    pub(super) fn response(&self, api_errors: ApiErrors) -> Response {
        let text = self.to_string();
        tracing::info!(status = 401, "resource: {text}");

        let (code, body) = match api_errors {
            ApiErrors::Rfc6750 => {
                ("invalid_token", json!({ "error": "invalid_token", "error_description": text }))
            }
            ApiErrors::Documented => {
                let (code, rmsg) = self.rmsg();
                (code, json!({ "response": { "rmsg": rmsg } }))
            }
            ApiErrors::String => {
                let (code, rmsg) = self.rmsg();
                let rmsg = rmsg.as_str().map_or_else(|| rmsg.to_string(), str::to_owned);
                (code, json!({ "response": { "rmsg": rmsg } }))
            }
        };

        let mut response = api_response::json(401, &body);
        response::tag_error(&mut response, &ErrorCode::from(code), None, &text);
        let challenge = match self {
            Self::Missing => "Bearer realm=\"smartpay-oauth-mock\"".to_owned(),
            _ => format!(
                "Bearer realm=\"smartpay-oauth-mock\", error=\"invalid_token\", \
                 error_description=\"{text}\""
            ),
        };
        response::put_header(&mut response, header::WWW_AUTHENTICATE, &challenge);
        response
    }

    /// Returns the error for the journal, and the value of `rmsg` (sources D and K).
    fn rmsg(&self) -> (&'static str, Value) {
        let code = match self {
            Self::Missing
            | Self::Malformed
            | Self::RefreshToken
            | Self::Unknown(UnknownToken::Invalid(_) | UnknownToken::Unavailable(_)) => {
                return ("Authentication Failed", "Authentication Failed".into());
            }
            Self::Unknown(UnknownToken::OtherRealm { is_expired: true })
            | Self::Inactive(TokenState::Expired) => "ACCESS_TOKEN_EXPIRED",
            Self::Unknown(UnknownToken::OtherRealm { is_expired: false }) | Self::Inactive(_) => {
                "UNAUTHORIZED_PARTNER"
            }
        };
        (code, json!({ "error": code, "error_description": code }))
    }
}

/// Verifies the token in the `Authorization` header, without a look into the grant store.
pub(super) fn verify_bearer(
    context: &RequestContext,
    headers: &HeaderMap,
) -> Result<VerifiedToken, BearerError> {
    let token = bearer_token(headers)?;
    context.recorder.bearer(token);

    verify_token(&context.realm, &context.app.key, token)
        .inspect_err(|error| record_unknown(context, error))
        .map_err(BearerError::Unknown)
}

/// Returns the status of the access token that authorizes a request, by what the grant store knows.
pub(super) fn authorize(
    context: &RequestContext,
    token: VerifiedToken,
    found: Found,
) -> Result<TokenStatus, BearerError> {
    let status = token.status(&context.realm, found);
    record_status(context, &status);
    if status.claims.is_refresh_token() {
        return Err(BearerError::RefreshToken);
    }
    match status.state {
        TokenState::Active => Ok(status),
        state => Err(BearerError::Inactive(state)),
    }
}

fn record_unknown(context: &RequestContext, error: &UnknownToken) {
    if matches!(error, UnknownToken::OtherRealm { is_expired: true }) {
        context.recorder.credential(CredentialState::Expired);
    }
}

fn record_status(context: &RequestContext, status: &TokenStatus) {
    let recorder = &context.recorder;
    recorder.grant(status.grant.id);
    if status.claims.is_refresh_token() {
        return;
    }

    recorder.facts(|facts| {
        facts.presented_iat_ms = Some(status.claims.iat);
        facts.presented_expiry_ms = Some(status.expires_at_ms);
    });
    match status.state {
        TokenState::Expired => recorder.credential(CredentialState::Expired),
        TokenState::Revoked(_) => recorder.credential(CredentialState::Revoked),
        _ => {}
    }
}

/// Reads the token in the `Authorization` header (RFC 6750, section 2.1). RFC 9110, section 11.4
/// allows more than one space after the scheme.
fn bearer_token(headers: &HeaderMap) -> Result<&str, BearerError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(BearerError::Missing)?;
    let text = value.to_str().map_err(|_| BearerError::Malformed)?;

    // Another scheme is no attempt to send a bearer token.
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(BearerError::Missing);
    }

    let token = token.trim_start_matches(' ');
    let is_token = !token.is_empty()
        && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b));
    if is_token && values.next().is_none() { Ok(token) } else { Err(BearerError::Malformed) }
}
