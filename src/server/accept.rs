//! Accepting connections, and letting them go.

use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

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
    let Serving { app, router, realm, mut stop } = serving;
    let connection =
        Connection { certificate: None, realm: realm.as_ref().and_then(Weak::upgrade) };
    let in_flight = Arc::new(AtomicBool::new(false));
    let busy = Arc::clone(&in_flight);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (app, router, connection) = (Arc::clone(&app), router.clone(), connection.clone());
        let busy = Arc::clone(&busy);
        let request = request.map(Body::new);
        async move {
            busy.store(true, Ordering::Release);
            let response = serve(&app, &router, connection, request).await;
            busy.store(false, Ordering::Release);
            Ok::<_, io::Error>(response)
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_PATIENCE)
            .max_buf_size(HEAD_LIMIT)
            .title_case_headers(true)
            .serve_connection(TokioIo::new(stream), service)
    );
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = stopping(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            // An answer may still have to be written out; half a head is not waited for.
            loop {
                match tokio::time::timeout(FLUSH, connection.as_mut()).await {
                    Ok(served) => break served,
                    Err(_) if in_flight.load(Ordering::Acquire) => {}
                    Err(_) => break Ok(()),
                }
            }
        }
    };
    // A client that breaks off is its own affair.
    if let Err(error) = served {
        tracing::debug!("connection: {error}");
    }
}

async fn stopping(stop: &mut watch::Receiver<bool>) {
    // An error means that nobody is left to say stop, which is as good as the word.
    let _ = stop.wait_for(|&stop| stop).await;
}

async fn rest(error: &io::Error) {
    tracing::warn!("a connection could not be accepted: {error}");
    tokio::time::sleep(RESPITE).await;
}
