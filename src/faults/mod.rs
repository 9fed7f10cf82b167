//! Faults on the wire, one per file: what a client sees when a server or its network breaks.
//!
//! Two faults replace the body of the response. The others end the connection, which only its owner
//! can do: a handler requests one with a [`WireFault`] among the extensions of its response.

mod connection_reset;
mod empty_response;
mod garbage;
mod slow_body;
mod truncated_body;
mod wire;

use std::time::Duration;

use axum::response::Response;

pub(crate) use wire::Wire;

use crate::scenario::Fault;

/// A fault that ends the connection in place of the response that it is an extension of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WireFault {
    Reset,
    Empty,
    Garbage,
    Hang,
}

impl WireFault {
    /// Ends a connection with this fault. A connection that hangs is ended by its client.
    pub(crate) async fn end(self, stream: impl Wire) {
        match self {
            Self::Reset => connection_reset::end(stream),
            Self::Empty => empty_response::end(stream),
            Self::Garbage => garbage::end(stream).await,
            Self::Hang => {}
        }
    }
}

/// Applies a fault to a response. `interval` is the time between two bytes of `slow_body`.
pub(crate) async fn apply(fault: Fault, interval: Duration, mut response: Response) -> Response {
    let wire_fault = match fault {
        Fault::TruncatedBody => return truncated_body::truncate(response).await,
        Fault::SlowBody => return slow_body::slow_down(response, interval).await,
        Fault::ConnectionReset => WireFault::Reset,
        Fault::EmptyResponse => WireFault::Empty,
        Fault::Garbage => WireFault::Garbage,
        Fault::Hang => WireFault::Hang,
    };

    response.extensions_mut().insert(wire_fault);
    response
}
