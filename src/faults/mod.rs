//! Faults on the wire, a file each: what a client sees when a server or its network breaks.
//!
//! Two are made of a body that misbehaves; the others end the connection, which only whoever owns
//! it can do. A handler asks for one of those by a [`WireFault`] in its answer.

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

/// A fault that ends the connection in place of the answer that it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WireFault {
    Reset,
    Empty,
    Garbage,
    Hang,
}

impl WireFault {
    /// Ends a connection so. A client that hangs is its own master: nothing is to be done then.
    pub(crate) async fn end(self, stream: impl Wire) {
        match self {
            Self::Reset => connection_reset::end(stream),
            Self::Empty => empty_response::end(stream),
            Self::Garbage => garbage::end(stream).await,
            Self::Hang => {}
        }
    }
}

/// An answer as the fault leaves it.
pub(crate) async fn apply(fault: Fault, interval: Duration, mut response: Response) -> Response {
    let on_wire = match fault {
        Fault::TruncatedBody => return truncated_body::truncate(response).await,
        Fault::SlowBody => return slow_body::slow_down(response, interval).await,
        Fault::ConnectionReset => WireFault::Reset,
        Fault::EmptyResponse => WireFault::Empty,
        Fault::Garbage => WireFault::Garbage,
        Fault::Hang => WireFault::Hang,
    };
    response.extensions_mut().insert(on_wire);
    response
}
