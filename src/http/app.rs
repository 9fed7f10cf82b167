//! What all requests share: the realms, the signing key, and the server's options.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock, Weak};

use tokio::sync::watch;

use crate::limits::LimitMonitor;
use crate::oauth::Secret;
use crate::realm::{OwnPorts, Realm, RealmMap};
use crate::tls::Tls;
use crate::token::SigningKey;

/// What all requests to a server share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) realms: RealmMap,
    pub(crate) key: SigningKey,
    pub(crate) options: Options,
    pub(crate) limits: LimitMonitor,
    /// The certificates and faults of HTTPS, if the server speaks it.
    pub(crate) tls: Option<Tls>,
    /// Opens ports of their own for realms. The server sets it once it runs.
    pub(crate) ports: OnceLock<PortOpener>,
    /// Turns true when the server is asked to stop.
    pub(crate) stop: watch::Receiver<bool>,
}

/// The options of a server that its responses depend on.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The address of the HTTP listener.
    pub(crate) http: Option<SocketAddr>,
    /// The address of the HTTPS listener.
    pub(crate) https: Option<SocketAddr>,
    /// The address of the portal: HTTPS for browsers, with the consent pages and the console only.
    pub(crate) portal: Option<SocketAddr>,
    /// The base URL of the URLs in responses, without a slash at the end.
    pub(crate) public_url: Option<String>,
    /// Whether `X-Forwarded-*` headers are trusted.
    pub(crate) trust_forwarded: bool,
    pub(crate) control: Control,
    /// The host names by which browsers may use the control API, in canonical form.
    pub(crate) control_hosts: Vec<String>,
}

/// Who may use the control API, besides the checks that are always made.
#[derive(Clone, Debug)]
pub(crate) enum Control {
    On,
    /// The control API does not exist.
    Off,
    /// Only clients that send this bearer token.
    Token(Secret),
}

type OpenPort = dyn Fn(&Weak<Realm>) -> io::Result<OwnPorts> + Send + Sync;

/// Opens ports of their own for realms.
pub(crate) struct PortOpener(pub(crate) Box<OpenPort>);

/// The connection that a request came by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connection {
    /// The address of the listener; none for a request that is handled in process.
    pub(crate) listener: Option<SocketAddr>,
    /// The address of this machine that the client connected to.
    pub(crate) local_ip: Option<IpAddr>,
    /// Whether the connection is encrypted.
    pub(crate) tls: bool,
    /// Whether the listener is the portal.
    pub(crate) is_portal: bool,
    /// The common name of the client's certificate.
    pub(crate) certificate: Option<Arc<str>>,
    /// The realm that the listener belongs to, if it belongs to one.
    pub(crate) realm: Option<Arc<Realm>>,
}

impl App {
    /// Whether the server has been asked to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Waits until the server is asked to stop.
    pub(crate) async fn stopping(&self) {
        // An error means that the server itself is gone, which is a stop as well.
        let _ = self.stop.clone().wait_for(|&stop| stop).await;
    }

    /// Opens ports of their own for a realm that is being created, if it is to have some.
    pub(crate) fn open_port(
        &self,
        own_port: bool,
        realm: &Weak<Realm>,
    ) -> io::Result<Option<OwnPorts>> {
        match self.ports.get() {
            Some(opener) if own_port => (opener.0)(realm).map(Some),
            _ => Ok(None),
        }
    }
}

impl Options {
    /// Returns the address of a listener: the one for this scheme, or else the other.
    pub(crate) fn address(&self, tls: bool) -> SocketAddr {
        let address = if tls { self.https.or(self.http) } else { self.http.or(self.https) };
        address.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into())
    }
}

impl Connection {
    /// Returns the scheme of URLs that lead to this connection's listener.
    pub(super) fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }
}

impl fmt::Debug for PortOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PortOpener")
    }
}
