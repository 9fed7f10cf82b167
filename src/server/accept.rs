//! Accepting connections, and letting them go.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::faults::WireFault;
use crate::http::{App, Connection, serve};
use crate::realm::Realm;

/// How long a client may take to send the head of a request, or keep a connection idle.
const HEAD_PATIENCE: Duration = Duration::from_secs(60);
/// About the largest head of a request: the room that hyper reads it into.
const HEAD_LIMIT: usize = 64 * 1024;
/// How long to rest when the system has no more sockets to give.
const RESPITE: Duration = Duration::from_millis(20);
/// How long requests in flight may take once the server is asked to stop: less than the ten
/// seconds after which container engines kill.
const GRACE: Duration = Duration::from_secs(8);

/// How long the first request of a new connection is waited for once it is time to stop.
const LAST_CALL: Duration = Duration::from_millis(250);
/// How long the last bytes of an answer may take once it is time to stop.
const FLUSH: Duration = Duration::from_millis(300);

/// What a listener serves.
#[derive(Clone)]
pub(super) struct Serving {
    pub(super) app: Arc<App>,
    pub(super) router: Router,
    /// The one realm behind it; every realm, if there is none.
    pub(super) realm: Option<Weak<Realm>>,
    /// Turns true when it is time to stop.
    pub(super) stop: watch::Receiver<bool>,
    /// Dropped when everything has been served.
    pub(super) done: mpsc::Sender<Infallible>,
}

/// Serves until it is time to stop, then finishes what is in flight. If the task is aborted,
/// everything ends at once.
pub(super) async fn accept(listener: TcpListener, mut serving: Serving) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(stream, serving.clone()));
                }
                Err(error) => rest(&error).await,
            },
            Some(_) = connections.join_next() => {}
            () = stopping(&mut serving.stop) => break,
        }
    }
    drop(listener);
    let done = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, done).await.is_err() {
        tracing::warn!("some requests were still in flight after {GRACE:?}; they were cut off");
    }
}

/// Serves one connection until the client closes it or it is time to stop. Then a request that
/// has arrived is answered, and half of one is not waited for.
async fn serve_connection(stream: TcpStream, serving: Serving) {
    // Small answers should not wait for more to come; if it cannot be set, they wait.
    let _ = stream.set_nodelay(true);
    let Serving { app, router, realm, mut stop, done: _done } = serving;
    let in_flight = Arc::new(AtomicBool::new(false));
    let fresh = Arc::new(AtomicBool::new(true));
    let fault: Arc<OnceLock<WireFault>> = Arc::default();
    let service = {
        let (in_flight, fault) = (Arc::clone(&in_flight), Arc::clone(&fault));
        let fresh = Arc::clone(&fresh);
        service_fn(move |request: hyper::Request<Incoming>| {
            let (app, router, realm) = (Arc::clone(&app), router.clone(), realm.clone());
            let (in_flight, fault) = (Arc::clone(&in_flight), Arc::clone(&fault));
            fresh.store(false, Ordering::Release);
            let request = request.map(Body::new);
            Box::pin(async move {
                // A realm that is gone closes its port; nobody else answers there meanwhile.
                let realm = match realm.as_ref().map(Weak::upgrade) {
                    None => None,
                    Some(Some(realm)) => Some(realm),
                    Some(None) => return Err(io::Error::other("the realm was removed")),
                };
                let connection = Connection { certificate: None, realm };
                in_flight.store(true, Ordering::Release);
                let response = serve(&app, &router, connection, request).await;
                in_flight.store(false, Ordering::Release);
                match response.extensions().get::<WireFault>() {
                    None => Ok(response),
                    // The client ends it: hyper drops this when the connection closes.
                    Some(WireFault::Hang) => std::future::pending().await,
                    Some(&other) => {
                        let _ = fault.set(other);
                        Err(io::Error::other("a fault on purpose"))
                    }
                }
            })
        })
    };
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
            if fresh.load(Ordering::Acquire) {
                let last_call = poll_fn(|cx| connection.poll_without_shutdown(cx));
                served = tokio::time::timeout(LAST_CALL, last_call).await.ok();
            }
            Pin::new(&mut connection).graceful_shutdown();
            // An answer may have to be written out; half a head is not waited for.
            while served.is_none() {
                let flush = poll_fn(|cx| connection.poll_without_shutdown(cx));
                served = match tokio::time::timeout(FLUSH, flush).await {
                    Ok(served) => Some(served),
                    Err(_) if in_flight.load(Ordering::Acquire) => None,
                    Err(_) => Some(Ok(())),
                };
            }
            served.unwrap_or(Ok(()))
        }
    };
    let stream = connection.into_parts().io.into_inner();
    match (fault.get(), served) {
        (Some(fault), _) => fault.end(stream).await,
        // A client that breaks off is its own affair.
        (None, Err(error)) => tracing::debug!("connection: {error}"),
        (None, Ok(())) => close(stream).await,
    }
}

/// Says that nothing more comes.
async fn close(mut stream: TcpStream) {
    // A client that has gone already has nothing to be told.
    let _ = stream.shutdown().await;
}

async fn stopping(stop: &mut watch::Receiver<bool>) {
    // An error means that nobody is left to say stop, which is as good as the word.
    let _ = stop.wait_for(|&stop| stop).await;
}

async fn rest(error: &io::Error) {
    tracing::warn!("a connection could not be accepted: {error}");
    tokio::time::sleep(RESPITE).await;
}
