//! The URL of a listener.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// Returns the URL at which this machine reaches a listening address.
pub(super) fn local_url(scheme: &str, mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }

    format!("{scheme}://{address}")
}
