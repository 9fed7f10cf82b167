//! `slow_body`: the whole body, one byte per interval.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio_stream::StreamExt;

/// Returns the response with a body that is sent byte by byte.
pub(super) async fn slow_down(response: Response, interval: Duration) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));

    let single_bytes = (0..bytes.len()).map(move |index| {
        let byte: Bytes = bytes.slice(index..=index);
        Ok::<_, Infallible>(Frame::data(byte))
    });
    let delayed = tokio_stream::iter(single_bytes).then(move |frame| async move {
        tokio::time::sleep(interval).await;
        frame
    });

    Response::from_parts(parts, Body::new(StreamBody::new(delayed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_byte_is_a_frame_of_its_own() {
        let response = slow_down(Response::new(Body::from("abc")), Duration::ZERO).await;
        let mut body = response.into_body();
        for expected in [b"a", b"b", b"c"] {
            let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
            assert_eq!(&frame[..], expected);
        }
        assert!(body.frame().await.is_none());
    }
}
