//! `slow_body`: the whole body, one byte per interval.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use tokio_stream::StreamExt;

/// Returns the response with a body that is sent byte by byte.
pub(super) async fn slow_down(response: Response, interval: Duration) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));

    let single_bytes = (0..bytes.len()).map(move |index| bytes.slice(index..=index));
    let delayed = tokio_stream::iter(single_bytes).then(move |byte| async move {
        tokio::time::sleep(interval).await;
        Ok::<_, Infallible>(byte)
    });

    Response::from_parts(parts, Body::from_stream(delayed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

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
