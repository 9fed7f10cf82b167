//! What a server starts with.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, OnceLock, Weak};

use axum::Router;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use super::accept::{self, Serving};
use super::watched::Watched;
use super::{MockAuthServer, RealmHandle, background, url_of};
use crate::fixture::{Fixtures, Mistakes, Source, builtin, load_paths, load_sources};
use crate::http::{App, Control, Options, PortOpener, router};
use crate::journal;
use crate::oauth::Secret;
use crate::realm::{OwnPort, Realms, Start};
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
    public_url: Option<String>,
    trust_forwarded: bool,
    control: Control,
    journal_size: usize,
    watched: Option<Watched>,
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
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            fixtures: builtin(),
            key: None,
            public_url: None,
            trust_forwarded: false,
            control: Control::On,
            journal_size: journal::USUAL_SIZE,
            watched: None,
        }
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

    /// Takes the fixtures of files and folders, and takes them again within a second of each
    /// change. If there is a mistake in them then, nothing changes and the log says why.
    ///
    /// # Errors
    ///
    /// Every mistake in them, with its place.
    pub fn watched_fixtures_files<P: AsRef<Path>>(mut self, paths: &[P]) -> Result<Self, Mistakes> {
        self.watched = Some(Watched::new(paths));
        self.fixtures_files(paths)
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

    /// Signs tokens with this key in place of the development key.
    pub fn signing_key(mut self, key: SigningKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Hands out URLs that begin with this one, in place of whatever host a request named.
    pub fn public_url(mut self, url: &str) -> Self {
        self.public_url = Some(url.trim_end_matches('/').to_owned());
        self
    }

    /// Leaves the control API out; what this handle can do, it still can.
    pub fn without_control(mut self) -> Self {
        self.control = Control::Off;
        self
    }

    /// Demands this bearer token of whoever uses the control API.
    pub fn control_token(mut self, token: &str) -> Self {
        self.control = Control::Token(Secret::from(token));
        self
    }

    /// Keeps so many requests in each realm's journal; older ones are dropped. The default is
    /// 10,000.
    pub fn journal_size(mut self, requests: usize) -> Self {
        self.journal_size = requests;
        self
    }

    /// Believes `X-Forwarded-Proto`, `-Host` and `-Prefix`: the server stands behind a proxy.
    pub fn trust_forwarded(mut self) -> Self {
        self.trust_forwarded = true;
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
            realms: Realms::new(Start::new(self.fixtures, self.journal_size)),
            key: self.key.unwrap_or_else(SigningKey::development),
            options: Options {
                address: bound,
                public_url: self.public_url,
                trust_forwarded: self.trust_forwarded,
                control: self.control,
            },
            ports: OnceLock::new(),
        });
        let router = router(Arc::clone(&app));
        let (stop, stopped) = watch::channel(false);
        // Every listener holds a sender; when all are gone, everything has been served.
        let (done, all_done) = mpsc::channel(1);
        let serving = Serving {
            app: Arc::clone(&app),
            router: router.clone(),
            realm: None,
            stop: stopped.clone(),
            done: done.clone(),
        };
        let accepting = runtime.spawn(accept::accept(listener, serving));
        // Nobody else sets it.
        let _ = app.ports.set(open_ports(
            Arc::downgrade(&app),
            router.clone(),
            runtime,
            stopped,
            done.downgrade(),
        ));
        if let Some(watched) = self.watched {
            background::runtime()
                .map_err(StartError::Threads)?
                .spawn(watched.watch(Arc::downgrade(&app)));
        }
        let realm = Arc::clone(app.realms.default_realm());
        let default = RealmHandle { app, realm, base_url: url_of(bound) };
        Ok(MockAuthServer { default, address: bound, router, stop, accepting, all_done })
    }
}

/// Opens ports of their own for realms, on the interface of the server's own.
fn open_ports(
    app: Weak<App>,
    router: Router,
    runtime: Handle,
    stop: watch::Receiver<bool>,
    done: mpsc::WeakSender<Infallible>,
) -> PortOpener {
    PortOpener(Box::new(move |realm| {
        let app = app.upgrade().ok_or(io::ErrorKind::NotConnected)?;
        let _on_runtime = runtime.enter();
        let listener = bind(SocketAddr::new(app.options.address.ip(), 0))?;
        let address = listener.local_addr()?;
        let (router, stop, done) = (router.clone(), stop.clone(), done.upgrade());
        let done = done.ok_or(io::ErrorKind::NotConnected)?;
        let serving = Serving { app, router, realm: Some(Weak::clone(realm)), stop, done };
        let accepting = runtime.spawn(accept::accept(listener, serving)).abort_handle();
        Ok(OwnPort { address, accepting })
    }))
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
