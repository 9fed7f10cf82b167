//! JSON bodies: requests are read within the server's limits and responses are written.

use axum::body::HttpBody;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::sync::Arc;

use super::problem::{Problem, bad_request};
use crate::fixture::{FixtureErrors, read_text};
use crate::http::app::App;
use crate::http::body::{self, BodyError, BodyKind};
use crate::http::response;

/// A JSON body. As an extractor, it rejects a request with a problem that names every wrong member.
pub(super) struct Json<T>(pub(super) T);

/// The text of a JSON body, for handlers whose reader reports positions in the text.
pub(super) struct JsonText(pub(super) String);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let JsonText(text) = JsonText::from_request(request, app).await?;
        Ok(Self(read_text(&text).map_err(FixtureErrors)?))
    }
}

impl FromRequest<Arc<App>> for JsonText {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let (parts, mut body) = request.into_parts();
        // An absent body means the same as an empty object.
        if body.is_end_stream() {
            return Ok(Self("{}".to_owned()));
        }
        require_json(&parts.headers)?;

        let read = body::read(&mut body, BodyKind::Control, &app.limits).await;
        if read.is_err() {
            body::discard(&parts.headers, &mut body).await;
        }
        let bytes = read.map_err(|error| unreadable(error, app.limits.limits().control_size))?;

        // Some clients send a byte order mark, which a server may ignore (RFC 8259, section 8.1).
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
        let text =
            String::from_utf8(bytes.into()).map_err(|_| bad_request("The body is not UTF-8."))?;
        // The fixture reader also accepts YAML; the control API accepts JSON only.
        serde_json::from_str::<IgnoredAny>(&text)
            .map_err(|error| bad_request(format!("The body is not valid JSON: {error}.")))?;
        Ok(Self(text))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        response::text(StatusCode::OK, "application/json", body)
    }
}

/// Refuses a body of another media type, or one that is compressed.
fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    if !media_type.trim().eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The Content-Type must be application/json.",
        ));
    }

    match body::content_coding(headers) {
        None => Ok(()),
        Some(coding) => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("The Content-Encoding {coding} is not supported; send the body without one."),
        )),
    }
}

fn unreadable(error: BodyError, max_size: usize) -> Problem {
    match error {
        BodyError::TooLarge => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!(
                "The body is larger than {max_size} bytes; --limit control_size=... raises this limit."
            ),
        ),
        BodyError::TooSlow => {
            Problem::new(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time.")
        }
        BodyError::Broken => bad_request("The body ended before it was complete."),
    }
}
