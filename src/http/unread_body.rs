//! The part of a request's body that no handler has read.
//!
//! A connection that is to serve another request must be past the body of the last one. Many clients
//! also look for a response only once they have sent everything, and some, such as curl 7, fail over
//! HTTP/2 if the stream of their request is reset, although the response is complete.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;
use tokio_stream::StreamExt;

/// The maximum number of bytes that are discarded.
const MAX_DISCARDED: usize = 64 * 1024 * 1024;
/// The maximum time for discarding them.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(2);

/// Gets back the body of a request from its handler.
#[derive(Debug)]
pub(crate) struct UnreadBody {
    returned: Arc<Mutex<Option<ReturnedBody>>>,
    /// The client sends the body only when the server begins to read it.
    waits_for_continue: bool,
}

#[derive(Debug)]
struct ReturnedBody {
    body: Body,
    /// Whether the handler has begun to read it.
    is_begun: bool,
}

impl UnreadBody {
    /// Returns the request, whose body comes back when its handler drops it.
    pub(crate) fn of(request: Request) -> (Request, Self) {
        let unread = Self {
            returned: Arc::default(),
            waits_for_continue: request.headers().contains_key(header::EXPECT),
        };
        if request.body().is_end_stream() {
            return (request, unread);
        }

        let returned = Arc::clone(&unread.returned);
        let request = request.map(|body| {
            Body::new(LentBody { lent: ReturnedBody { body, is_begun: false }, returned })
        });
        (request, unread)
    }

    /// Reads what is unread and discards it, within bounds. Returns whether the body is at its end, so
    /// that the connection can serve another request.
    pub(crate) async fn discard(self) -> bool {
        let Some(ReturnedBody { body, is_begun }) = self.returned.lock().take() else {
            return true;
        };
        // To read it would ask the client to send it.
        if self.waits_for_continue && !is_begun {
            return false;
        }
        if body.size_hint().lower() > MAX_DISCARDED as u64 {
            return false;
        }

        let mut rest = Limited::new(body, MAX_DISCARDED).into_data_stream();
        let discard_all = rest.all(|piece| piece.is_ok());
        tokio::time::timeout(DISCARD_TIMEOUT, discard_all).await.unwrap_or(false)
    }
}

/// A body that is returned when it is dropped.
struct LentBody {
    lent: ReturnedBody,
    returned: Arc<Mutex<Option<ReturnedBody>>>,
}

impl HttpBody for LentBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.lent.is_begun = true;
        Pin::new(&mut self.lent.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.lent.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.lent.body.size_hint()
    }
}

impl Drop for LentBody {
    fn drop(&mut self) {
        let body = std::mem::take(&mut self.lent.body);
        if !body.is_end_stream() {
            let is_begun = self.lent.is_begun;
            *self.returned.lock() = Some(ReturnedBody { body, is_begun });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: &'static str, expect: bool) -> Request {
        let request = axum::http::Request::post("/");
        let request = if expect { request.header("Expect", "100-continue") } else { request };
        request.body(Body::from(body)).unwrap()
    }

    #[tokio::test]
    async fn what_a_handler_leaves_is_discarded() {
        for read_first in [false, true] {
            let (request, unread) = UnreadBody::of(request("abc", false));
            let mut body = request.into_body();
            if read_first {
                assert!(body.frame().await.unwrap().is_ok());
            }
            drop(body);
            assert!(unread.discard().await);
        }
    }

    #[tokio::test]
    async fn a_client_is_not_asked_to_send_a_body_that_is_not_read() {
        let (request, unread) = UnreadBody::of(request("abc", true));
        drop(request);
        assert!(!unread.discard().await);
    }
}
