//! Reading the body of a control call: JSON, of bounded size, with nothing unknown in it.

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::problem::Problem;
use crate::fixture::read_text;
use crate::http::body::{self, Unread};

/// The largest body of a control call: a set of fixtures may be large.
const LIMIT: usize = 8 * 1024 * 1024;

/// Reads a body as the JSON of a type; every member that is wrong is named.
pub(super) async fn read<T>(headers: &HeaderMap, body: Body) -> Result<T, Problem>
where
    T: for<'de> Deserialize<'de>,
{
    let text = text(headers, body).await?;
    read_text(&text).map_err(Problem::of_mistakes)
}

/// Reads a body that is JSON.
pub(super) async fn text(headers: &HeaderMap, mut body: Body) -> Result<String, Problem> {
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
    let read = body::read(&mut body, LIMIT).await;
    if read.is_err() && !headers.contains_key(header::EXPECT) {
        body::drain(&mut body).await;
    }
    let bytes = read.map_err(|unread| match unread {
        Unread::TooLarge => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 8 MiB.")
        }
        Unread::TooSlow => {
            Problem::new(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time.")
        }
        Unread::Broken => {
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
