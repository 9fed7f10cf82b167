//! ListenerContext one connection, over HTTP/1.1 or HTTP/2, and letting it go.

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Version, header};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio_io_timeout::TimeoutStream;

use super::accept::ListenerContext;
use super::connections::Slot;
use super::tracked_body::TrackedBody;
use crate::faults::{Wire, WireFault};
use crate::http::{Connection, response, serve};
use crate::limits::{Limit, LimitMonitor, Limits};

/// How long the last bytes of an answer may take when a connection is to end.
const FLUSH: Duration = Duration::from_millis(300);

/// What is going on on a connection.
struct State {
    place: Arc<Slot>,
    /// What ends it in place of an answer.
    fault: OnceLock<WireFault>,
}

impl State {
    fn of(place: Arc<Slot>) -> Arc<Self> {
        Arc::new(Self { place, fault: OnceLock::new() })
    }
}

/// A request on its way to an answer.
type Answering = Pin<Box<dyn Future<Output = io::Result<Response<TrackedBody>>> + Send>>;

/// Answers one request. An error ends the connection, or, over HTTP/2, the request's stream.
async fn answer(
    serving: ListenerContext,
    mut connection: Connection,
    state: Arc<State>,
    request: hyper::Request<Incoming>,
) -> io::Result<Response<TrackedBody>> {
    // A realm that is gone closes its port; nobody else answers there meanwhile.
    connection.realm = match serving.realm.as_ref().map(Weak::upgrade) {
        None => None,
        Some(Some(realm)) => Some(realm),
        Some(None) => return Err(io::Error::other("the realm was removed")),
    };
    let in_flight = state.place.begin();
    let version = request.version();
    // hyper only looks once its buffer is full, which may be later.
    let limit = serving.app.limits.limits().head_size;
    if head_size(&request) > limit {
        serving.app.limits.report(Limit::HeadSize);
        return Ok(response::large_head(limit).map(|body| TrackedBody::new(body, in_flight)));
    }
    let mut response =
        serve(&serving.app, &serving.router, connection, request.map(Body::new)).await;
    if serving.app.is_stopping() && version < Version::HTTP_2 {
        // So that the client does not send another that nobody would read.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    match response.extensions().get::<WireFault>() {
        None => Ok(response.map(|body| TrackedBody::new(body, in_flight))),
        // The client ends it: hyper drops this when the connection closes.
        Some(WireFault::Hang) => {
            drop(in_flight);
            std::future::pending().await
        }
        Some(&other) => {
            let _ = state.fault.set(other);
            Err(io::Error::other("a fault on purpose"))
        }
    }
}

/// How many bytes the head of a request has, as HTTP/1.1 would write it.
fn head_size(request: &hyper::Request<Incoming>) -> usize {
    let uri = request.uri();
    let target = uri.path().len() + uri.query().map_or(0, str::len);
    let headers = request.headers().iter();
    headers.map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>() + target
}

/// Answers the requests of a connection, one after the other or, over HTTP/2, at once.
fn service(
    serving: ListenerContext,
    connection: Connection,
    state: Arc<State>,
) -> impl HttpService<Incoming, ResBody = TrackedBody, Error = io::Error, Future = Answering> {
    service_fn(move |request| -> Answering {
        Box::pin(answer(serving.clone(), connection.clone(), Arc::clone(&state), request))
    })
}

/// A stream whose client may leave what is written unread for so long only.
type Bounded<S> = Pin<Box<TimeoutStream<S>>>;

fn bounded<S: Wire>(stream: S, limits: &Limits) -> Bounded<S> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.write_time));
    Box::pin(stream)
}

/// Serves a connection over HTTP/1.1 until the client closes it, it gives way to another, or it is
/// time to stop. AfterLast a request that has arrived is answered, and half of one is not waited for.
pub(super) async fn serve_http1<S: Wire>(
    stream: S,
    place: Arc<Slot>,
    connection: Connection,
    serving: ListenerContext,
) {
    let app = Arc::clone(&serving.app);
    let limits = app.limits.limits();
    let state = State::of(place);
    let service = service(serving, connection, Arc::clone(&state));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(limits.head_size)
        .title_case_headers(true)
        .serve_connection(TokioIo::new(bounded(stream, limits)), service);
    let end = tokio::select! {
        served = poll_fn(|cx| connection.poll_without_shutdown(cx)) => End::Served(served),
        () = state.place.evicted() => End::Idle,
        () = app.stopping() => End::Stops,
    };
    let served = match end {
        End::Served(served) => Ok(served),
        End::Idle => Err(Duration::ZERO),
        // Whoever has just connected or got an answer may be sending the next request.
        End::Stops => {
            let last_call = poll_fn(|cx| connection.poll_without_shutdown(cx));
            tokio::time::timeout(limits.last_call, last_call).await.map_err(|_| FLUSH)
        }
    };
    let served = match served {
        Ok(served) => served,
        Err(patience) => {
            Pin::new(&mut connection).graceful_shutdown();
            let poll = |cx: &mut Context<'_>| connection.poll_without_shutdown(cx);
            flush(&state.place, patience, poll).await.unwrap_or(Ok(()))
        }
    };
    let parts = connection.into_parts();
    let mut stream = parts.io.into_inner();
    match (state.fault.get(), served) {
        (Some(fault), _) => fault.end(stream).await,
        (None, Err(error)) => tell(&error, &app.limits, !parts.read_buf.is_empty()),
        // A client that has gone already has nothing to be told.
        (None, Ok(())) => drop(stream.shutdown().await),
    }
}

/// Why a connection ends.
enum End {
    Served(hyper::Result<()>),
    /// It has been idle for too long, or another needs its place. Half of a request is not waited
    /// for.
    Idle,
    /// It is time to stop.
    Stops,
}

/// Tells of a limit that a connection has reached. `begun`: of the next request something has come.
fn tell(error: &hyper::Error, limits: &LimitMonitor, begun: bool) {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    if error.is_parse_too_large() {
        limits.report(Limit::HeadSize);
    } else if error.is_timeout() {
        // One that was merely idle is closed without a word.
        if begun {
            limits.report(Limit::HeadTime);
        }
    } else if cause.is_some_and(|cause| cause.kind() == io::ErrorKind::TimedOut) {
        limits.report(Limit::WriteTime);
    } else {
        // A client that breaks off is its own affair.
        tracing::debug!("connection: {error}");
    }
}

/// Serves a connection over HTTP/2. A fault that would end the connection resets the request's
/// stream: the connection may carry others.
pub(super) async fn serve_http2<S: Wire>(
    stream: S,
    place: Arc<Slot>,
    connection: Connection,
    serving: ListenerContext,
) {
    let app = Arc::clone(&serving.app);
    let limits = app.limits.limits();
    let state = State::of(place);
    let service = service(serving, connection, Arc::clone(&state));
    let mut connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.head_time)
        .max_concurrent_streams(u32::try_from(limits.streams).unwrap_or(u32::MAX))
        // Beyond it h2 refuses by itself, without a word to the log or the client; so a head that
        // is merely too large gets as far as `answer`.
        .max_header_list_size(u32::try_from(limits.head_size).unwrap_or(u32::MAX).saturating_mul(2))
        .serve_connection(TokioIo::new(bounded(stream, limits)), service);
    let end = tokio::select! {
        served = &mut connection => End::Served(served),
        () = state.place.evicted() => End::Idle,
        () = idle_for(limits.head_time, &state.place) => End::Idle,
        () = app.stopping() => End::Stops,
    };
    let patience = match end {
        End::Served(Ok(())) => return,
        End::Served(Err(error)) => return tell(&error, &app.limits, false),
        End::Idle => Duration::ZERO,
        // What a client still asks before it knows of the end, HTTP/2 sorts out itself.
        End::Stops => FLUSH,
    };
    Pin::new(&mut connection).graceful_shutdown();
    let poll = |cx: &mut Context<'_>| Pin::new(&mut connection).poll(cx);
    if let Some(Err(error)) = flush(&state.place, patience, poll).await {
        tell(&error, &app.limits, false);
    }
}

/// Returns when a connection has been without a request for so long, or up to twice as long.
async fn idle_for(patience: Duration, place: &Slot) {
    let mut seen = None;
    loop {
        let since = place.idle_since();
        if since.is_some() && since == seen {
            return;
        }
        seen = since;
        tokio::time::sleep(patience).await;
    }
}

/// Waits for what is in flight, and for so long for the last bytes of it.
async fn flush<T>(
    place: &Slot,
    patience: Duration,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Option<T> {
    loop {
        let busy = place.is_busy();
        let patience = if busy { FLUSH } else { patience };
        match tokio::time::timeout(patience, poll_fn(&mut poll)).await {
            Ok(served) => return Some(served),
            Err(_) if busy => {}
            Err(_) => return None,
        }
    }
}
