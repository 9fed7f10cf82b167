//! Serving one connection, over HTTP/1.1 or HTTP/2, and letting it go.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;

use super::accept::{Serving, stopping};
use crate::faults::{Wire, WireFault};
use crate::http::{Connection, serve};

/// How long a client may take to send the head of a request, or keep a connection idle.
const HEAD_PATIENCE: Duration = Duration::from_secs(60);
/// About the largest head of a request: the room that hyper reads it into.
const HEAD_LIMIT: usize = 64 * 1024;
/// How many requests of one HTTP/2 connection are answered at once.
const MOST_STREAMS: u32 = 200;
/// How long the first request of a new connection is waited for once it is time to stop.
const LAST_CALL: Duration = Duration::from_millis(250);
/// How long the last bytes of an answer may take once it is time to stop.
const FLUSH: Duration = Duration::from_millis(300);

/// What is going on on a connection.
#[derive(Default)]
struct State {
    in_flight: AtomicUsize,
    /// Whether a request has come at all.
    begun: AtomicBool,
    /// What ends it in place of an answer.
    fault: OnceLock<WireFault>,
}

/// A request on its way to an answer.
type Answering = Pin<Box<dyn Future<Output = io::Result<Response>> + Send>>;

/// Answers one request. An error ends the connection, or, over HTTP/2, the request's stream.
async fn answer(
    serving: Serving,
    mut connection: Connection,
    state: Arc<State>,
    request: hyper::Request<Incoming>,
) -> io::Result<Response> {
    state.begun.store(true, Ordering::Release);
    // A realm that is gone closes its port; nobody else answers there meanwhile.
    connection.realm = match serving.realm.as_ref().map(Weak::upgrade) {
        None => None,
        Some(Some(realm)) => Some(realm),
        Some(None) => return Err(io::Error::other("the realm was removed")),
    };
    state.in_flight.fetch_add(1, Ordering::AcqRel);
    let counted = Counted(Arc::clone(&state));
    let response = serve(&serving.app, &serving.router, connection, request.map(Body::new)).await;
    match response.extensions().get::<WireFault>() {
        None => Ok(response),
        // The client ends it: hyper drops this when the connection closes.
        Some(WireFault::Hang) => {
            drop(counted);
            std::future::pending().await
        }
        Some(&other) => {
            let _ = state.fault.set(other);
            Err(io::Error::other("a fault on purpose"))
        }
    }
}

/// Answers the requests of a connection, one after the other or, over HTTP/2, at once.
fn service(
    serving: Serving,
    connection: Connection,
    state: Arc<State>,
) -> impl HttpService<Incoming, ResBody = Body, Error = io::Error, Future = Answering> {
    service_fn(move |request| -> Answering {
        Box::pin(answer(serving.clone(), connection.clone(), Arc::clone(&state), request))
    })
}

/// Takes a request off the count when it has been answered, or dropped.
struct Counted(Arc<State>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Serves a connection over HTTP/1.1 until the client closes it or it is time to stop. Then a
/// request that has arrived is answered, and half of one is not waited for.
pub(super) async fn serve_http1<S: Wire>(stream: S, connection: Connection, serving: Serving) {
    let mut stop = serving.stop.clone();
    let state = Arc::new(State::default());
    let service = service(serving, connection, Arc::clone(&state));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(HEAD_LIMIT)
        .title_case_headers(true)
        .serve_connection(TokioIo::new(stream), service);
    let running = tokio::select! {
        served = poll_fn(|cx| connection.poll_without_shutdown(cx)) => Some(served),
        () = stopping(&mut stop) => None,
    };
    let served = match running {
        Some(served) => served,
        None => {
            // Whoever has just connected, and whose request has not been read yet, still gets an
            // answer.
            let mut served = None;
            if !state.begun.load(Ordering::Acquire) {
                let last_call = poll_fn(|cx| connection.poll_without_shutdown(cx));
                served = tokio::time::timeout(LAST_CALL, last_call).await.ok();
            }
            Pin::new(&mut connection).graceful_shutdown();
            if served.is_none() {
                served = flush(&state, |cx| connection.poll_without_shutdown(cx)).await;
            }
            served.unwrap_or(Ok(()))
        }
    };
    let mut stream = connection.into_parts().io.into_inner();
    match (state.fault.get(), served) {
        (Some(fault), _) => fault.end(stream).await,
        // A client that breaks off is its own affair.
        (None, Err(error)) => tracing::debug!("connection: {error}"),
        // A client that has gone already has nothing to be told.
        (None, Ok(())) => drop(stream.shutdown().await),
    }
}

/// Serves a connection over HTTP/2. A fault that would end the connection resets the request's
/// stream: the connection may carry others.
pub(super) async fn serve_http2<S: Wire>(stream: S, connection: Connection, serving: Serving) {
    let mut stop = serving.stop.clone();
    let state = Arc::new(State::default());
    let service = service(serving, connection, Arc::clone(&state));
    let mut connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(HEAD_PATIENCE)
        .max_concurrent_streams(MOST_STREAMS)
        .max_header_list_size(HEAD_LIMIT as u32)
        .serve_connection(TokioIo::new(stream), service);
    let served = tokio::select! {
        served = &mut connection => Some(served),
        () = stopping(&mut stop) => None,
    };
    let served = match served {
        Some(served) => Some(served),
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            flush(&state, |cx| Pin::new(&mut connection).poll(cx)).await
        }
    };
    if let Some(Err(error)) = served {
        tracing::debug!("connection: {error}");
    }
}

/// Waits for what is in flight, and for the last bytes of it.
async fn flush<T>(state: &State, mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Option<T> {
    loop {
        match tokio::time::timeout(FLUSH, poll_fn(&mut poll)).await {
            Ok(served) => return Some(served),
            Err(_) if state.in_flight.load(Ordering::Acquire) > 0 => {}
            Err(_) => return None,
        }
    }
}
