//! `slow_body`: the whole body, at one byte per interval.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio_stream::StreamExt;

pub(super) async fn slow_down(response: Response, interval: Duration) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    let one_by_one = (0..bytes.len()).map(move |at| {
        let byte: Bytes = bytes.slice(at..=at);
        Ok::<_, Infallible>(Frame::data(byte))
    });
    let slowly = tokio_stream::iter(one_by_one).then(move |frame| async move {
        tokio::time::sleep(interval).await;
        frame
    });
    Response::from_parts(parts, Body::new(StreamBody::new(slowly)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_byte_comes_by_itself() {
        let response = slow_down(Response::new(Body::from("abc")), Duration::ZERO).await;
        let mut body = response.into_body();
        for expected in [b"a", b"b", b"c"] {
            let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
            assert_eq!(&frame[..], expected);
        }
        assert!(body.frame().await.is_none());
    }
}
