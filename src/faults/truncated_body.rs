//! `truncated_body`: half of the body that Content-Length promises, then the connection closes.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio_stream::{StreamExt, iter};

/// Time for the first half to leave.
const FLUSH: Duration = Duration::from_millis(10);

pub(super) async fn truncate(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    let half: Bytes = bytes.slice(..bytes.len() / 2);
    let frames = iter([Some(half), None]).then(|half| async {
        match half {
            Some(half) => Ok(Frame::data(half)),
            None => {
                // What was written before must be on its way when the connection breaks.
                tokio::time::sleep(FLUSH).await;
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, "truncated on purpose"))
            }
        }
    });
    Response::from_parts(parts, Body::new(StreamBody::new(frames)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn half_of_it_comes_and_then_an_error() {
        let response = truncate(Response::new(Body::from("0123456789"))).await;
        assert_eq!(response.headers()["content-length"], "10");
        let mut body = response.into_body();
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(&first[..], b"01234");
        assert!(body.frame().await.unwrap().is_err());
    }
}
