//! The listeners of a server: HTTP, HTTPS, and the portal.

use std::net::SocketAddr;

use super::interfaces::{Bound, Interfaces, ListenError};
use super::listener::Protocol;
use super::local_url::local_url;

/// The listeners of a server before it accepts connections, in the order HTTP, HTTPS, portal.
pub(super) struct Listeners(pub(super) Vec<(Protocol, Bound)>);

impl Listeners {
    /// Listens on the interfaces of each protocol.
    pub(super) fn listen(
        http: &[Interfaces],
        https: Option<&Interfaces>,
        portal: Option<&Interfaces>,
    ) -> Result<Self, ListenError> {
        let http = http.iter().map(|interfaces| (Protocol::Http, interfaces));
        let https = https.map(|interfaces| (Protocol::Https, interfaces));
        let portal = portal.map(|interfaces| (Protocol::Portal, interfaces));

        let mut listeners = Vec::new();
        for (protocol, interfaces) in http.chain(https).chain(portal) {
            let bound = interfaces.listen()?;
            listeners.extend(bound.into_iter().map(|bound| (protocol, bound)));
        }
        Ok(Self(listeners))
    }

    /// Returns the addresses of a protocol.
    pub(super) fn addresses(&self, protocol: Protocol) -> Vec<SocketAddr> {
        let listeners = self.0.iter().filter(|(own, _)| *own == protocol);
        listeners.map(|(_, (_, address))| *address).collect()
    }

    /// Returns the first address of a protocol, if the server speaks it.
    pub(super) fn first(&self, protocol: Protocol) -> Option<SocketAddr> {
        self.addresses(protocol).first().copied()
    }

    /// Returns the base URL of each listener but the portal.
    pub(super) fn urls(&self) -> Vec<String> {
        let listeners = self.0.iter().filter(|(protocol, _)| *protocol != Protocol::Portal);
        listeners.map(|(protocol, (_, address))| local_url(protocol.scheme(), *address)).collect()
    }
}
