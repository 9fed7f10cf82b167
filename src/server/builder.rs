//! What a server starts with.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use super::accept::accept;
use super::connections::Connections;
use super::file_watcher::{self, FileWatcher};
use super::listener::ListenerContext;
use super::port::bind;
use super::{MockAuthServer, RealmHandle, runtime, url_of};
use crate::fixture::{FixtureErrors, Fixtures, Source, builtin, load_paths, load_sources};
use crate::http::{App, Control, Options, PortOpener, router};
use crate::journal;
use crate::limits::{LimitMonitor, Limits};
use crate::oauth::Secret;
use crate::realm::{OwnPorts, RealmMap, RealmSeed};
use crate::tls::{ClientAuth, Tls, TlsError, TlsOptions};
use crate::token::SigningKey;

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
    listen: Option<SocketAddr>,
    tls_listen: Option<SocketAddr>,
    tls: TlsOptions,
    fixtures: Arc<Fixtures>,
    key: Option<SigningKey>,
    public_url: Option<String>,
    trust_forwarded: bool,
    control: Control,
    journal_size: usize,
    limits: Limits,
    watched: Option<FileWatcher>,
    watch_certificate: bool,
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
        #[source]
        error: io::Error,
    },
    /// HTTPS cannot be spoken: a certificate is wrong, say.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// There is nothing to listen on.
    #[error("there is neither HTTP nor HTTPS to serve")]
    Nothing,
    /// The system gave no threads.
    #[error("cannot start threads: {0}")]
    Threads(#[source] io::Error),
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            listen: Some((Ipv4Addr::LOCALHOST, 0).into()),
            tls_listen: None,
            tls: TlsOptions::default(),
            fixtures: builtin(),
            key: None,
            public_url: None,
            trust_forwarded: false,
            control: Control::On,
            journal_size: journal::DEFAULT_SIZE,
            limits: Limits::default(),
            watched: None,
            watch_certificate: false,
        }
    }
}

impl Builder {
    /// Listens on this address; port 0 is any that is free. The default is `127.0.0.1:0`.
    pub fn listen(mut self, address: impl Into<SocketAddr>) -> Self {
        self.listen = Some(address.into());
        self
    }

    /// Serves HTTPS only.
    pub fn https_only(mut self) -> Self {
        self.listen = None;
        self.tls()
    }

    /// Serves HTTPS, too, on a free port of the loopback interface, with a certificate of a CA of
    /// its own ([`RealmHandle::ca_pem`]) for localhost and 127.0.0.1.
    ///
    /// ```
    /// use smartpay_oauth_mock::{ClientAuth, MockAuthServer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server =
    ///     MockAuthServer::builder().tls().client_auth(ClientAuth::Required).start().await?;
    /// assert!(server.base_url().starts_with("https://"));
    /// let ca = server.ca_pem().expect("with TLS there is a CA");
    /// let client = server.client_identity("my-company")?;
    /// // Give `ca` and `client` to the HTTP client of the code under test.
    /// # Ok(())
    /// # }
    /// ```
    pub fn tls(self) -> Self {
        let address = self.tls_listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into());
        self.tls_listen(address)
    }

    /// Serves HTTPS, too, on this address.
    pub fn tls_listen(mut self, address: impl Into<SocketAddr>) -> Self {
        self.tls_listen = Some(address.into());
        self
    }

    /// Makes the certificate for this host as well.
    pub fn tls_host(mut self, host: impl Into<String>) -> Self {
        self.tls.hosts.push(host.into().to_ascii_lowercase());
        self
    }

    /// Keeps CA and certificate in this folder, and takes them from there while they are good.
    pub fn tls_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.tls.dir = Some(dir.into());
        self
    }

    /// Presents this certificate (a PEM chain) in place of one of the mock's own, with its key.
    pub fn tls_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.tls.own = Some((certificate.into(), key.into()));
        self
    }

    /// Asks clients for a certificate, or demands one. Those of the mock's own CA count
    /// ([`RealmHandle::client_identity`]), and those of each [`Builder::client_ca`].
    pub fn client_auth(mut self, client_auth: ClientAuth) -> Self {
        self.tls.client_auth = client_auth;
        self
    }

    /// Takes client certificates of this CA (PEM), too.
    pub fn client_ca(mut self, file: impl Into<PathBuf>) -> Self {
        self.tls.client_cas.push(file.into());
        self
    }

    /// Takes the user's own certificate again when its files change.
    #[cfg(feature = "cli")]
    pub(crate) fn watch_certificate(mut self) -> Self {
        self.watch_certificate = true;
        self
    }

    /// Takes the fixtures of a file or folder in place of the built-in ones.
    ///
    /// # Errors
    ///
    /// Every mistake in them, with its place.
    pub fn fixtures_file(self, path: impl AsRef<Path>) -> Result<Self, FixtureErrors> {
        self.fixtures_files(&[path])
    }

    /// Takes the fixtures of several files and folders; later ones win.
    ///
    /// # Errors
    ///
    /// Every mistake in them, with its place.
    pub fn fixtures_files<P: AsRef<Path>>(mut self, paths: &[P]) -> Result<Self, FixtureErrors> {
        self.fixtures = load_paths(paths)?;
        Ok(self)
    }

    /// Takes the fixtures of files and folders, and takes them again within a second of each
    /// change. If there is a mistake in them then, nothing changes and the log says why.
    ///
    /// # Errors
    ///
    /// Every mistake in them, with its place.
    pub fn watched_fixtures_files<P: AsRef<Path>>(
        mut self,
        paths: &[P],
    ) -> Result<Self, FixtureErrors> {
        self.watched = Some(FileWatcher::new(paths));
        self.fixtures_files(paths)
    }

    /// Takes fixtures from a text, YAML or JSON.
    ///
    /// # Errors
    ///
    /// Every mistake in it, with its line and column.
    pub fn fixtures(mut self, text: &str) -> Result<Self, FixtureErrors> {
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

    /// CertCache the control API out; what this handle can do, it still can.
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

    /// LimitMonitor what clients may take of the server otherwise than usual.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
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
        let runtime = runtime::runtime().map_err(StartError::Threads)?;
        let _on_runtime = runtime.enter();
        let listen = |address: SocketAddr| {
            let listening = bind(address).and_then(|listener| {
                let bound = listener.local_addr()?;
                Ok((listener, bound))
            });
            listening.map_err(|error| StartError::Listen { address, error })
        };
        let tls = match self.tls_listen {
            Some(_) => Some(Tls::new(self.tls)?),
            None => None,
        };
        let http = self.listen.map(listen).transpose()?;
        let https = self.tls_listen.map(listen).transpose()?;
        let bound = |listener: &Option<(_, SocketAddr)>| listener.as_ref().map(|(_, at)| *at);
        let (http_at, https_at) = (bound(&http), bound(&https));
        let address = https_at.or(http_at).ok_or(StartError::Nothing)?;
        let (stop, stopped) = watch::channel(false);
        let app = Arc::new(App {
            realms: RealmMap::new(RealmSeed::new(self.fixtures, self.journal_size)),
            key: self.key.unwrap_or_else(SigningKey::development),
            options: Options {
                http: http_at,
                https: https_at,
                public_url: self.public_url,
                trust_forwarded: self.trust_forwarded,
                control: self.control,
            },
            limits: LimitMonitor::new(self.limits),
            tls,
            ports: OnceLock::new(),
            stop: stopped,
        });
        let router = Arc::new(router(Arc::clone(&app)));
        // Every listener holds a sender; when all are gone, everything has been served.
        let (done, all_done) = mpsc::channel(1);
        let serving = ListenerContext {
            app: Arc::clone(&app),
            router: Arc::clone(&router),
            realm: None,
            tls: false,
            connections: Connections::new(app.limits.limits().connections),
            done,
        };
        // Nobody else sets it.
        let _ = app.ports.set(open_ports(&serving, runtime.clone()));
        let accepting = [(http, false), (https, true)].into_iter().filter_map(|(listener, tls)| {
            let (listener, address) = listener?;
            let serving = ListenerContext { tls, ..serving.clone() };
            Some(runtime.spawn(accept(listener, address, serving)).abort_handle())
        });
        let accepting = accepting.collect();
        if let Some(watched) = self.watched {
            runtime.spawn(watched.run(Arc::downgrade(&app), file_watcher::reload_fixtures));
        }
        let files =
            app.tls.as_ref().filter(|_| self.watch_certificate).and_then(Tls::certificate_files);
        if let Some(files) = files {
            let watched = FileWatcher::new(&files);
            runtime.spawn(watched.run(Arc::downgrade(&app), file_watcher::reload_certificate));
        }
        let realm = Arc::clone(app.realms.default_realm());
        let base_url = url_of(if https_at.is_some() { "https" } else { "http" }, address);
        let default = RealmHandle { app, realm, base_url };
        Ok(MockAuthServer { default, address, router, stop, accepting, all_done })
    }
}

/// Opens ports of their own for realms, on the interfaces of the server's own.
fn open_ports(serving: &ListenerContext, runtime: Handle) -> PortOpener {
    // What the app holds must not bind_without_listening the app, as the router does.
    let (app, router) = (Arc::downgrade(&serving.app), Arc::downgrade(&serving.router));
    let (connections, done) = (Arc::clone(&serving.connections), serving.done.downgrade());
    PortOpener(Box::new(move |realm| {
        let gone = || io::Error::from(io::ErrorKind::NotConnected);
        let app = app.upgrade().ok_or_else(gone)?;
        let router = router.upgrade().ok_or_else(gone)?;
        let done = done.upgrade().ok_or_else(gone)?;
        let _on_runtime = runtime.enter();
        let mut ports = OwnPorts { http: None, https: None, accepting: Vec::new() };
        let interfaces = [(app.options.http, false), (app.options.https, true)];
        for (interface, tls) in interfaces {
            let Some(interface) = interface else { continue };
            let listener = bind(SocketAddr::new(interface.ip(), 0))?;
            let address = listener.local_addr()?;
            let serving = ListenerContext {
                app: Arc::clone(&app),
                router: Arc::clone(&router),
                realm: Some(Weak::clone(realm)),
                tls,
                connections: Arc::clone(&connections),
                done: done.clone(),
            };
            let accepting = runtime.spawn(accept(listener, address, serving));
            ports.accepting.push(accepting.abort_handle());
            *(if tls { &mut ports.https } else { &mut ports.http }) = Some(address);
        }
        Ok(ports)
    }))
}
