//! A TCP port that can refuse connections without giving the port up.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// The maximum number of connections that wait to be accepted. Tests may open hundreds at once.
const BACKLOG: u32 = 4096;
/// The time until the next attempt when the system has no sockets left or the port is taken.
pub(super) const RETRY_DELAY: Duration = Duration::from_millis(20);
/// The errors of a client that has gone before it was accepted. Others may wait behind it.
const CLIENT_GONE: [io::ErrorKind; 2] =
    [io::ErrorKind::ConnectionAborted, io::ErrorKind::Interrupted];

/// The number of sockets that the ports of realms leave for connections.
const SOCKETS_FOR_CONNECTIONS: usize = 16;

/// Returns an error if the system has too few sockets left for connections.
pub(super) fn check_sockets_left() -> io::Result<()> {
    let sockets = (0..SOCKETS_FOR_CONNECTIONS).map(|_| TcpSocket::new_v4());
    // All of them are open at the same time, and are closed again.
    sockets.collect::<io::Result<Vec<_>>>().map(drop)
}

/// Listens on an address.
pub(super) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    bind_without_listening(address)?.listen(BACKLOG)
}

/// Reserves a port. The system refuses connections to it.
fn bind_without_listening(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // On Unix this allows a port whose previous connections are in TIME_WAIT.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;

    socket.bind(address)?;
    Ok(socket)
}

/// A port that accepts or refuses connections.
pub(super) enum Port {
    Open(TcpListener),
    /// Bound without listening: the system refuses connections, and no other process can take the
    /// port.
    Refusing(TcpSocket),
    /// Another process took the port while it changed between the other two.
    Taken,
}

impl Port {
    /// Makes the port accept or refuse connections.
    pub(super) fn set_open(self, open: bool, address: SocketAddr) -> Self {
        let port = match (self, open) {
            (Self::Open(listener), false) => {
                drop(listener);
                bind_without_listening(address).map(Self::Refusing)
            }
            (Self::Refusing(socket), true) => socket.listen(BACKLOG).map(Self::Open),
            (Self::Taken, true) => Ok(bind(address).map_or(Self::Taken, Self::Open)),
            (Self::Taken, false) => {
                Ok(bind_without_listening(address).map_or(Self::Taken, Self::Refusing))
            }
            (unchanged, _) => Ok(unchanged),
        };

        port.unwrap_or_else(|error| {
            tracing::warn!("cannot use {address}, retrying: {error}");
            Self::Taken
        })
    }

    pub(super) async fn accept(&self) -> io::Result<TcpStream> {
        match self {
            Self::Open(listener) => listener.accept().await.map(|(stream, _)| stream),
            Self::Refusing(_) => std::future::pending().await,
            Self::Taken => {
                tokio::time::sleep(RETRY_DELAY).await;
                Err(io::ErrorKind::AddrInUse.into())
            }
        }
    }

    /// Closes the port and returns the connections that wait to be accepted.
    pub(super) fn close(self) -> Vec<TcpStream> {
        let mut waiting = Vec::new();
        // Uses the system call directly: the runtime may not have seen the last connections yet.
        if let Self::Open(listener) = self
            && let Ok(listener) = listener.into_std()
        {
            loop {
                match accept_now(&listener) {
                    Ok(stream) => waiting.push(stream),
                    Err(error) if CLIENT_GONE.contains(&error.kind()) => {}
                    Err(_) => break,
                }
            }
        }

        waiting
    }
}

fn accept_now(listener: &std::net::TcpListener) -> io::Result<TcpStream> {
    let (stream, _) = listener.accept()?;
    stream.set_nonblocking(true)?;
    TcpStream::from_std(stream)
}
