//! The case of header names in HTTP/1.1 responses.
//!
//! hyper writes every name in title case, as the page does: `Content-Type`. The vendor's own headers
//! are in lower case, and `WWW-Authenticate` has its own spelling. hyper knows such exceptions only
//! from a message that it has read, so it reads one here, once, and its extensions are copied to
//! responses.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, LazyLock, OnceLock};
use std::task::{Context, Waker};

use axum::body::Body;
use axum::http::Extensions;
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

/// A request with the exceptions, in their documented spelling.
const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nv-c-client-correlation-id: \r\nv-c-correlation-id: \r\nWWW-Authenticate: \r\n\r\n";

static EXCEPTIONS: LazyLock<Extensions> = LazyLock::new(read_exceptions);

/// Makes hyper write the exceptions in their documented case.
pub(super) fn keep_documented_case<B>(response: &mut Response<B>) {
    response.extensions_mut().extend(EXCEPTIONS.clone());
}

/// Returns the extensions of [`REQUEST`] as hyper reads it. They hold the case of its header names.
fn read_exceptions() -> Extensions {
    let read = Arc::new(OnceLock::new());
    let service = service_fn(|request: hyper::Request<_>| {
        let _ = read.set(request.extensions().clone());
        async { Ok::<_, Infallible>(Response::new(Body::empty())) }
    });

    // Everything is in memory, so hyper reads the request when it is polled once.
    let stream = TokioIo::new(tokio::io::join(REQUEST, tokio::io::sink()));
    let connection =
        http1::Builder::new().preserve_header_case(true).serve_connection(stream, service);
    let _ = pin!(connection).poll(&mut Context::from_waker(Waker::noop()));

    read.get().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hyper_reads_the_case_in_one_poll() {
        assert!(!EXCEPTIONS.is_empty());
    }
}
