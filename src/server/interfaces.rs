//! The interfaces that a server listens on with one port.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

use super::port::bind;

/// The number of ports that are tried until one is free on every interface.
const ATTEMPTS: u32 = 20;

/// Interfaces that are listened on with the same port.
#[derive(Clone, Debug)]
pub(crate) struct Interfaces {
    first: SocketAddr,
    /// Their ports are ignored. Those that the machine does not have are left out.
    others: Vec<SocketAddr>,
}

/// A listener with its address, whose port is the one that was chosen for port 0.
pub(super) type Bound = (TcpListener, SocketAddr);

/// The reason why an address cannot be listened on.
#[derive(Debug)]
pub(super) struct ListenError {
    pub(super) address: SocketAddr,
    pub(super) source: io::Error,
}

impl From<SocketAddr> for Interfaces {
    fn from(address: SocketAddr) -> Self {
        Self { first: address, others: Vec::new() }
    }
}

impl Interfaces {
    /// Any free port of the IPv4 loopback interface.
    pub(super) fn loopback() -> Self {
        Self::from(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    /// `localhost`: the loopback interface in both families.
    #[cfg(feature = "cli")]
    pub(crate) fn localhost(port: u16) -> Self {
        let others = vec![(std::net::Ipv6Addr::LOCALHOST, port).into()];
        Self { first: (Ipv4Addr::LOCALHOST, port).into(), others }
    }

    /// Returns the first address that is not of the loopback interface, if there is one.
    #[cfg(feature = "cli")]
    pub(crate) fn exposed(&self) -> Option<SocketAddr> {
        let mut all = std::iter::once(self.first).chain(self.others.iter().copied());
        all.find(|address| !address.ip().is_loopback())
    }

    /// Returns whether these interfaces include an address, with its port.
    #[cfg(feature = "cli")]
    pub(crate) fn contain(&self, address: SocketAddr) -> bool {
        let is_among = self.others.iter().any(|other| other.ip() == address.ip());
        self.first == address || (is_among && self.first.port() == address.port())
    }

    /// Any port that is free on all these interfaces. `None` if there are none.
    pub(super) fn with_any_port(addresses: &[SocketAddr]) -> Option<Self> {
        let mut addresses = addresses.to_vec();
        addresses.iter_mut().for_each(|address| address.set_port(0));

        let mut interfaces: Vec<SocketAddr> = Vec::new();
        for address in &addresses {
            let is_covered = addresses.iter().any(|other| includes(other.ip(), address.ip()));
            if !is_covered && !interfaces.contains(address) {
                interfaces.push(*address);
            }
        }

        let mut interfaces = interfaces.into_iter();
        Some(Self { first: interfaces.next()?, others: interfaces.collect() })
    }

    /// Listens on all interfaces.
    pub(super) fn listen(&self) -> Result<Vec<Bound>, ListenError> {
        let mut attempts = if self.first.port() == 0 { ATTEMPTS } else { 1 };

        loop {
            attempts -= 1;
            let first = listen(self.first)?;
            match self.listen_on_others(first.1.port()) {
                Ok(others) => return Ok(std::iter::once(first).chain(others).collect()),
                Err(error) if attempts == 0 => return Err(error),
                // The port is taken on another interface, so the next attempt gets another port.
                Err(_) => {}
            }
        }
    }

    fn listen_on_others(&self, port: u16) -> Result<Vec<Bound>, ListenError> {
        let mut bound = Vec::new();
        for address in &self.others {
            let mut address = *address;
            address.set_port(port);

            match listen(address) {
                Ok(listener) => bound.push(listener),
                Err(error) if is_refusal(&error.source) => return Err(error),
                // A container often has no IPv6.
                Err(error) => tracing::info!("not listening on {address}: {}", error.source),
            }
        }
        Ok(bound)
    }
}

fn listen(address: SocketAddr) -> Result<Bound, ListenError> {
    let listening = bind(address).and_then(|listener| {
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    });
    listening.map_err(|source| ListenError { address, source })
}

/// Whether the system has the address, but does not let the server use the port.
fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied)
}

/// Whether listening on one interface includes another one.
fn includes(interface: IpAddr, other: IpAddr) -> bool {
    match interface {
        // Most systems also accept IPv4 there.
        IpAddr::V6(interface) => interface.is_unspecified() && other != interface,
        IpAddr::V4(interface) => {
            interface.is_unspecified() && other.is_ipv4() && !other.is_unspecified()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_that_another_one_includes_are_left_out() {
        for (addresses, expected) in [
            (&["127.0.0.1:1", "127.0.0.1:2", "[::1]:1"][..], &["127.0.0.1:0", "[::1]:0"][..]),
            (&["127.0.0.1:1", "0.0.0.0:2", "[::1]:1"], &["0.0.0.0:0", "[::1]:0"]),
            (&["127.0.0.1:1", "0.0.0.0:2", "[::]:1"], &["[::]:0"]),
            (&["[::1]:1", "[::]:1"], &["[::]:0"]),
        ] {
            let addresses: Vec<_> = addresses.iter().map(|text| text.parse().unwrap()).collect();
            let interfaces = Interfaces::with_any_port(&addresses).unwrap();
            let found = std::iter::once(interfaces.first).chain(interfaces.others);
            assert_eq!(found.map(|address| address.to_string()).collect::<Vec<_>>(), expected);
        }
        assert!(Interfaces::with_any_port(&[]).is_none());
    }

    #[tokio::test]
    async fn a_free_port_is_the_same_on_all_interfaces() {
        let interfaces: Vec<_> = ["127.0.0.1:0", "127.0.0.2:0", "192.0.2.1:0"]
            .map(|text| text.parse().unwrap())
            .to_vec();
        let bound = Interfaces::with_any_port(&interfaces).unwrap().listen().unwrap();
        let (first, second) = (bound[0].1, bound[1].1);
        assert_eq!(first.port(), second.port());
        assert_eq!(bound.len(), 2, "the machine does not have the third");

        let taken = Interfaces { first: "127.0.0.3:0".parse().unwrap(), others: vec![first] };
        let fixed = Interfaces { first: SocketAddr::new(taken.first.ip(), first.port()), ..taken };
        assert_eq!(fixed.listen().unwrap_err().address, first);
    }
}
