//! `truncated_body`: half of the body that Content-Length announces, then a closed connection.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio_stream::{StreamExt, iter};

/// The time for the first half to be sent.
const FLUSH_TIME: Duration = Duration::from_millis(10);

/// Returns the response with a body that breaks off in the middle.
pub(super) async fn truncate(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));

    let half: Bytes = bytes.slice(..bytes.len() / 2);
    let frames = iter([Some(half), None]).then(|half| async {
        match half {
            Some(half) => Ok(Frame::data(half)),
            None => {
                // The first half must be sent before the connection breaks.
                tokio::time::sleep(FLUSH_TIME).await;
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, "truncated_body"))
            }
        }
    });

    Response::from_parts(parts, Body::new(StreamBody::new(frames)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
