//! A response body that keeps its request in flight until the body has been sent.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

use super::connections::InFlight;
use super::waiting_responses::ResponseProgress;

/// The maximum size of a piece that HTTP/2 gets at once, in bytes: that of a frame. h2 keeps a whole
/// piece in memory as soon as the client has room for one byte of it.
const MAX_PIECE: usize = 16 * 1024;

/// The body of a response to a request in flight.
#[derive(Debug)]
pub(super) struct TrackedBody {
    body: Body,
    /// The rest of the last frame of the body.
    rest: Bytes,
    /// Whether the client reads it; `None` over HTTP/1.1, where a limit on writing is enough.
    progress: Option<ResponseProgress>,
    /// Dropped with the body.
    _in_flight: InFlight,
}

impl TrackedBody {
    pub(super) fn new(body: Body, progress: Option<ResponseProgress>, in_flight: InFlight) -> Self {
        Self { body, rest: Bytes::new(), progress, _in_flight: in_flight }
    }

    /// Returns the first piece of data, and keeps what does not fit into it.
    fn first_piece(&mut self, mut data: Bytes) -> Frame<Bytes> {
        if self.progress.is_some() && data.len() > MAX_PIECE {
            self.rest = data.split_off(MAX_PIECE);
        }
        Frame::data(data)
    }
}

impl HttpBody for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let frame = if this.rest.is_empty() {
            match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => Poll::Ready(Some(Ok(this.first_piece(data)))),
                    Err(trailers) => Poll::Ready(Some(Ok(trailers))),
                },
                other => other,
            }
        } else {
            let rest = std::mem::take(&mut this.rest);
            Poll::Ready(Some(Ok(this.first_piece(rest))))
        };

        match (&this.progress, &frame) {
            (Some(progress), Poll::Pending) => progress.waits_for_server(),
            (Some(progress), Poll::Ready(_)) => progress.waits_for_client(),
            (None, _) => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.body.size_hint();
        let rest = self.rest.len() as u64;
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}
