//! The server's certificate, and one for each name that a client has asked for.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use tokio_rustls::rustls::sign::CertifiedKey;

use super::{Ca, LeafParams};
use crate::units::is_host_name;

/// How many names are remembered; whoever asks for more gets the same, only a little slower.
const MOST: usize = 1_000;
/// A certificate is made anew before it could expire under a server that runs very long.
const RENEWED: std::time::Duration = std::time::Duration::from_secs(300 * 86_400);

/// Certificates by name.
#[derive(Debug)]
pub(super) struct CertCache {
    server: RwLock<Arc<CertifiedKey>>,
    /// Whether other names get a certificate of their own.
    grows: bool,
    by_name: RwLock<HashMap<String, (std::time::Instant, Arc<CertifiedKey>)>>,
}

impl CertCache {
    pub(super) fn new(server: CertifiedKey, grows: bool) -> Self {
        let server = RwLock::new(Arc::new(server));
        Self { server, grows, by_name: RwLock::default() }
    }

    /// Takes another certificate for the server.
    pub(super) fn renew(&self, server: CertifiedKey) {
        *self.server.write() = Arc::new(server);
    }

    /// The certificate for a name that a client asks for: of most clients it is the server's own.
    pub(super) fn of_name(&self, name: Option<&str>, ca: &Ca) -> Arc<CertifiedKey> {
        let server = Arc::clone(&self.server.read());
        let Some(name) =
            name.filter(|name| self.grows && *name != "localhost" && is_host_name(name))
        else {
            return server;
        };
        let known = self.by_name.read().get(name).cloned();
        if let Some((made, key)) = known
            && made.elapsed() < RENEWED
        {
            return key;
        }
        let issued =
            ca.issue(&LeafParams::only(name)).ok().and_then(|issued| issued.certified().ok());
        let Some(key) = issued.map(Arc::new) else { return server };
        let mut by_name = self.by_name.write();
        if by_name.len() >= MOST {
            by_name.clear();
        }
        by_name.insert(name.to_owned(), (std::time::Instant::now(), Arc::clone(&key)));
        key
    }
}
