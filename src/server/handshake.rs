//! TLS handshakes, with limits on their number and duration, and with the faults of a realm.

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
use tokio_rustls::rustls::{AlertDescription, CertificateError, Error, InvalidMessage};
use tokio_rustls::server::TlsStream;

use super::listener::{ListenerContext, Protocol};
use crate::fixture::TlsFault;
use crate::limits::Limit;
use crate::realm::Realm;
use crate::tls::{ClientAuth, Tls, common_name};

/// The time, and the number of bytes, for which a refused client is read before its connection is
/// closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
const MAX_DISCARDED: u64 = 64 * 1024;
/// The response to a client that sends plain HTTP to an HTTPS port.
const PLAIN_HTTP_RESPONSE: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 40\r\nConnection: close\r\n\r\nThis port speaks HTTPS; use https://...\n";
/// The fatal alert handshake_failure (RFC 8446, section 6.2).
const HANDSHAKE_FAILURE: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

/// The handshakes in progress on a listener. When there are too many, the oldest is aborted: a
/// handshake takes milliseconds, so the oldest is the one most likely to have stalled.
#[derive(Debug)]
pub(super) struct Handshakes {
    max: usize,
    in_progress: Mutex<InProgress>,
}

#[derive(Debug, Default)]
struct InProgress {
    next_number: u64,
    /// The oldest first. Dropping a sender aborts its handshake.
    senders: BTreeMap<u64, oneshot::Sender<()>>,
}

/// Permission to perform a handshake, which is in progress until the permit is dropped.
struct Permit<'h> {
    handshakes: &'h Handshakes,
    number: u64,
    /// Completes when the handshake is to be aborted.
    aborted: oneshot::Receiver<()>,
}

impl Handshakes {
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, in_progress: Mutex::default() })
    }

    fn begin(&self) -> Permit<'_> {
        let (sender, aborted) = oneshot::channel();
        let mut in_progress = self.in_progress.lock();
        let number = in_progress.next_number;
        in_progress.next_number += 1;
        in_progress.senders.insert(number, sender);

        if in_progress.senders.len() > self.max {
            in_progress.senders.pop_first();
        }
        Permit { handshakes: self, number, aborted }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.handshakes.in_progress.lock().senders.remove(&self.number);
    }
}

/// A TLS connection after its handshake.
pub(super) struct TlsConnection {
    pub(super) stream: TlsStream<TcpStream>,
    /// The common name of the client's certificate, if it presented one.
    pub(super) certificate: Option<Arc<str>>,
    /// Whether client and server agreed on HTTP/2.
    pub(super) http2: bool,
}

/// Performs a handshake within the limits. Returns `None` if it failed, which is logged.
pub(super) async fn handshake(
    stream: TcpStream,
    handshakes: &Handshakes,
    tls: &Tls,
    context: &ListenerContext,
) -> Option<TlsConnection> {
    let limits = &context.app.limits;
    let timeout = limits.limits().handshake_time;
    let mut permit = handshakes.begin();

    let result = tokio::select! {
        result = tokio::time::timeout(timeout, perform(stream, tls, context)) => result,
        _ = &mut permit.aborted => {
            limits.report(Limit::Handshakes);
            return None;
        }
    };

    match result {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => {
            tracing::info!("TLS handshake failed: {error}{}", hint(&error));
            None
        }
        Err(_) => {
            limits.report(Limit::HandshakeTime);
            None
        }
    }
}

/// Performs a handshake. Returns `None` if a fault ended it.
async fn perform(
    stream: TcpStream,
    tls: &Tls,
    context: &ListenerContext,
) -> io::Result<Option<TlsConnection>> {
    if is_plain_http(&stream).await? {
        close_gracefully(stream, PLAIN_HTTP_RESPONSE).await;
        return Err(io::Error::other("the client sent plain HTTP to the HTTPS port"));
    }

    // The server name selects the realm, its faults and the certificate.
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let name = start.client_hello().server_name().map(str::to_ascii_lowercase);
    #[cfg(feature = "redis")]
    synchronize_faults(context, name.as_deref()).await;
    let realm = find_realm(context, name.as_deref());
    let fault = realm.as_ref().and_then(|realm| realm.tls_faults().for_host(name.as_deref()));
    if let Some(fault) = fault {
        tracing::info!(host = name.as_deref(), "TLS fault: {fault:?}");
    }

    let client_auth = match context.protocol {
        Protocol::Portal => ClientAuth::Off,
        Protocol::Http | Protocol::Https => tls.client_auth(),
    };
    let config = match fault {
        None => tls.config(client_auth),
        Some(TlsFault::ConnectionRefused) => {
            start.io.set_zero_linger()?;
            return Ok(None);
        }
        Some(TlsFault::HandshakeFailure) => {
            close_gracefully(start.io, &HANDSHAKE_FAILURE).await;
            return Ok(None);
        }
        Some(TlsFault::Hang) => {
            // The report has how long the client bears it.
            let _hang = realm.map(|realm| realm.observer.begin_hang(None));
            wait_for_close(start.io).await;
            return Ok(None);
        }
        Some(fault) => match tls.faulty_config(fault, name.as_deref(), client_auth) {
            Some(config) => config,
            None => return Ok(None),
        },
    };

    let stream = match start.into_stream(config).into_fallible().await {
        Ok(stream) => stream,
        Err((error, stream)) => {
            // The alert with the reason has been written already.
            close_gracefully(stream, &[]).await;
            return Err(error);
        }
    };

    let (_, session) = stream.get_ref();
    let client = session.peer_certificates().and_then(|chain| chain.first());
    let certificate = client.map(common_name);
    let http2 = session.alpn_protocol() == Some(b"h2");
    Ok(Some(TlsConnection { stream, certificate, http2 }))
}

/// Returns whether a client starts with a letter, as all HTTP methods do and no TLS record does.
async fn is_plain_http(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    Ok(first[0].is_ascii_uppercase())
}

/// Sends the last bytes and closes the connection once the client has closed it. A connection that
/// is closed with unread data is reset, and the client may then lose the last bytes.
async fn close_gracefully(mut stream: TcpStream, last: &[u8]) {
    let close = async {
        stream.write_all(last).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(MAX_DISCARDED), &mut tokio::io::sink()).await
    };
    // A client that does not close in time may lose them.
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, close).await;
}

/// Waits until the client closes the connection, and discards what it sends.
async fn wait_for_close(mut stream: TcpStream) {
    // An error ends the connection as well.
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
}

/// Brings the faults of the handshake up to date with a shared store. If that is away, those that are known
/// act.
#[cfg(feature = "redis")]
async fn synchronize_faults(context: &ListenerContext, name: Option<&str>) {
    let realms = &context.app.realms;
    if realms.store().is_none() || realms.synchronize(None).await.is_err() {
        return;
    }
    // The host name may be that of a realm that this process has not used yet.
    let unknown = name.and_then(|name| realms.by_host(name).err());
    let known = find_realm(context, name).map(|realm| realm.name().to_owned());
    let _ = realms.synchronize(unknown.or(known).as_deref()).await;
}

/// Returns the realm of a handshake: the port's, or the one that the server name selects.
fn find_realm(context: &ListenerContext, name: Option<&str>) -> Option<Arc<Realm>> {
    if let Some(realm) = &context.realm {
        return realm.upgrade();
    }
    let realms = &context.app.realms;
    let named = name.and_then(|name| realms.by_host(name).ok().flatten());
    Some(named.unwrap_or_else(|| Arc::clone(realms.default_realm())))
}

/// Returns what the author of a client can do about a failed handshake, or an empty text.
fn hint(error: &io::Error) -> &'static str {
    let error = error.get_ref().and_then(|error| error.downcast_ref());

    match error {
        Some(Error::NoCertificatesPresented) => {
            " (with --client-auth required, the client must present a certificate)"
        }
        Some(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            " (the server does not know the CA of the client certificate; add it with --client-ca)"
        }
        // rustls has no variant of its own for CaUsedAsEndEntity and UnsupportedCertVersion.
        Some(Error::InvalidCertificate(CertificateError::Other(_))) => {
            " (a client certificate must be of X.509 version 3, and not a CA certificate such as \
             `openssl req -x509` creates; issue one with that CA, or use the `certs` command)"
        }
        Some(Error::AlertReceived(AlertDescription::UnknownCA)) => {
            " (the client does not trust the server's CA; the mock's own CA certificate is at \
             /_mock/ca.pem)"
        }
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            " (the client did not send TLS)"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot::error::TryRecvError;

    #[test]
    fn one_handshake_too_many_aborts_the_oldest() {
        const MAX: usize = 500;
        let handshakes = Handshakes::new(MAX);
        let mut first = handshakes.begin();
        let mut second = handshakes.begin();
        let others: Vec<_> = (0..MAX - 1).map(|_| handshakes.begin()).collect();
        assert_eq!(first.aborted.try_recv(), Err(TryRecvError::Closed));
        assert_eq!(second.aborted.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(handshakes.in_progress.lock().senders.len(), MAX);
        drop((first, second, others));
        assert!(handshakes.in_progress.lock().senders.is_empty());
    }

    #[test]
    fn a_hint_follows_from_the_type_of_the_error() {
        let hint_of = |error| hint(&io::Error::new(io::ErrorKind::InvalidData, error));
        assert!(hint_of(Error::NoCertificatesPresented).contains("--client-auth required"));
        assert!(hint_of(CertificateError::UnknownIssuer.into()).contains("--client-ca"));
        assert!(hint_of(Error::AlertReceived(AlertDescription::UnknownCA)).contains("ca.pem"));
        assert_eq!(hint_of(Error::General("no certificates presented".to_owned())), "");
        assert_eq!(hint(&io::ErrorKind::UnexpectedEof.into()), "");
    }
}
