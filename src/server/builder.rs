//! What a server starts with.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;

use super::{MockAuthServer, accept, background};
use crate::fixture::{Fixtures, Mistakes, Source, builtin, load_paths, load_sources};
use crate::http::{App, router};
use crate::realm::Realm;
use crate::token::SigningKey;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 4096;

/// Settings of a server that is about to start.
///
/// ```
/// use smartpay_oauth_mock::MockAuthServer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = MockAuthServer::builder()
///     .fixtures("extends: default\nsettings: { access_token_lifetime: 5s }")?
///     .start()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    listen: SocketAddr,
    fixtures: Arc<Fixtures>,
    key: Option<SigningKey>,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on: it is taken, say.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// The system gave no threads.
    #[error("cannot start threads: {0}")]
    Threads(io::Error),
}

impl Default for Builder {
    fn default() -> Self {
        Self { listen: (Ipv4Addr::LOCALHOST, 0).into(), fixtures: builtin(), key: None }
    }
}

impl Builder {
    /// Listens on this address; port 0 is any that is free. The default is `127.0.0.1:0`.
    pub fn listen(mut self, address: impl Into<SocketAddr>) -> Self {
        self.listen = address.into();
        self
    }

    /// Takes the fixtures of a file or folder in place of the built-in ones.
    ///
    /// # Errors
    ///
    /// Every mistake in them, with its place.
    pub fn fixtures_file(self, path: impl AsRef<Path>) -> Result<Self, Mistakes> {
        self.fixtures_files(&[path])
    }

    /// Takes the fixtures of several files and folders; later ones win.
    ///
    /// # Errors
    ///
    /// Every mistake in them, with its place.
    pub fn fixtures_files<P: AsRef<Path>>(mut self, paths: &[P]) -> Result<Self, Mistakes> {
        self.fixtures = load_paths(paths)?;
        Ok(self)
    }

    /// Takes fixtures from a text, YAML or JSON.
    ///
    /// # Errors
    ///
    /// Every mistake in it, with its line and column.
    pub fn fixtures(mut self, text: &str) -> Result<Self, Mistakes> {
        let source = Source { name: "fixtures".to_owned(), text: text.to_owned() };
        self.fixtures = Arc::new(load_sources(&[source])?);
        Ok(self)
    }

    /// Takes a set that has been loaded already.
    #[cfg(feature = "cli")]
    pub(crate) fn fixture_set(mut self, set: Arc<Fixtures>) -> Self {
        self.fixtures = set;
        self
    }

    /// Signs tokens with this key in place of the development key.
    pub fn signing_key(mut self, key: SigningKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    ///
    /// If the address is taken or cannot be used.
    pub async fn start(self) -> Result<MockAuthServer, StartError> {
        self.start_now()
    }

    fn start_now(self) -> Result<MockAuthServer, StartError> {
        let address = self.listen;
        let listen = |error| StartError::Listen { address, error };
        let runtime = background::runtime().map_err(StartError::Threads)?;
        let _on_runtime = runtime.enter();
        let listener = bind(address).map_err(listen)?;
        let bound = listener.local_addr().map_err(listen)?;
        let app = Arc::new(App {
            realm: Arc::new(Realm::new("default", &self.fixtures)),
            key: self.key.unwrap_or_else(SigningKey::development),
        });
        let router = router(Arc::clone(&app));
        let (stop, stopped) = watch::channel(false);
        let accepting =
            runtime.spawn(accept::accept(listener, Arc::clone(&app), router.clone(), stopped));
        Ok(MockAuthServer { address: bound, app, router, stop, accepting })
    }
}

/// Listens with room for a stampede: a test may connect hundreds of clients at once.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // On Unix this lets a port be used again whose last connections are still fading.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
