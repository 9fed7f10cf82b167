//! Accepts connections until the server shuts down, then waits for the requests in flight.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connection::{serve_http1, serve_http2};
use super::connections::{Reserve, Slot};
use super::handshake::{Handshakes, handshake};
use super::listener::{ListenerContext, Protocol};
use super::port::{Port, RETRY_DELAY};
use crate::fixture::{TlsFault, TlsFaults};
use crate::http::Connection;
use crate::limits::Limit;

/// The error codes of a system that has no sockets left: ENFILE, EMFILE and WSAEMFILE.
const OUT_OF_SOCKETS: [i32; 3] = [23, 24, 10_024];

/// Serves a listener until the server shuts down and the requests in flight are finished. When the
/// task is aborted, its connections end at once.
pub(super) async fn accept(listener: TcpListener, address: SocketAddr, context: ListenerContext) {
    let limits = context.app.limits.limits();
    let stop_time = limits.stop_time;
    let handshakes = Handshakes::new(limits.handshakes);
    let mut acceptor = Acceptor { context, address, handshakes, tasks: JoinSet::new() };

    let waiting = acceptor.accept_until_shutdown(Port::Open(listener)).await;

    if tokio::time::timeout(stop_time, acceptor.finish(waiting)).await.is_err() {
        tracing::warn!("some requests were still in flight after {stop_time:?} and were aborted");
    }
}

struct Acceptor {
    context: ListenerContext,
    address: SocketAddr,
    handshakes: Arc<Handshakes>,
    /// One task for each connection. Dropping the set aborts them.
    tasks: JoinSet<()>,
}

impl Acceptor {
    /// Returns the connections that are not served yet when the server shuts down.
    async fn accept_until_shutdown(&mut self, mut port: Port) -> Vec<TcpStream> {
        let app = Arc::clone(&self.context.app);
        let connections = Arc::clone(&self.context.connections);
        let mut refuse_switch = RefuseSwitch::new(&self.context);

        loop {
            port = port.set_open(!refuse_switch.is_on(), self.address);
            let accepted = tokio::select! {
                accepted = port.accept() => accepted,
                Some(_) = self.tasks.join_next() => continue,
                () = refuse_switch.changed() => continue,
                () = app.stopping() => return port.close(),
            };

            match accepted {
                Ok(stream) => tokio::select! {
                    slot = connections.admit(&app.limits, Reserve::Use) => self.spawn(stream, slot),
                    () = app.stopping() => {
                        let mut waiting = vec![stream];
                        waiting.extend(port.close());
                        return waiting;
                    }
                },
                Err(error) if is_out_of_sockets(&error) => {
                    app.limits.report(Limit::Sockets);
                    connections.make_room(RETRY_DELAY).await;
                }
                Err(error) => tracing::debug!("cannot accept a connection: {error}"),
            }
        }
    }

    /// Serves the connections that were waiting, and returns when all connections have ended.
    async fn finish(&mut self, waiting: Vec<TcpStream>) {
        for stream in waiting {
            let ListenerContext { app, connections, .. } = &self.context;
            let slot = connections.admit(&app.limits, Reserve::Leave).await;
            self.spawn(stream, slot);
        }
        while self.tasks.join_next().await.is_some() {}
    }

    fn spawn(&mut self, stream: TcpStream, slot: Arc<Slot>) {
        let (context, handshakes) = (self.context.clone(), Arc::clone(&self.handshakes));
        self.tasks.spawn(serve_connection(stream, slot, self.address, context, handshakes));
    }
}

fn is_out_of_sockets(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| OUT_OF_SOCKETS.contains(&code))
}

/// Serves one connection. The futures of its phases are boxed, so that its task has the size of the
/// current phase and not of the largest.
async fn serve_connection(
    stream: TcpStream,
    slot: Arc<Slot>,
    listener: SocketAddr,
    context: ListenerContext,
    handshakes: Arc<Handshakes>,
) {
    // Sends small responses at once. If the option cannot be set, they are only slower.
    let _ = stream.set_nodelay(true);
    let connection = Connection {
        listener: Some(listener),
        local_ip: stream.local_addr().ok().map(|address| address.ip().to_canonical()),
        is_portal: context.protocol == Protocol::Portal,
        ..Connection::default()
    };
    if context.protocol == Protocol::Http {
        return Box::pin(serve_http1(stream, slot, connection, context)).await;
    }

    let app = Arc::clone(&context.app);
    let Some(tls) = &app.tls else { return };
    let secured = tokio::select! {
        secured = Box::pin(handshake(stream, &handshakes, tls, &context)) => secured,
        () = slot.evicted() => None,
        // A client that has just connected may still send a request.
        () = context.last_call() => None,
    };
    let Some(secured) = secured else { return };

    let connection = Connection { tls: true, certificate: secured.certificate, ..connection };
    if secured.http2 {
        Box::pin(serve_http2(secured.stream, slot, connection, context)).await;
    } else {
        Box::pin(serve_http1(secured.stream, slot, connection, context)).await;
    }
}

/// Whether the fault `connection_refused` is on for a realm's own TLS port. `None` for other ports.
struct RefuseSwitch(Option<watch::Receiver<TlsFaults>>);

impl RefuseSwitch {
    fn new(context: &ListenerContext) -> Self {
        let realm = context
            .realm
            .as_ref()
            .filter(|_| context.protocol != Protocol::Http)
            .and_then(Weak::upgrade);
        Self(realm.map(|realm| realm.watch_tls_faults()))
    }

    fn is_on(&mut self) -> bool {
        let faults = self.0.as_mut().map(|faults| faults.borrow_and_update().fault);
        faults.flatten() == Some(TlsFault::ConnectionRefused)
    }

    async fn changed(&mut self) {
        let changed = match &mut self.0 {
            Some(faults) => faults.changed().await,
            None => std::future::pending().await,
        };
        // The realm was removed, which also ends this task soon.
        if changed.is_err() {
            self.0 = None;
        }
    }
}
