//! What a request would have met against the real server, told at the moment when it still costs
//! nothing. Each note says what was seen, and what would be right.

use std::borrow::Cow;

use super::RecordedEndpoint;
use super::recorder::{Correlation, RequestInfo};

/// The longest common name that the vendor takes (source K).
const LONGEST_NAME: usize = 40;

/// A note. Most are the same for every request, and cost nothing.
pub(super) type Note = Cow<'static, str>;

const PLAIN_HTTP: &str = "It came by plain HTTP. The real service speaks HTTPS only, so there this \
    request would not even connect.";
const NO_CERTIFICATE: &str = "The connection showed no client certificate. The real service demands \
    mutual TLS and would have ended the handshake.";
const NO_NAME: &str = "The client's certificate has no common name. The vendor knows its clients by \
    that name.";
const NO_CORRELATION_ID: &str = "It has no v-c-client-correlation-id header. The vendor recommends \
    one with a unique value per request; without it, neither side finds the request in the \
    other's log.";
const WRONG_CORRELATION_ID: &str = "Its v-c-client-correlation-id is not 36 characters of A-Z a-z \
    0-9 . - _ :, the form in which the vendor logs it; a UUID has that form.";
const BASIC: &str = "It has an Authorization header with Basic credentials. The documented service \
    reads client_id and client_secret from the body only; dialect: rfc6749 accepts the header.";
pub(super) const PICKED: &str = "Its x-mock-scenario header chose the answer. The real server does not know \
    this header.";
pub(super) const SPENT: &str = "Its x-mock-scenario header names a scenario that has had all its \
    matches, so the answer is the ordinary one.";
const NOT_DOCUMENTED: &str = "The vendor documents no such endpoint; it is here because standard \
    OAuth libraries expect it. Do not depend on it.";
const RFC_AUTHORIZE: &str = "The vendor documents no such endpoint; it sends merchants to \
    /ebc2/oauth/authorize, with sub=oauth and redirect_url.";
const NOTHING_HERE: &str = "Nothing answers at this path, here or at the real service. The token \
    endpoint is /oauth2/v3/token.";
const NO_STATE: &str = "It has no state. Without one, the partner cannot tell the merchant's \
    redirect from one that somebody else made up (RFC 6749, section 10.12).";
pub(super) const TOOK_EFFECT: &str = "The request took effect before the scenario put something \
    else in place of its answer: codes are spent, tokens are issued, and the client does not know. \
    A retry meets that.";
pub(super) const GAVE_UP: &str = "The client closed the connection before it was answered.";
pub(super) const MOCK_CONSENT: &str = "mock_consent or mock_merchant stood in for a merchant who \
    decides. The real server shows its consent page whatever is sent.";

/// A parameter that the server does not know.
pub(super) fn unknown_parameter(name: &str, near: Option<&str>) -> Note {
    let hint = near.map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
    format!(
        "It has {name}, which is not a documented parameter: the real server may refuse it, or \
         ignore it.{hint}"
    )
    .into()
}

/// There are more parameters of that kind.
pub(super) fn more_unknown(more: usize) -> Note {
    format!("It has {more} more parameters that are not documented.").into()
}

/// What can be told from how a request came.
pub(super) fn of_arrival(
    endpoint: RecordedEndpoint,
    request: &RequestInfo,
    has_state: bool,
) -> Vec<Note> {
    use RecordedEndpoint as At;
    let mut notes: Vec<Note> = Vec::new();
    if request.scheme == "http" {
        notes.push(PLAIN_HTTP.into());
    }
    match endpoint {
        At::Unknown => notes.push(NOTHING_HERE.into()),
        // What follows is about what the client's own program sends, not its merchant's browser.
        At::Authorize => {
            if request.path.starts_with("/oauth2/") {
                notes.push(RFC_AUTHORIZE.into());
            }
            if !has_state {
                notes.push(NO_STATE.into());
            }
        }
        At::Introspect | At::Revoke | At::Jwks | At::Metadata => notes.push(NOT_DOCUMENTED.into()),
        At::Token | At::Resource => {
            match &request.certificate {
                None => notes.push(NO_CERTIFICATE.into()),
                Some(name) => notes.extend(long_name(name)),
            }
            match request.correlation {
                Correlation::None => notes.push(NO_CORRELATION_ID.into()),
                Correlation::Malformed => notes.push(WRONG_CORRELATION_ID.into()),
                Correlation::Good => {}
            }
        }
    }
    if request.has_basic && endpoint != At::Resource {
        notes.push(BASIC.into());
    }
    notes
}

fn long_name(name: &str) -> Option<Note> {
    if name.is_empty() {
        return Some(NO_NAME.into());
    }
    let length = name.chars().count();
    (length > LONGEST_NAME).then(|| {
        format!(
            "The certificate's common name has {length} characters. The vendor takes at most \
             {LONGEST_NAME}."
        )
        .into()
    })
}
