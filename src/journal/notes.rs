//! Notes on what a request would meet at the real server. Each note says what was seen, and what
//! would be right.

use std::borrow::Cow;

use super::{Correlation, RecordedEndpoint, RequestInfo};
use crate::oauth::SecretSlip;

/// The maximum length of a common name that the vendor accepts (source K).
const MAX_COMMON_NAME: usize = 40;

/// The text of a note. Most are constants and need no allocation.
pub(super) type Note = Cow<'static, str>;

const PLAIN_HTTP: &str = "The request used plain HTTP. The real server accepts HTTPS only.";
const NO_CERTIFICATE: &str = "The connection has no client certificate. The real server requires \
    mutual TLS and would reject the TLS handshake.";
const NO_COMMON_NAME: &str = "The client certificate has no common name. The vendor identifies \
    clients by their common name.";
const NO_CORRELATION_ID: &str = "The request has no v-c-client-correlation-id header. The vendor \
    recommends a unique value for each request, so that both sides can find it in their logs.";
const MALFORMED_CORRELATION_ID: &str = "The v-c-client-correlation-id header has another form than \
    the vendor's SDKs accept: 36 characters of A-Z a-z 0-9 . - _ :, such as a UUID.";
const BASIC: &str = "The request has an Authorization header with Basic credentials. The vendor \
    documents client_id and client_secret in the body only; the setting dialect: rfc6749 accepts \
    the header, too.";
const OTHER_TOKEN_PATH: &str = "The path is /oauth/v3/token, which the vendor's documentation has in \
    its text only. Its samples use /oauth2/v3/token.";
pub(super) const REFRESH_TOKEN_AS_CODE: &str = "The refresh token was sent as code, as in one sample of \
    the vendor's documentation. Its pages on refreshing and its SDKs send it as refresh_token.";
pub(super) const CODE_AND_REFRESH_TOKEN: &str = "The request has both code and refresh_token. The \
    vendor documents no request with both; send the one that the grant_type needs.";
pub(super) const REDIRECT_URI: &str = "The request has redirect_uri. The vendor's name of this \
    parameter is redirect_url.";
pub(super) const SELECTED: &str = "The x-mock-scenario header selected the response. The real \
    server does not know this header.";
pub(super) const EXHAUSTED: &str = "The x-mock-scenario header names a scenario that has no \
    matches left. The request got the ordinary response.";
const NOT_DOCUMENTED: &str = "The vendor documents no such endpoint. This server has it because \
    standard OAuth libraries expect it; do not depend on it.";
const RFC_AUTHORIZE: &str = "The vendor documents no such endpoint. Its authorize endpoint is \
    /ebc2/oauth/authorize, with sub=oauth and redirect_url.";
const UNKNOWN_PATH: &str = "No endpoint has this path here. The token endpoint is /oauth2/v3/token; \
    fixtures can add paths of the vendor's API as resources.";
const NO_STATE: &str = "The request has no state parameter. Without it, a client cannot detect a \
    forged redirect (RFC 6749, section 10.12).";
pub(super) const TOOK_EFFECT: &str = "The request took effect before the scenario replaced its \
    response. A redeemed code stays redeemed and issued tokens stay issued, but the client does not \
    know; its next attempt meets the new state.";
pub(super) const CLOSED_EARLY: &str = "The client closed the connection before it got a response.";
pub(super) const SERVER_STOPPED: &str = "The server stopped before it answered.";
pub(super) const MOCK_CONSENT: &str = "The parameters mock_consent and mock_merchant are this \
    server's own. The real server does not know them; there, only the merchant decides.";

/// Returns a note on a correlation ID that another request had.
pub(super) fn repeated_correlation_id(other: u64) -> Note {
    format!(
        "The v-c-client-correlation-id is also that of request #{other}. The vendor recommends a \
         unique value for each request."
    )
    .into()
}

/// Returns a note on a client secret that is right but for a slip.
pub(super) fn secret_slip(slip: SecretSlip) -> Note {
    format!("client_secret is wrong, but {slip}.").into()
}

/// Returns a note on a parameter that is not documented.
pub(super) fn unknown_parameter(name: &str, similar: Option<&str>) -> Note {
    let hint = similar.map(|name| format!(" Did you mean {name}?")).unwrap_or_default();
    format!(
        "The request has {name}, which is not a documented parameter of this endpoint. The real \
         server may reject or ignore it.{hint}"
    )
    .into()
}

/// Returns a note on further parameters that are not documented.
pub(super) fn more_unknown_parameters(count: usize) -> Note {
    format!("The request has {count} more parameters that are not documented.").into()
}

/// Returns the notes on how a request arrived.
pub(super) fn on_arrival(
    request: &RequestInfo,
    endpoint: RecordedEndpoint,
    has_state: Option<bool>,
) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    if request.scheme == "http" {
        notes.push(PLAIN_HTTP.into());
    }

    match endpoint {
        RecordedEndpoint::Unknown => notes.push(UNKNOWN_PATH.into()),
        // A browser sends this request, so the client's certificate and headers are not expected.
        RecordedEndpoint::Authorize => {
            if request.path.starts_with("/oauth2/") {
                notes.push(RFC_AUTHORIZE.into());
            }
            if has_state == Some(false) {
                notes.push(NO_STATE.into());
            }
        }
        RecordedEndpoint::Introspect
        | RecordedEndpoint::Revoke
        | RecordedEndpoint::Jwks
        | RecordedEndpoint::Metadata => notes.push(NOT_DOCUMENTED.into()),
        RecordedEndpoint::Resource => notes.extend(on_certificate(request.certificate.as_deref())),
        RecordedEndpoint::Token => {
            notes.extend(on_certificate(request.certificate.as_deref()));
            if request.path == "/oauth/v3/token" {
                notes.push(OTHER_TOKEN_PATH.into());
            }
            match request.correlation {
                Correlation::Missing => notes.push(NO_CORRELATION_ID.into()),
                Correlation::Malformed => notes.push(MALFORMED_CORRELATION_ID.into()),
                Correlation::Valid => {}
            }
        }
    }

    if request.has_basic && endpoint != RecordedEndpoint::Resource {
        notes.push(BASIC.into());
    }
    notes
}

fn on_certificate(common_name: Option<&str>) -> Option<Note> {
    let Some(common_name) = common_name else { return Some(NO_CERTIFICATE.into()) };
    if common_name.is_empty() {
        return Some(NO_COMMON_NAME.into());
    }

    let length = common_name.chars().count();
    (length > MAX_COMMON_NAME).then(|| {
        format!(
            "The common name of the client certificate has {length} characters. The vendor \
             accepts at most {MAX_COMMON_NAME}."
        )
        .into()
    })
}
