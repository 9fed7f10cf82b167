//! Accepting connections, and letting them go.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::connection::{serve_http1, serve_http2};
use super::connections::{Connections, Slot};
use super::handshake::{Handshakes, handshake};
use crate::fixture::{TlsFault, TlsFaults};
use crate::http::{App, Connection};
use crate::limits::Limit;
use crate::realm::Realm;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 4096;
/// How long to rest when the system has no more sockets to give, or a port is somebody else's.
const RETRY_DELAY: Duration = Duration::from_millis(20);
/// What systems say of one who waited and has gone; others may wait behind.
const VANISHED: [io::ErrorKind; 2] = [io::ErrorKind::ConnectionAborted, io::ErrorKind::Interrupted];
/// What systems say when there are no more: ENFILE and EMFILE, and WSAEMFILE.
const EXHAUSTED: [i32; 3] = [23, 24, 10_024];

/// What a listener serves.
#[derive(Clone)]
pub(super) struct ListenerContext {
    pub(super) app: Arc<App>,
    pub(super) router: Arc<Router>,
    /// The one realm behind it; every realm, if there is none.
    pub(super) realm: Option<Weak<Realm>>,
    /// Whether it speaks TLS.
    pub(super) tls: bool,
    /// The open connections of all listeners.
    pub(super) open: Arc<Connections>,
    /// Dropped when everything has been served.
    pub(super) done: mpsc::Sender<Infallible>,
}

/// Listens with room for a stampede: a test may connect hundreds of clients at once.
pub(super) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    bind_without_listening(address)?.listen(BACKLOG)
}

/// Takes a port without listening, so that connections to it are refused.
fn bind_without_listening(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // On Unix this lets a port be used again whose last connections are still fading.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// A port that may refuse connections for a while.
enum Port {
    Open(TcpListener),
    /// Nobody listens, so the system itself refuses; yet nobody else gets the port meanwhile.
    Shut(TcpSocket),
    /// Somebody else got it.
    Conflict,
}

impl Port {
    /// Opens or shuts it, unless it is so already.
    fn turn(self, open: bool, address: SocketAddr) -> Self {
        let turned = match (self, open) {
            (Self::Open(listener), false) => {
                drop(listener);
                bind_without_listening(address).map(Self::Shut)
            }
            (Self::Shut(socket), true) => socket.listen(BACKLOG).map(Self::Open),
            (Self::Conflict, true) => Ok(bind(address).map_or(Self::Conflict, Self::Open)),
            (Self::Conflict, false) => {
                Ok(bind_without_listening(address).map_or(Self::Conflict, Self::Shut))
            }
            (unchanged, _) => Ok(unchanged),
        };
        turned.unwrap_or_else(|error| {
            tracing::warn!("{address} is lost for now: {error}");
            Self::Conflict
        })
    }

    async fn accept(&self) -> io::Result<TcpStream> {
        match self {
            Self::Open(listener) => listener.accept().await.map(|(stream, _)| stream),
            Self::Shut(_) => std::future::pending().await,
            Self::Conflict => {
                tokio::time::sleep(RETRY_DELAY).await;
                Err(io::ErrorKind::AddrInUse.into())
            }
        }
    }

    /// Shuts it for good. Whoever is connected, but has not been accepted yet, still is.
    fn close(self) -> Vec<TcpStream> {
        let mut waiting = Vec::new();
        // Asked by the system's own call: the runtime may not have heard of the last ones yet.
        if let Self::Open(listener) = self
            && let Ok(listener) = listener.into_std()
        {
            loop {
                let accepted = listener.accept().and_then(|(stream, _)| {
                    stream.set_nonblocking(true)?;
                    TcpStream::from_std(stream)
                });
                match accepted {
                    Ok(stream) => waiting.push(stream),
                    Err(error) if VANISHED.contains(&error.kind()) => {}
                    Err(_) => break,
                }
            }
        }
        waiting
    }
}

/// Serves until it is time to stop, then finishes what is in flight. If the task is aborted,
/// everything ends at once.
pub(super) async fn accept(listener: TcpListener, address: SocketAddr, serving: ListenerContext) {
    let app = Arc::clone(&serving.app);
    let limits = &app.limits;
    let handshakes = Handshakes::new(limits.limits().handshakes);
    let mut refusing = RefuseSwitch::of(&serving);
    let mut door = Port::Open(listener);
    let mut connections = JoinSet::new();
    let serve = |stream, place| {
        serve_connection(stream, place, address, serving.clone(), Arc::clone(&handshakes))
    };
    let mut late = Vec::new();
    loop {
        door = door.turn(!refusing.now(), address);
        let accepted = tokio::select! {
            accepted = door.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = refusing.changed() => continue,
            () = app.stopping() => break,
        };
        match accepted {
            Ok(stream) => tokio::select! {
                place = serving.open.enter(limits) => drop(connections.spawn(serve(stream, place))),
                () = app.stopping() => {
                    late.push(stream);
                    break;
                }
            },
            Err(error) if error.raw_os_error().is_some_and(|code| EXHAUSTED.contains(&code)) => {
                limits.report(Limit::Sockets);
                serving.open.make_room(RETRY_DELAY).await;
            }
            Err(error) => tracing::debug!("a connection could not be accepted: {error}"),
        }
    }
    let done = async {
        for stream in late.into_iter().chain(door.close()) {
            connections.spawn(serve(stream, serving.open.enter(limits).await));
        }
        while connections.join_next().await.is_some() {}
    };
    let patience = limits.limits().stop_time;
    if tokio::time::timeout(patience, done).await.is_err() {
        tracing::warn!("some requests were still in flight after {patience:?}; they were cut off");
    }
}

async fn serve_connection(
    stream: TcpStream,
    place: Arc<Slot>,
    listener: SocketAddr,
    serving: ListenerContext,
    handshakes: Arc<Handshakes>,
) {
    // Small answers should not wait for more to come; if it cannot be set, they wait.
    let _ = stream.set_nodelay(true);
    let connection = Connection { listener: Some(listener), ..Connection::default() };
    if !serving.tls {
        return Box::pin(serve_http1(stream, place, connection, serving)).await;
    }
    let app = Arc::clone(&serving.app);
    let Some(tls) = &app.tls else { return };
    // In boxes, so that a connection takes the room of what it is at, not of all that it could be.
    let secured = tokio::select! {
        secured = Box::pin(handshake(stream, &handshakes, tls, &serving)) => secured,
        () = place.evicted() => None,
        // Whoever has just connected may be about to ask.
        () = last_call(&app) => None,
    };
    let Some(secured) = secured else { return };
    let connection = Connection { tls: true, certificate: secured.certificate, ..connection };
    match secured.http2 {
        true => Box::pin(serve_http2(secured.stream, place, connection, serving)).await,
        false => Box::pin(serve_http1(secured.stream, place, connection, serving)).await,
    }
}

/// Whether a realm's own TLS port refuses connections on purpose.
struct RefuseSwitch(Option<watch::Receiver<TlsFaults>>);

impl RefuseSwitch {
    fn of(serving: &ListenerContext) -> Self {
        let realm = serving.realm.as_ref().filter(|_| serving.tls).and_then(Weak::upgrade);
        Self(realm.map(|realm| realm.watch_tls_faults()))
    }

    fn now(&mut self) -> bool {
        let faults = self.0.as_mut().map(|faults| faults.borrow_and_update().fault);
        faults.flatten() == Some(TlsFault::ConnectionRefused)
    }

    async fn changed(&mut self) {
        let changed = match &mut self.0 {
            Some(faults) => faults.changed().await,
            None => std::future::pending().await,
        };
        if changed.is_err() {
            // The realm is gone, and this task will be, too.
            self.0 = None;
        }
    }
}

/// Returns when it is time to stop, and too late to begin a request.
async fn last_call(app: &App) {
    app.stopping().await;
    tokio::time::sleep(app.limits.limits().last_call).await;
}
