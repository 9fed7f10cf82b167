//! `truncated_body`: half of the body that Content-Length announces, then a closed connection.

use std::io;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use tokio_stream::{StreamExt, iter};

/// The time for the first half to be sent.
const FLUSH_TIME: Duration = Duration::from_millis(10);

/// Returns the response with a body that breaks off in the middle.
pub(super) async fn truncate(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));

    let half = bytes.slice(..bytes.len() / 2);
    let pieces = iter([Some(half), None]).then(|half| async {
        match half {
            Some(half) => Ok(half),
            None => {
                // The first half must be sent before the connection breaks.
                tokio::time::sleep(FLUSH_TIME).await;
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, "truncated_body"))
            }
        }
    });

    Response::from_parts(parts, Body::from_stream(pieces))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn half_of_the_body_is_followed_by_an_error() {
        let response = truncate(Response::new(Body::from("0123456789"))).await;
        assert_eq!(response.headers()["content-length"], "10");
        let mut body = response.into_body();
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(&first[..], b"01234");
        assert!(body.frame().await.unwrap().is_err());
    }
}
