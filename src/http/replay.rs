//! Repeats a request whose realm another replica of a shared store has changed meanwhile.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::Uri;
use axum::http::request::Parts;
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;

/// A request that can be handled again: what was read of its body is kept. Handlers read no more than a
/// limit.
pub(super) struct Replay {
    parts: Parts,
    body: Arc<Mutex<KeptBody>>,
}

struct KeptBody {
    read: Vec<Bytes>,
    rest: Body,
}

/// The body from its start: what was read before, then the rest.
struct ReplayedBody {
    kept: Arc<Mutex<KeptBody>>,
    /// The number of pieces that this reader has had.
    position: usize,
}

impl Replay {
    /// Takes a request apart, so that it can be made several times.
    pub(super) fn of(request: Request) -> Self {
        let (mut parts, rest) = request.into_parts();
        // They belong to one attempt.
        parts.extensions.clear();
        Self { parts, body: Arc::new(Mutex::new(KeptBody { read: Vec::new(), rest })) }
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.parts.uri
    }

    /// Makes the request.
    pub(super) fn request(&self) -> Request {
        let body = ReplayedBody { kept: Arc::clone(&self.body), position: 0 };
        Request::from_parts(self.parts.clone(), Body::new(body))
    }
}

impl HttpBody for ReplayedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let kept = Arc::clone(&self.kept);
        let mut kept = kept.lock();
        if let Some(piece) = kept.read.get(self.position) {
            self.position += 1;
            return Poll::Ready(Some(Ok(Frame::data(piece.clone()))));
        }

        let frame = std::task::ready!(Pin::new(&mut kept.rest).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(piece) = frame.data_ref()
        {
            kept.read.push(piece.clone());
            self.position += 1;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        let kept = self.kept.lock();
        self.position >= kept.read.len() && kept.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let kept = self.kept.lock();
        let read: usize = kept.read.iter().skip(self.position).map(Bytes::len).sum();
        let rest = kept.rest.size_hint();

        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower() + read as u64);
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + read as u64);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    async fn text(request: Request) -> String {
        let bytes = request.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_request_can_be_read_again_from_its_start() {
        let request = Request::post("/x?y").header("a", "b").body(Body::from("text")).unwrap();
        let replay = Replay::of(request);

        let mut partly_read = replay.request();
        partly_read.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(text(replay.request()).await, "text");
        let again = replay.request();
        assert_eq!(
            (again.uri().to_string(), &again.headers()["a"]),
            ("/x?y".into(), &"b".parse().unwrap())
        );
        assert_eq!(text(again).await, "text");
    }
}
