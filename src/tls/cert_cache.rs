//! The server's certificate, and one for each host name that clients connect to.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::RwLock;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::ca::{Ca, LeafParams};
use crate::units::is_host_name;

/// The number of names at which the cache is emptied; certificates are issued again on demand.
const MAX_NAMES: usize = 1_000;
/// The age at which a certificate is issued again, well before it expires.
const MAX_AGE: Duration = Duration::from_secs(300 * 86_400);

/// Selects the certificate for a handshake by its server name (SNI).
#[derive(Debug)]
pub(super) struct CertCache {
    ca: Arc<Ca>,
    /// The certificate for localhost, and for clients that send no server name.
    server: RwLock<Arc<CertifiedKey>>,
    /// Whether other names get certificates of their own.
    issues_by_name: bool,
    by_name: RwLock<HashMap<String, (Instant, Arc<CertifiedKey>)>>,
}

impl CertCache {
    pub(super) fn new(ca: Arc<Ca>, server: CertifiedKey, issues_by_name: bool) -> Self {
        let server = RwLock::new(Arc::new(server));
        Self { ca, server, issues_by_name, by_name: RwLock::default() }
    }

    /// Replaces the server's certificate.
    pub(super) fn replace_server(&self, server: CertifiedKey) {
        *self.server.write() = Arc::new(server);
    }

    /// Returns the certificate for a server name.
    fn get(&self, name: Option<&str>) -> Arc<CertifiedKey> {
        let name = match name {
            Some(name) if self.issues_by_name && name != "localhost" && is_host_name(name) => name,
            _ => return Arc::clone(&self.server.read()),
        };

        if let Some((issued, key)) = self.by_name.read().get(name)
            && issued.elapsed() < MAX_AGE
        {
            return Arc::clone(key);
        }

        let Some(key) = self.issue(name) else { return Arc::clone(&self.server.read()) };

        let mut by_name = self.by_name.write();
        if by_name.len() >= MAX_NAMES {
            by_name.clear();
        }
        by_name.insert(name.to_owned(), (Instant::now(), Arc::clone(&key)));
        key
    }

    fn issue(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let identity = self.ca.issue(&LeafParams::single_host(name)).ok()?;
        identity.certified_key().ok().map(Arc::new)
    }
}

impl ResolvesServerCert for CertCache {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get(hello.server_name()))
    }
}
