//! TLS handshakes: bounded in number and time, and wrong on purpose where a test wants it.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::server::TlsStream;

use super::accept::ListenerContext;
use crate::fixture::TlsFault;
use crate::limits::Limit;
use crate::realm::Realm;
use crate::tls::{Tls, common_name};

/// How long, and how many bytes of a refused client, are waited for.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
const MOST_UNREAD: usize = 64 * 1024;
/// What whoever speaks plain HTTP to this port is told.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 40\r\nConnection: close\r\n\r\nThis port speaks HTTPS; use https://...\n";
/// A fatal alert: handshake_failure (RFC 8446, section 6.2).
const FAILURE: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

/// The handshakes of a listener that are going on. If there are too many, the oldest is given up:
/// whoever means it takes milliseconds, so it is one that stands still.
#[derive(Debug)]
pub(super) struct Handshakes {
    most: usize,
    going_on: Mutex<GoingOn>,
}

#[derive(Debug, Default)]
struct GoingOn {
    next: u64,
    /// By age; whoever's sender is dropped is given up.
    all: BTreeMap<u64, oneshot::Sender<()>>,
}

/// A handshake's turn; dropped, it is over.
struct Permit<'h> {
    handshakes: &'h Handshakes,
    number: u64,
    given_up: oneshot::Receiver<()>,
}

impl Handshakes {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, going_on: Mutex::default() })
    }

    fn begin(&self) -> Permit<'_> {
        let (sender, given_up) = oneshot::channel();
        let mut going_on = self.going_on.lock();
        let number = going_on.next;
        going_on.next += 1;
        going_on.all.insert(number, sender);
        if going_on.all.len() > self.most {
            going_on.all.pop_first();
        }
        Permit { handshakes: self, number, given_up }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.handshakes.going_on.lock().all.remove(&self.number);
    }
}

/// A connection that stands.
pub(super) struct TlsConnection {
    pub(super) stream: TlsStream<TcpStream>,
    /// The common name of the client's certificate.
    pub(super) certificate: Option<Arc<str>>,
    /// Whether client and server agreed on HTTP/2.
    pub(super) http2: bool,
}

/// Goes through a handshake. `None`: nothing came of it, which the log tells.
pub(super) async fn handshake(
    stream: TcpStream,
    handshakes: &Handshakes,
    tls: &Tls,
    serving: &ListenerContext,
) -> Option<TlsConnection> {
    let limits = &serving.app.limits;
    let mut turn = handshakes.begin();
    let patience = limits.limits().handshake_time;
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(patience, perform(stream, tls, serving)) => shaken,
        _ = &mut turn.given_up => {
            limits.reached(Limit::Handshakes);
            return None;
        }
    };
    match shaken {
        Ok(Ok(secured)) => secured,
        Ok(Err(error)) => {
            tracing::info!("a TLS handshake failed: {}", explain(&error));
            None
        }
        Err(_) => {
            limits.reached(Limit::HandshakeTime);
            None
        }
    }
}

async fn perform(
    stream: TcpStream,
    tls: &Tls,
    serving: &ListenerContext,
) -> io::Result<Option<TlsConnection>> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    if first[0].is_ascii_uppercase() {
        // No TLS begins with a letter, and every request over plain HTTP does.
        close_gracefully(stream, PLAIN).await;
        return Err(io::Error::other("plain HTTP came to the port that speaks HTTPS"));
    }
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let name = start.client_hello().server_name().map(str::to_ascii_lowercase);
    let fault = match realm_of(serving, name.as_deref()) {
        Some(realm) => realm.tls_faults().for_host(name.as_deref()),
        None => None,
    };
    if let Some(fault) = fault {
        tracing::info!(host = name.as_deref(), "TLS: {fault:?}, on purpose");
    }
    let config = match fault {
        None => tls.config(),
        Some(TlsFault::ConnectionRefused) => {
            start.io.set_zero_linger()?;
            return Ok(None);
        }
        Some(TlsFault::HandshakeFailure) => {
            close_gracefully(start.io, &FAILURE).await;
            return Ok(None);
        }
        Some(fault) => match tls.faulty_config(fault, name.as_deref()) {
            Some(config) => config,
            None => return Ok(None),
        },
    };
    let stream = match start.into_stream(config).into_fallible().await {
        Ok(stream) => stream,
        Err((error, stream)) => {
            // The alert that says why has been written.
            close_gracefully(stream, &[]).await;
            return Err(error);
        }
    };
    let (_, session) = stream.get_ref();
    let own = session.peer_certificates().and_then(|chain| chain.first());
    let certificate = own.map(common_name);
    let http2 = session.alpn_protocol() == Some(b"h2");
    Ok(Some(TlsConnection { stream, certificate, http2 }))
}

/// Ends a connection so that the client sees the last bytes: closed with something unread, it would
/// be reset, and they with it.
async fn close_gracefully(mut stream: TcpStream, last: &[u8]) {
    let said = async {
        stream.write_all(last).await?;
        stream.shutdown().await?;
        let (mut buffer, mut left) = ([0; 1024], MOST_UNREAD);
        loop {
            match stream.read(&mut buffer).await? {
                0 => return io::Result::Ok(()),
                read => match left.checked_sub(read) {
                    Some(rest) => left = rest,
                    None => return Ok(()),
                },
            }
        }
    };
    // Whoever does not close in time is left to themselves.
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, said).await;
}

/// The realm that a handshake is for, by the port or by the host that the client names.
fn realm_of(serving: &ListenerContext, name: Option<&str>) -> Option<Arc<Realm>> {
    if let Some(own) = &serving.realm {
        return own.upgrade();
    }
    let realms = &serving.app.realms;
    let named = name.and_then(|name| realms.by_host(name).ok().flatten());
    Some(named.unwrap_or_else(|| Arc::clone(realms.default_realm())))
}

/// What a failure means to whoever wrote the client.
fn explain(error: &io::Error) -> String {
    let text = error.to_string();
    let hint = if text.contains("peer sent no certificates") {
        " (--client-auth required demands a client certificate)"
    } else if text.contains("UnknownIssuer") {
        " (the client's certificate is of a CA that the server does not know; --client-ca adds one)"
    } else if text.contains("CaUsedAsEndEntity") {
        " (the client's certificate is itself a CA's, as `openssl req -x509` makes them; sign one \
         with it, or let `certs` make one)"
    } else if text.contains("UnsupportedCertVersion") {
        " (the client's certificate is X.509 version 1; make it with extensions, version 3)"
    } else if text.contains("UnknownCA") || text.contains("unknown_ca") {
        " (the client does not trust the server's CA; of the mock's own, /_mock/ca.pem is the \
         certificate)"
    } else if text.contains("InvalidContentType") {
        " (what came is no TLS)"
    } else {
        ""
    };
    format!("{text}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_gives_way_to_the_youngest() {
        const MOST: usize = 500;
        let handshakes = Handshakes::new(MOST);
        let mut first = handshakes.begin();
        let mut second = handshakes.begin();
        let others: Vec<_> = (0..MOST - 1).map(|_| handshakes.begin()).collect();
        assert!(
            first.given_up.try_recv().is_err_and(|e| e == oneshot::error::TryRecvError::Closed)
        );
        assert!(
            second.given_up.try_recv().is_err_and(|e| e == oneshot::error::TryRecvError::Empty)
        );
        assert_eq!(handshakes.going_on.lock().all.len(), MOST);
        drop((first, second, others));
        assert!(handshakes.going_on.lock().all.is_empty());
    }
}
