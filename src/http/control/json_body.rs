//! Reading the body of a control call: JSON, of bounded size, with nothing unknown in it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::problem::Problem;
use crate::fixture::read_text;
use crate::http::App;
use crate::http::body::{self, BodyError, BodyKind};

/// The body of a call, not read yet.
pub(super) struct JsonBody {
    app: Arc<App>,
    headers: HeaderMap,
    body: Body,
}

impl FromRequest<Arc<App>> for JsonBody {
    type Rejection = Infallible;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Infallible> {
        let (parts, body) = request.into_parts();
        Ok(Self { app: Arc::clone(app), headers: parts.headers, body })
    }
}

impl JsonBody {
    /// Reads it as the JSON of a type; every member that is wrong is named.
    pub(super) async fn json<T>(self) -> Result<T, Problem>
    where
        T: for<'de> Deserialize<'de>,
    {
        let text = self.text().await?;
        read_text(&text).map_err(Problem::of_mistakes)
    }

    /// Reads it as text that is JSON.
    pub(super) async fn text(self) -> Result<String, Problem> {
        let Self { app, headers, mut body } = self;
        // No body at all is as good as an empty object.
        if body.is_end_stream() {
            return Ok("{}".to_owned());
        }
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The Content-Type must be application/json.",
            ));
        }
        let read = body::read(&mut body, BodyKind::Control, &app.limits).await;
        if read.is_err() && !headers.contains_key(header::EXPECT) {
            body::discard(&mut body).await;
        }
        let bytes = read.map_err(|unread| match unread {
            BodyError::TooLarge => Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!(
                    "The body is larger than {} bytes; --limit control_size=... sets that.",
                    app.limits.limits().control_size
                ),
            ),
            BodyError::TooSlow => {
                Problem::new(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time.")
            }
            BodyError::Broken => {
                Problem::new(StatusCode::BAD_REQUEST, "The body ended before it was complete.")
            }
        })?;
        let text = String::from_utf8(bytes.into())
            .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "The body is not UTF-8."))?;
        // The reader that knows pointers takes YAML as well; here only JSON is meant.
        serde_json::from_str::<IgnoredAny>(&text).map_err(|error| {
            Problem::new(StatusCode::BAD_REQUEST, format!("The body is not JSON: {error}."))
        })?;
        Ok(text)
    }
}
