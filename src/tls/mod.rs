//! TLS: the mock's own CA, certificates for whatever name a client asks for, and what it asks of
//! clients in return.

mod ca;
mod cert_cache;
mod client_auth;
mod dir;
mod identity;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::fixture::TlsFault;
use crate::units::is_host_name;

pub(crate) use ca::{Ca, LeafParams};
use cert_cache::CertCache;
pub use client_auth::ClientAuth;
pub(crate) use client_auth::common_name;
#[cfg(feature = "cli")]
pub(crate) use dir::{keep_client, load_or_create};
pub use identity::ClientIdentity;
pub(crate) use identity::{Identity, read_certificates};

/// What a server's TLS is to be like.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsOptions {
    /// Names beside localhost, the loopback addresses and this machine's.
    pub(crate) hosts: Vec<String>,
    /// Where CA and certificate are kept; in memory unless given.
    pub(crate) dir: Option<PathBuf>,
    /// The user's own certificate and key.
    pub(crate) own: Option<(PathBuf, PathBuf)>,
    pub(crate) client_auth: ClientAuth,
    /// Whose certificates clients may present, beside those of the mock's own CA.
    pub(crate) client_cas: Vec<PathBuf>,
}

/// Why a server cannot speak TLS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct TlsError {
    /// The file or option at fault.
    place: String,
    reason: String,
}

/// How the reason begins when a certificate was good once.
const EXPIRED: &str = "the certificate expired on ";

impl TlsError {
    pub(crate) fn new(place: impl ToString, reason: impl ToString) -> Self {
        Self { place: place.to_string(), reason: reason.to_string() }
    }

    /// Whether it is only that a certificate has expired.
    pub(crate) fn is_expiry(&self) -> bool {
        self.reason.starts_with(EXPIRED)
    }
}

/// How a server speaks TLS.
#[derive(Debug)]
pub(crate) struct Tls {
    ca: Ca,
    leaves: Arc<CertCache>,
    default_config: Arc<ServerConfig>,
    options: TlsOptions,
    roots: Arc<RootCertStore>,
    /// A CA that nobody has been told of; made when it is first needed.
    untrusted_ca: OnceLock<Option<Ca>>,
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(aws_lc_rs::default_provider())))
}

/// Seconds since 1970, by the machine: certificates are judged by clients, who do not know the
/// realm's clock.
fn machine_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

impl Tls {
    /// Reads or makes everything that is needed.
    pub(crate) fn new(options: TlsOptions) -> Result<Self, TlsError> {
        check_hosts(&options.hosts)?;
        let made = |error| TlsError::new("the mock's CA", error);
        let (ca, server) = match (&options.own, &options.dir) {
            (Some((certificate, key)), _) => {
                (Ca::generate().map_err(made)?, Identity::read(certificate, key)?)
            }
            (None, Some(dir)) => dir::load_or_create(dir, &options.hosts)?,
            (None, None) => {
                let ca = Ca::generate().map_err(made)?;
                let server = ca.issue(&LeafParams::server(&options.hosts)).map_err(made)?;
                (ca, server)
            }
        };
        let server = server.certified()?;
        let leaves = Arc::new(CertCache::new(server, options.own.is_none()));
        let mut roots = RootCertStore::empty();
        roots
            .add(ca.certificate().clone())
            .map_err(|error| TlsError::new("the mock's CA", error))?;
        for file in &options.client_cas {
            for certificate in read_certificates(file)? {
                let added = roots.add(certificate);
                added.map_err(|error| TlsError::new(file.display(), error))?;
            }
        }
        let roots = Arc::new(roots);
        let resolver = Arc::new(SniResolver { leaves: Arc::clone(&leaves), ca: ca.clone() });
        let default_config = config(resolver, options.client_auth, &roots)?;
        Ok(Self { ca, leaves, default_config, options, roots, untrusted_ca: OnceLock::new() })
    }

    /// The CA's certificate in PEM, if it signed the server's.
    pub(crate) fn ca_pem(&self) -> Option<&str> {
        self.options.own.is_none().then(|| self.ca.pem())
    }

    /// A certificate and key with which a client may come.
    pub(crate) fn client_identity(&self, name: &str) -> Result<ClientIdentity, TlsError> {
        let wrong = |error| TlsError::new(format_args!("the client certificate \"{name}\""), error);
        let identity = self.ca.issue(&LeafParams::client(name)).map_err(wrong)?;
        Ok(identity.into_pem(self.ca.pem()))
    }

    /// Whether a name is one that the server was told it has.
    pub(crate) fn is_own_host(&self, host: &str) -> bool {
        self.options.hosts.iter().any(|own| own.eq_ignore_ascii_case(host))
    }

    /// The files of the server's certificate and its key, if it has any: to be watched.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        match (&self.options.own, &self.options.dir) {
            (Some((certificate, key)), _) => vec![certificate.clone(), key.clone()],
            (None, Some(dir)) => vec![dir.join("server.pem"), dir.join("server.key")],
            (None, None) => Vec::new(),
        }
    }

    /// Reads the server's certificate again; with a mistake in it, nothing changes.
    pub(crate) fn renew(&self) -> Result<(), TlsError> {
        let files = self.files();
        let [certificate, key] = files.as_slice() else { return Ok(()) };
        let server = Identity::read(certificate, key)?;
        if self.options.own.is_none() && !server.is_signed_by(&self.ca) {
            let text = "this certificate is of another CA than the server began with; a restart \
                        takes both";
            return Err(TlsError::new(certificate.display(), text));
        }
        self.leaves.renew(server.certified()?);
        Ok(())
    }

    /// How a handshake usually goes.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.default_config)
    }

    /// How a handshake goes with a certificate that is wrong on purpose. `None`: the fault is not
    /// one of the certificate, or the certificate could not be made.
    pub(crate) fn faulty_config(
        &self,
        fault: TlsFault,
        name: Option<&str>,
    ) -> Option<Arc<ServerConfig>> {
        let hosts: Vec<String> = match name {
            Some(name) => vec![name.to_owned()],
            None => self.options.hosts.clone(),
        };
        let identity = match fault {
            TlsFault::ExpiredCertificate => self.ca.issue(&LeafParams::server(&hosts).expired()),
            TlsFault::WrongHost => self.ca.issue(&LeafParams::only("wrong-host.invalid")),
            TlsFault::UnknownCa => self
                .untrusted_ca
                .get_or_init(|| Ca::generate().ok())
                .as_ref()?
                .issue(&LeafParams::server(&hosts)),
            TlsFault::HandshakeFailure | TlsFault::ConnectionRefused => return None,
        };
        let key = Arc::new(identity.ok()?.certified().ok()?);
        config(Arc::new(FixedCert(key)), self.options.client_auth, &self.roots).ok()
    }
}

/// Whether a certificate can be for all of these.
pub(crate) fn check_hosts(hosts: &[String]) -> Result<(), TlsError> {
    let wrong = |host: &&String| !is_host_name(host) && host.parse::<IpAddr>().is_err();
    match hosts.iter().find(wrong) {
        None => Ok(()),
        Some(host) => Err(TlsError::new(
            format_args!("--tls-host \"{host}\""),
            "this is neither a host name in ASCII nor an address",
        )),
    }
}

/// Both versions of TLS, both of HTTP.
fn config(
    resolver: Arc<dyn ResolvesServerCert>,
    client_auth: ClientAuth,
    roots: &Arc<RootCertStore>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let wrong = |error: &dyn std::error::Error| TlsError::new("TLS", error);
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?;
    let verifier = || WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), provider());
    let builder = match client_auth {
        ClientAuth::Off => builder.with_no_client_auth(),
        ClientAuth::Optional => {
            let verifier = verifier().allow_unauthenticated().build();
            builder.with_client_cert_verifier(verifier.map_err(|error| wrong(&error))?)
        }
        ClientAuth::Required => {
            let verifier = verifier().build();
            builder.with_client_cert_verifier(verifier.map_err(|error| wrong(&error))?)
        }
    };
    let mut config = builder.with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The server's certificate, or one for the name that the client asks for.
#[derive(Debug)]
struct SniResolver {
    leaves: Arc<CertCache>,
    ca: Ca,
}

impl ResolvesServerCert for SniResolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.leaves.of_name(hello.server_name(), &self.ca))
    }
}

/// One certificate, whatever a client asks for.
#[derive(Debug)]
struct FixedCert(Arc<CertifiedKey>);

impl ResolvesServerCert for FixedCert {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
