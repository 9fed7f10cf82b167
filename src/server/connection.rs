//! Serves one connection over HTTP/1.1 or HTTP/2, and closes it.

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Version, header};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_io_timeout::TimeoutStream;

use super::connections::Slot;
use super::header_case::keep_documented_case;
use super::listener::ListenerContext;
use super::tracked_body::TrackedBody;
use super::waiting_responses::WaitingResponses;
use crate::faults::{Wire, WireFault};
use crate::http::{Connection, UnreadBody, has_one_host, is_short_control_call, response, serve};
use crate::limits::{Limit, LimitMonitor, Limits};

/// The time for the last bytes of a response when a connection is to close.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(300);

/// The maximum time and number of bytes for which a connection that cannot be used any more stays open,
/// until its client has read the last response.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_DISCARDED: u64 = 64 * 1024 * 1024;

/// What a connection and its requests share.
struct ConnectionState {
    slot: Arc<Slot>,
    /// The fault that ends the connection in place of a response.
    fault: OnceLock<WireFault>,
    /// The responses that the client has not read yet, over HTTP/2.
    waiting: Arc<WaitingResponses>,
    /// Whether the client may still be sending a body that is not read.
    has_unread_body: AtomicBool,
}

impl ConnectionState {
    fn new(slot: Arc<Slot>) -> Arc<Self> {
        Arc::new(Self {
            slot,
            fault: OnceLock::new(),
            waiting: Arc::default(),
            has_unread_body: AtomicBool::new(false),
        })
    }
}

type ResponseFuture = Pin<Box<dyn Future<Output = io::Result<Response<TrackedBody>>> + Send>>;

/// Responds to one request. An error ends the connection or, over HTTP/2, the request's stream.
async fn respond(
    context: ListenerContext,
    mut connection: Connection,
    state: Arc<ConnectionState>,
    request: hyper::Request<Incoming>,
) -> io::Result<Response<TrackedBody>> {
    connection.realm = match context.realm.as_ref().map(Weak::upgrade) {
        None => None,
        Some(Some(realm)) => Some(realm),
        // The realm's port is about to close. No other realm responds on it.
        Some(None) => return Err(io::Error::other("the realm was removed")),
    };
    let in_flight = state.slot.begin_request();
    let version = request.version();
    let (request, unread) = UnreadBody::of(request.map(Body::new));

    // While all connections are busy, those beyond the maximum serve calls of the control API only, so
    // that a test can always end what keeps the others busy.
    let needs_place = !is_short_control_call(request.uri().path());
    let refusal = match check_head(&context.app.limits, &request) {
        Ok(()) if needs_place && !state.slot.wait_for_place().await => {
            Some(Box::new(response::too_busy()))
        }
        checked => checked.err(),
    };
    let mut response = match refusal {
        None => serve(&context.app, &context.router, connection, request).await,
        Some(refusal) => {
            drop(request);
            *refusal
        }
    };
    let is_body_read = unread.discard().await;
    if !is_body_read {
        state.has_unread_body.store(true, Ordering::Relaxed);
    }

    // HTTP/2 has lower case only, and its connections carry other requests.
    if version < Version::HTTP_2 {
        keep_documented_case(&mut response);
        // Keeps the client from sending another request, which would be lost.
        if context.app.is_stopping() || !is_body_read {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }

    match response.extensions().get::<WireFault>() {
        None => {
            let progress = (version == Version::HTTP_2).then(|| state.waiting.begin());
            Ok(response.map(|body| TrackedBody::new(body, progress, in_flight)))
        }
        // hyper drops this future when the client closes the connection.
        Some(WireFault::Hang) => {
            drop(in_flight);
            std::future::pending().await
        }
        Some(&fault) => {
            let _ = state.fault.set(fault);
            Err(io::Error::other("a scenario's fault ends the connection"))
        }
    }
}

/// Returns the response to a request that cannot be served: its head is too large, or has no single
/// host.
fn check_head(limits: &LimitMonitor, request: &Request) -> Result<(), Box<Response>> {
    // hyper checks the size only when its buffer is full, which may be later.
    let max_head_size = limits.limits().head_size;
    if head_size(request) > max_head_size {
        limits.report(Limit::HeadSize);
        return Err(Box::new(response::large_head(max_head_size)));
    }

    if request.version() == Version::HTTP_11 && !has_one_host(request.headers()) {
        tracing::info!("a request does not have exactly one Host header with a host");
        return Err(Box::new(response::bad_host()));
    }
    Ok(())
}

/// Returns the size of a request's head as HTTP/1.1 would encode it, in bytes.
fn head_size(request: &Request) -> usize {
    let uri = request.uri();
    let target = uri.path().len() + uri.query().map_or(0, str::len);
    let headers = request.headers().iter();
    headers.map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>() + target
}

/// Returns the service that responds to the requests of a connection.
fn service(
    context: ListenerContext,
    connection: Connection,
    state: Arc<ConnectionState>,
) -> impl HttpService<Incoming, ResBody = TrackedBody, Error = io::Error, Future = ResponseFuture> {
    service_fn(move |request| -> ResponseFuture {
        Box::pin(respond(context.clone(), connection.clone(), Arc::clone(&state), request))
    })
}

/// Ends a connection whose client leaves responses unread for too long.
fn with_write_timeout<S: Wire>(stream: S, limits: &Limits) -> Pin<Box<TimeoutStream<S>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.write_time));
    Box::pin(stream)
}

/// Serves a connection over HTTP/1.1 until the client closes it, it is evicted, or the server shuts
/// down. Responds to a request that has arrived by then, but does not wait for the rest of one.
pub(super) async fn serve_http1<S: Wire>(
    stream: S,
    slot: Arc<Slot>,
    connection: Connection,
    context: ListenerContext,
) {
    let app = Arc::clone(&context.app);
    let limits = app.limits.limits();
    let state = ConnectionState::new(slot);
    let service = service(context, connection, Arc::clone(&state));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(limits.head_size)
        .title_case_headers(true)
        .serve_connection(TokioIo::new(with_write_timeout(stream, limits)), service);

    let (finished, flush_timeout) = tokio::select! {
        result = poll_fn(|cx| connection.poll_without_shutdown(cx)) => {
            (Some(result), Duration::ZERO)
        }
        // A partial request is not waited for.
        () = state.slot.evicted() => (None, Duration::ZERO),
        // A client that has just connected or got a response may be sending its next request.
        () = app.stopping() => {
            let last_requests = poll_fn(|cx| connection.poll_without_shutdown(cx));
            let finished = tokio::time::timeout(limits.last_call, last_requests).await;
            (finished.ok(), FLUSH_TIMEOUT)
        }
    };
    let result = match finished {
        Some(result) => result,
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            let poll = |cx: &mut Context<'_>| connection.poll_without_shutdown(cx);
            finish_requests(&state.slot, flush_timeout, poll).await.unwrap_or(Ok(()))
        }
    };

    let parts = connection.into_parts();
    let mut stream = parts.io.into_inner();
    match (state.fault.get(), result) {
        (Some(fault), _) => fault.end(stream).await,
        (None, Err(error)) => {
            report(&error, &app.limits, !parts.read_buf.is_empty());
            // hyper has sent a response to what is no request.
            if error.is_parse() {
                close_gracefully(stream).await;
            }
        }
        (None, Ok(())) if state.has_unread_body.load(Ordering::Relaxed) => {
            close_gracefully(stream).await;
        }
        // Fails only if the client has closed the connection already.
        (None, Ok(())) => drop(stream.shutdown().await),
    }
}

/// Closes a connection once its client has, or has had time to read the last response: a connection
/// that is closed with unread data is reset, and the client may lose what it has not read yet.
async fn close_gracefully(mut stream: impl Wire) {
    let close = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(MAX_DISCARDED), &mut tokio::io::sink()).await
    };
    // A client that does not close in time may lose it.
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, close).await;
}

/// Reports the limit that ended a connection. `is_partial`: a part of the next request has arrived.
fn report(error: &hyper::Error, limits: &LimitMonitor, is_partial: bool) {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());

    if error.is_parse_too_large() {
        limits.report(Limit::HeadSize);
    } else if error.is_timeout() {
        // A connection that was only idle reached no limit worth a warning.
        if is_partial {
            limits.report(Limit::HeadTime);
        }
    } else if cause.is_some_and(|cause| cause.kind() == io::ErrorKind::TimedOut) {
        limits.report(Limit::WriteTime);
    } else {
        // Clients may close a connection at any time.
        tracing::debug!("connection: {error}");
    }
}

/// Serves a connection over HTTP/2. A fault that would end the connection resets only the request's
/// stream, since the connection may carry other requests.
pub(super) async fn serve_http2<S: Wire>(
    stream: S,
    slot: Arc<Slot>,
    connection: Connection,
    context: ListenerContext,
) {
    let app = Arc::clone(&context.app);
    let limits = app.limits.limits();
    let state = ConnectionState::new(slot);
    let service = service(context, connection, Arc::clone(&state));
    let max_head_size = u32::try_from(limits.head_size).unwrap_or(u32::MAX);
    let mut connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.head_time)
        .max_concurrent_streams(u32::try_from(limits.streams).unwrap_or(u32::MAX))
        // Twice the limit, because h2 logs nothing when it refuses a head; `respond` does.
        .max_header_list_size(max_head_size.saturating_mul(2))
        .serve_connection(TokioIo::new(with_write_timeout(stream, limits)), service);

    let flush_timeout = tokio::select! {
        result = &mut connection => {
            if let Err(error) = result {
                report(&error, &app.limits, false);
            }
            return;
        }
        // A partial request is not waited for.
        () = state.slot.evicted() => Duration::ZERO,
        () = idle_for(limits.head_time, &state.slot) => Duration::ZERO,
        () = state.waiting.any_waits_for(limits.write_time) => {
            return app.limits.report(Limit::WriteTime);
        }
        // GOAWAY tells the client which of its last requests are not served.
        () = app.stopping() => FLUSH_TIMEOUT,
    };
    Pin::new(&mut connection).graceful_shutdown();
    let poll = |cx: &mut Context<'_>| Pin::new(&mut connection).poll(cx);
    if let Some(Err(error)) = finish_requests(&state.slot, flush_timeout, poll).await {
        report(&error, &app.limits, false);
    }
}

/// Returns when a connection has had no request for `time`, or for up to twice as long.
async fn idle_for(time: Duration, slot: &Slot) {
    let mut previous = None;
    loop {
        let current = slot.idle_number();
        if current.is_some() && current == previous {
            return;
        }
        previous = current;
        tokio::time::sleep(time).await;
    }
}

/// Polls a connection until the requests in flight are finished, and then for `flush_timeout` until
/// their last bytes are written. Returns `None` if they are not written by then.
async fn finish_requests<T>(
    slot: &Slot,
    flush_timeout: Duration,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Option<T> {
    loop {
        let is_busy = slot.is_busy();
        let timeout = if is_busy { FLUSH_TIMEOUT } else { flush_timeout };
        match tokio::time::timeout(timeout, poll_fn(&mut poll)).await {
            Ok(result) => return Some(result),
            Err(_) if is_busy => {}
            Err(_) => return None,
        }
    }
}
