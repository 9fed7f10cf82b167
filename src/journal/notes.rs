//! Notes on what the real server would reject, and what the vendor discourages. Each note says what
//! was observed and what is expected.

use std::borrow::Cow;

use super::{RecordedEndpoint, RequestInfo};
use crate::oauth::SecretMistake;

/// The maximum length of a common name that the vendor accepts (source D).
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
pub(super) const EXHAUSTED: &str = "The x-mock-scenario header names a scenario that has ended \
    or has no matches left. The request got the ordinary response.";
const NOT_DOCUMENTED: &str = "The vendor documents no such endpoint. This server has it because \
    standard OAuth libraries expect it; do not depend on it.";
const RFC_AUTHORIZE: &str = "The vendor documents no such endpoint. Its authorize endpoint is \
    /ebc2/oauth/authorize, with sub=oauth and redirect_url.";
const UNKNOWN_PATH: &str = "There is no endpoint for this method and path. The token endpoint is \
    POST /oauth2/v3/token; fixtures can add paths of the vendor's API as resources.";
const PORTAL: &str = "This port serves the consent pages and the console only. At the real server, too, the token \
    endpoint and the API are at other hosts than the consent page.";
const NO_STATE: &str = "The request has no state parameter. Without it, a client cannot detect a \
    forged redirect (RFC 6749, section 10.12).";
pub(super) const OTHER_CHARSET: &str = "The Content-Type declares another charset than UTF-8. It \
    makes no difference while the body is ASCII, but forms are UTF-8: declare that, or nothing.";
pub(super) const TOOK_EFFECT: &str = "The request took effect before the scenario replaced its \
    response. Codes are redeemed and tokens are issued, but the client was not informed; its \
    next attempt sees the new state.";
pub(super) const CLOSED_EARLY: &str =
    "The client closed the connection before it received a response.";
pub(super) const SERVER_STOPPED: &str = "The server stopped before it sent a response.";
pub(super) const MOCK_CONSENT: &str = "The parameters mock_consent and mock_merchant are this \
    server's own. The real server does not know them; there, only the merchant decides.";

/// Returns a note on a correlation ID that another request has.
pub(super) fn repeated_correlation_id(other: u64) -> Note {
    format!(
        "The v-c-client-correlation-id is also that of request #{other}. The vendor recommends a \
         unique value for each request."
    )
    .into()
}

/// Returns a note on a client secret that is right but for a mistake.
pub(super) fn secret_mistake(mistake: SecretMistake) -> Note {
    format!("client_secret is wrong, but {mistake}.").into()
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
        RecordedEndpoint::Unknown if request.is_portal => notes.push(PORTAL.into()),
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
            notes.extend(on_correlation_id(request.correlation_id.as_deref()));
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

fn on_correlation_id(id: Option<&str>) -> Option<Note> {
    match id {
        None | Some("") => Some(NO_CORRELATION_ID.into()),
        Some(id) if is_correlation_id(id) => None,
        Some(_) => Some(MALFORMED_CORRELATION_ID.into()),
    }
}

/// Returns whether an ID has the documented format: 36 characters of a limited set (source K).
fn is_correlation_id(id: &str) -> bool {
    id.len() == 36 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correlation_id_has_36_characters_of_a_limited_set() {
        for (id, expected) in [
            (None, Some(NO_CORRELATION_ID)),
            (Some(""), Some(NO_CORRELATION_ID)),
            (Some("id-7"), Some(MALFORMED_CORRELATION_ID)),
            (Some("9a341edd-3ceb-4b36-b423-9088e9bad5a0"), None),
            (Some("9a341edd-3ceb-4b36-b423-9088e9bad5a "), Some(MALFORMED_CORRELATION_ID)),
            (Some("9a341edd-3ceb-4b36-b423-9088e9bad5a01"), Some(MALFORMED_CORRELATION_ID)),
        ] {
            assert_eq!(on_correlation_id(id).as_deref(), expected, "{id:?}");
        }
    }
}
