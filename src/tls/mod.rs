//! TLS: the mock's own CA, certificates for the host names that clients connect to, and client
//! certificates.

mod ca;
mod cert_cache;
mod client_auth;
mod config;
mod dir;
mod error;
mod identity;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::sign::SingleCertAndKey;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::fixture::TlsFault;
use crate::units::is_host_name;

use ca::{Ca, LeafParams};
use cert_cache::CertCache;
pub use client_auth::ClientAuth;
pub(crate) use client_auth::common_name;
#[cfg(feature = "cli")]
pub(crate) use config::provider;
use config::server_config;
#[cfg(feature = "cli")]
pub(crate) use dir::{Pkcs12Form, load_or_create, write_client};
pub use error::TlsError;
pub use identity::ClientIdentity;
use identity::Identity;
pub(crate) use identity::read_certificates;

/// How errors refer to the mock's CA.
const OWN_CA: &str = "the mock's CA";

/// The TLS options of a server.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsOptions {
    /// The host names of the server, in addition to localhost, the loopback addresses and this
    /// machine's name.
    pub(crate) hosts: Vec<String>,
    /// The directory of the CA and the server's certificate, which are kept in memory if there is
    /// none.
    pub(crate) dir: Option<PathBuf>,
    /// The files of the user's own certificate and its private key.
    pub(crate) own: Option<(PathBuf, PathBuf)>,
    pub(crate) client_auth: ClientAuth,
    /// The files of CAs whose client certificates are accepted, in addition to the mock's own CA.
    pub(crate) client_cas: Vec<PathBuf>,
}

/// The certificates and the configuration of a server that serves HTTPS.
#[derive(Debug)]
pub(crate) struct Tls {
    ca: Arc<Ca>,
    cert_cache: Arc<CertCache>,
    config: Arc<ServerConfig>,
    config_without_client_auth: Arc<ServerConfig>,
    options: TlsOptions,
    /// The CAs whose client certificates are accepted.
    client_roots: Arc<RootCertStore>,
    /// A CA that no client knows, generated on first use.
    untrusted_ca: OnceLock<Option<Ca>>,
}

impl Tls {
    /// Loads the certificates, and creates those that are missing.
    pub(crate) fn new(options: TlsOptions) -> Result<Self, TlsError> {
        check_hosts(&options.hosts)?;
        let (ca, server) = load(&options)?;
        let client_roots = Arc::new(load_client_roots(&ca, &options.client_cas)?);

        let ca = Arc::new(ca);
        let server =
            server.certified_key().map_err(|error| TlsError::new("the certificate", error))?;
        let cert_cache = CertCache::new(Arc::clone(&ca), server, options.own.is_none());
        let cert_cache = Arc::new(cert_cache);
        let resolver = Arc::clone(&cert_cache);
        let config = server_config(resolver, options.client_auth, &client_roots)?;
        let resolver = Arc::clone(&cert_cache);
        let config_without_client_auth = server_config(resolver, ClientAuth::Off, &client_roots)?;

        Ok(Self {
            config,
            config_without_client_auth,
            ca,
            cert_cache,
            options,
            client_roots,
            untrusted_ca: OnceLock::new(),
        })
    }

    /// Returns the CA's certificate in PEM, if the CA issued the server's certificate.
    pub(crate) fn ca_pem(&self) -> Option<&str> {
        self.options.own.is_none().then(|| self.ca.pem())
    }

    /// Issues a client certificate.
    pub(crate) fn client_identity(&self, common_name: &str) -> Result<ClientIdentity, TlsError> {
        let identity = self.ca.issue(&LeafParams::client(common_name)).map_err(|error| {
            TlsError::new(format_args!("the client certificate \"{common_name}\""), error)
        })?;
        let (certificate_pem, key_pem) = identity.pem();
        Ok(ClientIdentity { certificate_pem, key_pem, ca_pem: self.ca.pem().to_owned() })
    }

    /// Returns whether a host is among the configured host names.
    pub(crate) fn is_own_host(&self, host: &str) -> bool {
        self.options.hosts.iter().any(|own| own.eq_ignore_ascii_case(host))
    }

    /// Returns the files of the server's certificate and its private key, if it has any.
    pub(crate) fn certificate_files(&self) -> Option<[PathBuf; 2]> {
        match (&self.options.own, &self.options.dir) {
            (Some((certificate, key)), _) => Some([certificate.clone(), key.clone()]),
            (None, Some(dir)) => Some([dir.join("server.pem"), dir.join("server.key")]),
            (None, None) => None,
        }
    }

    /// Reads the server's certificate again. On an error, the previous one stays in use.
    pub(crate) fn reload_certificate(&self) -> Result<(), TlsError> {
        let Some([certificate, key]) = self.certificate_files() else { return Ok(()) };

        let server = Identity::read(&certificate, &key)?;
        if self.options.own.is_none() && !server.is_issued_by(self.ca.certificate()) {
            let reason = "the certificate was not issued by the CA that the server started with; \
                          restart the server to load both";
            return Err(TlsError::new(certificate.display(), reason));
        }

        let server = server.certified_key().map_err(TlsError::in_file(&key))?;
        self.cert_cache.replace_server(server);
        Ok(())
    }

    /// Returns whether the server asks for client certificates.
    pub(crate) fn client_auth(&self) -> ClientAuth {
        self.options.client_auth
    }

    /// Returns the configuration of handshakes without a fault: the server's own client
    /// authentication, or none.
    pub(crate) fn config(&self, client_auth: ClientAuth) -> Arc<ServerConfig> {
        Arc::clone(match client_auth {
            ClientAuth::Off => &self.config_without_client_auth,
            ClientAuth::Optional | ClientAuth::Required => &self.config,
        })
    }

    /// Returns the configuration of a handshake with an invalid certificate. `None` if the fault
    /// is not one of certificates, or the certificate cannot be issued.
    pub(crate) fn faulty_config(
        &self,
        fault: TlsFault,
        name: Option<&str>,
        client_auth: ClientAuth,
    ) -> Option<Arc<ServerConfig>> {
        let hosts = match name {
            Some(name) => vec![name.to_owned()],
            None => self.options.hosts.clone(),
        };
        let identity = match fault {
            TlsFault::ExpiredCertificate => self.ca.issue(&LeafParams::server(&hosts).expired()),
            TlsFault::WrongHost => self.ca.issue(&LeafParams::single_host("wrong-host.invalid")),
            TlsFault::UnknownCa => {
                let ca = self.untrusted_ca.get_or_init(|| Ca::generate().ok()).as_ref()?;
                ca.issue(&LeafParams::server(&hosts))
            }
            TlsFault::HandshakeFailure | TlsFault::ConnectionRefused | TlsFault::Hang => {
                return None;
            }
        };

        let resolver = SingleCertAndKey::from(identity.ok()?.certified_key().ok()?);
        server_config(Arc::new(resolver), client_auth, &self.client_roots).ok()
    }
}

/// Loads or creates the CA and the server's certificate.
fn load(options: &TlsOptions) -> Result<(Ca, Identity), TlsError> {
    if let (None, Some(dir)) = (&options.own, &options.dir) {
        return dir::load_or_create(dir, &options.hosts);
    }

    let ca = Ca::generate().map_err(|error| TlsError::new(OWN_CA, error))?;
    let server = match &options.own {
        Some((certificate, key)) => Identity::read(certificate, key)?,
        None => ca
            .issue(&LeafParams::server(&options.hosts))
            .map_err(|error| TlsError::new(OWN_CA, error))?,
    };
    Ok((ca, server))
}

/// Loads the CAs whose client certificates are accepted.
fn load_client_roots(ca: &Ca, files: &[PathBuf]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add(ca.certificate().clone()).map_err(|error| TlsError::new(OWN_CA, error))?;
    for file in files {
        for certificate in read_certificates(file)? {
            roots.add(certificate).map_err(TlsError::in_file(file))?;
        }
    }
    Ok(roots)
}

/// Checks that a certificate can be issued for all these hosts.
pub(crate) fn check_hosts(hosts: &[String]) -> Result<(), TlsError> {
    match hosts.iter().find(|host| !is_host_name(host) && host.parse::<IpAddr>().is_err()) {
        None => Ok(()),
        Some(host) => Err(TlsError::new(
            format_args!("--tls-host \"{host}\""),
            "expected an ASCII host name or an IP address",
        )),
    }
}
