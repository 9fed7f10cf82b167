//! Settings of a server, and its start.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};

use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use super::accept::accept;
use super::connections::Connections;
use super::file_watcher::{self, FileWatcher};
use super::interfaces::{Interfaces, ListenError};
use super::listener::{ListenerContext, Protocol};
use super::listeners::Listeners;
use super::local_url::local_url;
use super::mock_auth_server::MockAuthServer;
use super::realm_handle::RealmHandle;
use super::runtime;
use crate::fixture::{FixtureErrors, Fixtures, Source, builtin, load_paths, load_sources};
use crate::http::{App, Control, Options, PortOpener, router};
use crate::journal;
use crate::limits::{LimitMonitor, Limits};
use crate::oauth::Secret;
use crate::realm::{OwnPorts, RealmMap, RealmSeed};
use crate::tls::{ClientAuth, Tls, TlsError, TlsOptions};
use crate::token::SigningKey;

/// Settings of a server, which [`Builder::start`] starts.
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
#[must_use = "the server does not run until `start` is called"]
pub struct Builder {
    listen: Vec<Interfaces>,
    tls_listen: Option<Interfaces>,
    portal_listen: Option<Interfaces>,
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

/// The reason why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The server cannot listen on an address: it is in use, for example.
    #[error("cannot listen on {address}: {source}")]
    #[non_exhaustive]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The server cannot serve HTTPS: a certificate is invalid, for example.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The settings enable neither HTTP nor HTTPS.
    #[error("neither HTTP nor HTTPS is enabled")]
    NothingToServe,
    /// The operating system does not provide the threads.
    #[error("cannot start threads: {0}")]
    Threads(#[source] io::Error),
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            listen: vec![Interfaces::loopback()],
            tls_listen: None,
            portal_listen: None,
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

impl MockAuthServer {
    /// Starts a server with the built-in fixtures on a free port of the loopback interface.
    ///
    /// # Panics
    ///
    /// If there is no free port. [`Builder::start`] returns an error instead.
    pub async fn start() -> Self {
        match Self::builder().start().await {
            Ok(server) => server,
            Err(error) => panic!("the mock server could not start: {error}"),
        }
    }

    /// Configures a server: fixtures, ports, TLS, signing key and more.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// Sets the address for plain HTTP. Port 0 selects a free port. The default is `127.0.0.1:0`.
    pub fn listen(mut self, address: impl Into<SocketAddr>) -> Self {
        self.listen = vec![address.into().into()];
        self
    }

    /// Adds an address for plain HTTP. [`MockAuthServer::http_url`] is that of the first one.
    pub fn also_listen(mut self, address: impl Into<SocketAddr>) -> Self {
        self.listen.push(address.into().into());
        self
    }

    /// Sets the interfaces for plain HTTP. None means no plain HTTP.
    #[cfg(feature = "cli")]
    pub(crate) fn listen_on(mut self, interfaces: Vec<Interfaces>) -> Self {
        self.listen = interfaces;
        self
    }

    /// Serves HTTPS, as [`Builder::tls`] does, and no plain HTTP.
    pub fn https_only(mut self) -> Self {
        self.listen.clear();
        self.tls()
    }

    /// Serves HTTPS in addition to HTTP, on a free port of the loopback interface unless
    /// [`Builder::tls_listen`] is set.
    ///
    /// The certificate is for localhost and 127.0.0.1, and is signed by the server's own CA
    /// ([`RealmHandle::ca_pem`]).
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
    pub fn tls(mut self) -> Self {
        self.tls_listen.get_or_insert_with(Interfaces::loopback);
        self
    }

    /// Serves HTTPS in addition to HTTP, on this address. Port 0 selects a free port.
    pub fn tls_listen(mut self, address: impl Into<SocketAddr>) -> Self {
        self.tls_listen = Some(address.into().into());
        self
    }

    /// Sets the interfaces for HTTPS.
    #[cfg(feature = "cli")]
    pub(crate) fn tls_listen_on(mut self, interfaces: Interfaces) -> Self {
        self.tls_listen = Some(interfaces);
        self
    }

    /// Serves the consent pages on this address as well, over HTTPS that asks for no client
    /// certificate, and nothing else. Port 0 means any free port.
    ///
    /// As at the real server, browsers without a certificate can then consent while the token
    /// endpoint demands one. [`RealmHandle::authorize_url`] and the metadata name the portal.
    ///
    /// ```
    /// use smartpay_oauth_mock::{ClientAuth, MockAuthServer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockAuthServer::builder()
    ///     .https_only()
    ///     .client_auth(ClientAuth::Required)
    ///     .portal_listen(([127, 0, 0, 1], 0))
    ///     .start()
    ///     .await?;
    /// let portal = server.portal_url().expect("there is a portal");
    /// assert_eq!(server.authorize_url(), portal + "/ebc2/oauth/authorize");
    /// # Ok(())
    /// # }
    /// ```
    pub fn portal_listen(mut self, address: impl Into<SocketAddr>) -> Self {
        self.portal_listen = Some(address.into().into());
        self
    }

    /// Sets the interfaces of the portal.
    #[cfg(feature = "cli")]
    pub(crate) fn portal_listen_on(mut self, interfaces: Interfaces) -> Self {
        self.portal_listen = Some(interfaces);
        self
    }

    /// Adds a host name to the certificate that the server creates.
    pub fn tls_host(mut self, host: impl Into<String>) -> Self {
        self.tls.hosts.push(host.into().to_ascii_lowercase());
        self
    }

    /// Sets the directory that stores the CA and the certificate, so that they stay the same after
    /// a restart.
    pub fn tls_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.tls.dir = Some(dir.into());
        self
    }

    /// Sets the certificate (a PEM file with its chain) and its private key, instead of ones that
    /// the server creates.
    pub fn tls_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.tls.own = Some((certificate.into(), key.into()));
        self
    }

    /// Sets whether clients must present a certificate. The default is [`ClientAuth::Off`].
    ///
    /// Certificates of the server's own CA are accepted ([`RealmHandle::client_identity`]), and
    /// those of each [`Builder::client_ca`].
    pub fn client_auth(mut self, client_auth: ClientAuth) -> Self {
        self.tls.client_auth = client_auth;
        self
    }

    /// Adds a CA (a PEM file) whose client certificates are accepted.
    pub fn client_ca(mut self, file: impl Into<PathBuf>) -> Self {
        self.tls.client_cas.push(file.into());
        self
    }

    /// Reloads the certificate of [`Builder::tls_certificate`] when its files change.
    #[cfg(feature = "cli")]
    pub(crate) fn watch_certificate(mut self) -> Self {
        self.watch_certificate = true;
        self
    }

    /// Sets the fixtures, YAML or JSON. The default is the built-in fixtures.
    ///
    /// # Errors
    ///
    /// Every error in the text, with its line and column.
    pub fn fixtures(mut self, text: &str) -> Result<Self, FixtureErrors> {
        let source = Source { name: "fixtures".to_owned(), text: text.to_owned() };
        self.fixtures = Arc::new(load_sources(&[source])?);
        Ok(self)
    }

    /// Sets the fixtures from a file or directory.
    ///
    /// # Errors
    ///
    /// Every error in the files, with its location.
    pub fn fixtures_file(self, path: impl AsRef<Path>) -> Result<Self, FixtureErrors> {
        self.fixtures_files(&[path])
    }

    /// Sets the fixtures from several files and directories. Later ones override earlier ones.
    ///
    /// # Errors
    ///
    /// Every error in the files, with its location.
    pub fn fixtures_files<P: AsRef<Path>>(mut self, paths: &[P]) -> Result<Self, FixtureErrors> {
        self.fixtures = load_paths(paths)?;
        Ok(self)
    }

    /// Sets the fixtures from several files and directories, and reloads them within a second of
    /// each change. If a changed file has an error, the error is logged and nothing changes.
    ///
    /// # Errors
    ///
    /// Every error in the files, with its location.
    pub fn watched_fixtures_files<P: AsRef<Path>>(
        mut self,
        paths: &[P],
    ) -> Result<Self, FixtureErrors> {
        self.watched = Some(FileWatcher::new(paths));
        self.fixtures_files(paths)
    }

    /// Sets the key that signs tokens. The default is the development key.
    pub fn signing_key(mut self, key: SigningKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Sets the base URL of the URLs in responses. The default is the scheme and host of each
    /// request.
    pub fn public_url(mut self, url: &str) -> Self {
        self.public_url = Some(url.trim_end_matches('/').to_owned());
        self
    }

    /// Trusts the headers `X-Forwarded-Proto`, `-Host` and `-Prefix`, for a server behind a proxy.
    pub fn trust_forwarded(mut self) -> Self {
        self.trust_forwarded = true;
        self
    }

    /// Disables the control API. The methods of this library still work.
    pub fn without_control(mut self) -> Self {
        self.control = Control::Off;
        self
    }

    /// Sets the bearer token that the control API requires.
    pub fn control_token(mut self, token: &str) -> Self {
        self.control = Control::Token(Secret::from(token));
        self
    }

    /// Sets the maximum number of requests in each realm's journal, which drops the oldest ones.
    /// The default is 10,000.
    pub fn journal_size(mut self, requests: usize) -> Self {
        self.journal_size = requests;
        self
    }

    /// Sets the limits on the resources that clients may use.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    ///
    /// If an address cannot be listened on, or a certificate cannot be loaded or stored.
    pub async fn start(self) -> Result<MockAuthServer, StartError> {
        let runtime = runtime::runtime().map_err(StartError::Threads)?;
        let _on_runtime = runtime.enter();

        let needs_tls = self.tls_listen.is_some() || self.portal_listen.is_some();
        let tls = needs_tls.then(|| Tls::new(self.tls)).transpose()?;
        let listeners =
            Listeners::listen(&self.listen, self.tls_listen.as_ref(), self.portal_listen.as_ref())?;
        let (http, https) = (listeners.first(Protocol::Http), listeners.first(Protocol::Https));
        let (scheme, address) = match (https, http) {
            (Some(address), _) => ("https", address),
            (None, Some(address)) => ("http", address),
            (None, None) => return Err(StartError::NothingToServe),
        };

        let (stop, stopped) = watch::channel(false);
        let app = Arc::new(App {
            realms: RealmMap::new(RealmSeed::new(self.fixtures, self.journal_size)),
            key: self.key.unwrap_or_else(SigningKey::development),
            options: Options {
                http,
                https,
                portal: listeners.first(Protocol::Portal),
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

        // Each listener holds a sender. When all are dropped, every request has been served.
        let (done, all_done) = mpsc::channel(1);
        let context = ListenerContext {
            app: Arc::clone(&app),
            router: Arc::clone(&router),
            realm: None,
            protocol: Protocol::Http,
            connections: Connections::new(app.limits.limits().connections),
            done,
        };
        // Nothing else sets it.
        let _ = app.ports.set(port_opener(&listeners, &context, runtime.clone()));

        let urls = listeners.urls();
        let mut accepting = Vec::new();
        for (protocol, (listener, address)) in listeners {
            let context = ListenerContext { protocol, ..context.clone() };
            let task = runtime.spawn(accept(listener, address, context));
            accepting.push(task.abort_handle());
        }
        watch_files(&runtime, &app, self.watched, self.watch_certificate);

        let realm = Arc::clone(app.realms.default_realm());
        let default = RealmHandle { app, realm, base_url: local_url(scheme, address) };
        Ok(MockAuthServer { default, address, urls, router, stop, accepting, all_done })
    }
}

impl From<ListenError> for StartError {
    fn from(ListenError { address, source }: ListenError) -> Self {
        Self::Listen { address, source }
    }
}

/// Reloads fixtures and the user's own certificate when their files change, where that is set.
fn watch_files(
    runtime: &Handle,
    app: &Arc<App>,
    fixtures: Option<FileWatcher>,
    watch_certificate: bool,
) {
    if let Some(fixtures) = fixtures {
        runtime.spawn(fixtures.run(Arc::downgrade(app), file_watcher::reload_fixtures));
    }

    let files = app.tls.as_ref().filter(|_| watch_certificate).and_then(Tls::certificate_files);
    if let Some(files) = files {
        let certificate = FileWatcher::new(&files);
        runtime.spawn(certificate.run(Arc::downgrade(app), file_watcher::reload_certificate));
    }
}

/// Returns the function that opens a realm's own ports, on the server's own interfaces.
fn port_opener(listeners: &Listeners, context: &ListenerContext, runtime: Handle) -> PortOpener {
    let interfaces = [Protocol::Http, Protocol::Https]
        .map(|protocol| (protocol, Interfaces::with_any_port(&listeners.addresses(protocol))));
    // The app holds the function, so the function must not hold the app, nor the router, which
    // does.
    let (app, router) = (Arc::downgrade(&context.app), Arc::downgrade(&context.router));
    let (connections, done) = (Arc::clone(&context.connections), context.done.downgrade());

    PortOpener(Box::new(move |realm| {
        let stopped = || io::Error::from(io::ErrorKind::NotConnected);
        let context = ListenerContext {
            app: app.upgrade().ok_or_else(stopped)?,
            router: router.upgrade().ok_or_else(stopped)?,
            realm: Some(Weak::clone(realm)),
            protocol: Protocol::Http,
            connections: Arc::clone(&connections),
            done: done.upgrade().ok_or_else(stopped)?,
        };
        let _on_runtime = runtime.enter();

        let mut ports = OwnPorts { http: None, https: None, accepting: Vec::new() };
        for (protocol, interfaces) in &interfaces {
            let Some(interfaces) = interfaces else { continue };
            let is_http = *protocol == Protocol::Http;
            let own_port = if is_http { &mut ports.http } else { &mut ports.https };

            for (listener, address) in interfaces.listen().map_err(|error| error.source)? {
                own_port.get_or_insert(address);
                let context = ListenerContext { protocol: *protocol, ..context.clone() };
                let task = runtime.spawn(accept(listener, address, context));
                ports.accepting.push(task.abort_handle());
            }
        }
        Ok(ports)
    }))
}
