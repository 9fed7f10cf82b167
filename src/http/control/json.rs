//! JSON bodies, and those that may also be YAML: requests are read within the server's limits, and
//! responses are written.

use axum::body::HttpBody;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::sync::Arc;

use super::blocking::read_blocking;
use super::problem::{Problem, bad_request};
use crate::fixture::read_text;
use crate::http::app::App;
use crate::http::body::{self, BodyError, BodyKind};
use crate::http::response;

/// A JSON body. As an extractor, it rejects a request with a problem that names every wrong member.
pub(super) struct Json<T>(pub(super) T);

/// The text of a JSON body, for handlers whose reader reports positions in the text.
pub(super) struct JsonText(pub(super) String);

/// The text of a body with fixtures, in JSON or YAML.
pub(super) struct FixturesText(pub(super) String);

/// A media type that the control API reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MediaType {
    Json,
    Yaml,
}

impl<T: DeserializeOwned + Send + 'static> FromRequest<Arc<App>> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let JsonText(text) = JsonText::from_request(request, app).await?;
        Ok(Self(read_blocking(text, read_text).await??))
    }
}

impl FromRequest<Arc<App>> for JsonText {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        match MediaType::of(request.headers()) {
            // An absent body means the same as an empty object.
            _ if request.body().is_end_stream() => Ok(Self("{}".to_owned())),
            Some(MediaType::Json) => read_json(request, app).await.map(Self),
            _ => Err(unsupported("The Content-Type must be application/json.")),
        }
    }
}

impl FromRequest<Arc<App>> for FixturesText {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        match MediaType::of(request.headers()) {
            _ if request.body().is_end_stream() => Ok(Self("{}".to_owned())),
            Some(MediaType::Json) => read_json(request, app).await.map(Self),
            Some(MediaType::Yaml) => read_body(request, app).await.map(Self),
            None => {
                Err(unsupported("The Content-Type must be application/json or application/yaml."))
            }
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        response::text(StatusCode::OK, "application/json", body)
    }
}

impl MediaType {
    /// Returns the media type of a body. YAML has the name of RFC 9512, or one of those that it
    /// replaces.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let media_type = content_type.split(';').next()?.trim().to_ascii_lowercase();
        match media_type.as_str() {
            "application/json" => Some(Self::Json),
            "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml" => {
                Some(Self::Yaml)
            }
            _ => None,
        }
    }
}

/// Reads a body that must be JSON: the reader of fixtures would also accept YAML.
async fn read_json(request: Request, app: &App) -> Result<String, Problem> {
    let text = read_body(request, app).await?;
    read_blocking(text, |text| {
        serde_json::from_str::<IgnoredAny>(text)
            .map(|_| text.to_owned())
            .map_err(|error| bad_request(format!("The body is not valid JSON: {error}.")))
    })
    .await?
}

async fn read_body(request: Request, app: &App) -> Result<String, Problem> {
    let (parts, mut body) = request.into_parts();
    if let Some(coding) = body::content_coding(&parts.headers) {
        return Err(unsupported(format!(
            "The Content-Encoding {coding} is not supported; send the body without one."
        )));
    }

    let bytes = body::read(&mut body, BodyKind::Control, &app.limits)
        .await
        .map_err(|error| unreadable(error, app.limits.limits().control_size))?;

    // Some clients send a byte order mark, which a server may ignore (RFC 8259, section 8.1).
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    String::from_utf8(bytes.into()).map_err(|_| bad_request("The body is not UTF-8."))
}

fn unsupported(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
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
