//! The settings of a server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file_watcher::FileWatcher;
use super::interfaces::Interfaces;
use super::mock_auth_server::MockAuthServer;
use crate::fixture::{FixtureErrors, Fixtures, Source, builtin, load_paths, load_sources};
use crate::http::Control;
use crate::journal;
use crate::limits::Limits;
use crate::oauth::Secret;
#[cfg(feature = "redis")]
use crate::store::options::StoreOptions;
use crate::tls::{ClientAuth, TlsOptions};
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
    /// The interfaces for plain HTTP. None means no plain HTTP.
    pub(crate) listen: Vec<Interfaces>,
    pub(crate) tls_listen: Option<Interfaces>,
    pub(crate) portal_listen: Option<Interfaces>,
    pub(super) tls: TlsOptions,
    pub(super) fixtures: Arc<Fixtures>,
    pub(super) key: Option<SigningKey>,
    pub(super) public_url: Option<String>,
    pub(super) trust_forwarded: bool,
    pub(super) control: Control,
    pub(super) control_hosts: Vec<String>,
    pub(super) journal_size: usize,
    pub(super) limits: Limits,
    pub(super) watched: Option<FileWatcher>,
    /// Whether the certificate of [`Builder::tls_certificate`] is reloaded when its files change.
    pub(crate) watch_certificate: bool,
    /// A store that other servers share. The handles of such a server read a copy of it, so only the
    /// program sets this.
    #[cfg(feature = "redis")]
    pub(crate) store: Option<StoreOptions>,
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
            control_hosts: Vec::new(),
            journal_size: journal::DEFAULT_SIZE,
            limits: Limits::default(),
            watched: None,
            watch_certificate: false,
            #[cfg(feature = "redis")]
            store: None,
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
    ///
    /// [`RealmHandle::ca_pem`]: super::RealmHandle::ca_pem
    pub fn tls(mut self) -> Self {
        self.tls_listen.get_or_insert_with(Interfaces::loopback);
        self
    }

    /// Serves HTTPS in addition to HTTP, on this address. Port 0 selects a free port.
    pub fn tls_listen(mut self, address: impl Into<SocketAddr>) -> Self {
        self.tls_listen = Some(address.into().into());
        self
    }

    /// Serves the consent pages on this address as well, over HTTPS that requests no client
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
    ///
    /// [`RealmHandle::authorize_url`]: super::RealmHandle::authorize_url
    pub fn portal_listen(mut self, address: impl Into<SocketAddr>) -> Self {
        self.portal_listen = Some(address.into().into());
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
    ///
    /// [`RealmHandle::client_identity`]: super::RealmHandle::client_identity
    pub fn client_auth(mut self, client_auth: ClientAuth) -> Self {
        self.tls.client_auth = client_auth;
        self
    }

    /// Adds a CA (a PEM file) whose client certificates are accepted.
    pub fn client_ca(mut self, file: impl Into<PathBuf>) -> Self {
        self.tls.client_cas.push(file.into());
        self
    }

    /// Sets the fixtures, YAML or JSON. The default is the built-in fixtures.
    ///
    /// # Errors
    ///
    /// Every error in the text, with its line and column.
    pub fn fixtures(mut self, text: &str) -> Result<Self, FixtureErrors> {
        self.fixtures = Arc::new(load_sources(&[Source::new("fixtures", text)])?);
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

    /// Adds a host name or an IP address by which browsers may use the control API. By default, they
    /// may use `localhost`, this machine's name and addresses, the host names of realms, and those of
    /// [`Builder::tls_host`]: a page of another site could make its own name resolve to this machine
    /// (DNS rebinding).
    pub fn control_host(mut self, host: impl Into<String>) -> Self {
        self.control_hosts.push(host.into());
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
}
