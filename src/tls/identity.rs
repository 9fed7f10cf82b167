//! A certificate with its private key: read from files, or issued by the mock's CA.

use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error, InconsistentKeys};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;
use x509_parser::time::ASN1Time;

use super::config::provider;
use super::error::{IdentityError, TlsError};

/// A certificate chain and the private key of its first certificate.
pub(crate) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// A client certificate with its private key, for a server that requests client certificates.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientIdentity {
    /// The certificate in PEM.
    pub certificate_pem: String,
    /// Its private key in PEM (PKCS#8).
    pub key_pem: String,
    /// The CA's certificate in PEM, which verifies the server's certificate.
    pub ca_pem: String,
}

/// Leaves the private key out.
impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity")
            .field("certificate_pem", &self.certificate_pem)
            .field("key_pem", &"***")
            .finish_non_exhaustive()
    }
}

/// Reads the certificates of a PEM file.
///
/// # Errors
///
/// If there is none, or one cannot be parsed.
pub(crate) fn read_certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = fs::read(file).map_err(TlsError::in_file(file))?;
    parse_certificates(&pem).map_err(TlsError::in_file(file))
}

fn parse_certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(IdentityError::Pem)?;
    if certificates.is_empty() {
        return Err(IdentityError::NoCertificate);
    }

    let unreadable =
        certificates.iter().position(|certificate| parse_x509_certificate(certificate).is_err());
    match unreadable {
        Some(index) => Err(IdentityError::Unreadable(index + 1)),
        None => Ok(certificates),
    }
}

impl Identity {
    pub(super) fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Self {
        Self { chain, key }
    }

    /// Reads a certificate chain and a private key from PEM files.
    ///
    /// # Errors
    ///
    /// If one cannot be read, they do not match, or the certificate is not valid now.
    pub(crate) fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let chain = read_certificates(certificate)?;
        let pem = fs::read(key).map_err(TlsError::in_file(key))?;
        let private_key = PrivateKeyDer::from_pem_slice(&pem)
            .map_err(IdentityError::NoKey)
            .map_err(TlsError::in_file(key))?;
        let identity = Self::new(chain, private_key);

        identity.check_validity().map_err(TlsError::in_file(certificate))?;
        let certified_key = identity.certified_key().map_err(TlsError::in_file(key))?;
        certified_key.keys_match().map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                let certificate = certificate.display().to_string();
                TlsError::new(key.display(), IdentityError::KeyMismatch(certificate))
            }
            error => TlsError::new(certificate.display(), IdentityError::Certificate(error)),
        })?;

        Ok(identity)
    }

    /// Returns the certificate itself, without its CAs.
    fn leaf(&self) -> Option<X509Certificate<'_>> {
        let (_, leaf) = parse_x509_certificate(self.chain.first()?).ok()?;
        Some(leaf)
    }

    /// Checks that the certificate is valid now, by the system clock: clients check certificates
    /// against theirs, not against a realm's clock.
    fn check_validity(&self) -> Result<(), IdentityError> {
        let leaf = self.leaf().ok_or(IdentityError::Unreadable(1))?;
        let (now, validity) = (ASN1Time::now(), leaf.validity());

        if validity.not_after < now {
            return Err(IdentityError::Expired(validity.not_after));
        }
        if validity.not_before > now {
            return Err(IdentityError::NotYetValid(validity.not_before));
        }
        Ok(())
    }

    /// Returns whether the certificate names this CA as its issuer.
    pub(super) fn is_issued_by(&self, ca: &CertificateDer<'_>) -> bool {
        let ca = parse_x509_certificate(ca).ok();
        match (self.leaf(), ca) {
            (Some(leaf), Some((_, ca))) => leaf.issuer() == ca.subject(),
            _ => false,
        }
    }

    /// Returns whether the certificate is for this host name or IP address.
    pub(super) fn covers(&self, host: &str) -> bool {
        let leaf = self.leaf();
        let names = leaf.as_ref().and_then(|leaf| leaf.subject_alternative_name().ok()?);
        names.is_some_and(|names| {
            names.value.general_names.iter().any(|name| match name {
                GeneralName::DNSName(name) => *name == host,
                GeneralName::IPAddress(bytes) => is_address(host, bytes),
                _ => false,
            })
        })
    }

    /// Returns the chain and the key as rustls uses them.
    pub(super) fn certified_key(&self) -> Result<CertifiedKey, IdentityError> {
        let key = provider().key_provider.load_private_key(self.key.clone_key());
        Ok(CertifiedKey::new(self.chain.clone(), key.map_err(IdentityError::Key)?))
    }

    /// Returns the chain in DER, and the key in PKCS#8.
    #[cfg(feature = "cli")]
    pub(super) fn der(&self) -> (impl Iterator<Item = &[u8]>, &[u8]) {
        (self.chain.iter().map(|certificate| &**certificate), self.key.secret_der())
    }

    /// Returns the certificate, without its CAs, and its key in PEM.
    pub(super) fn pem(&self) -> (String, String) {
        let leaf = self.chain.first().map(|leaf| pem("CERTIFICATE", leaf)).unwrap_or_default();
        (leaf, pem("PRIVATE KEY", self.key.secret_der()))
    }
}

/// Returns whether a host is the IP address with these bytes.
fn is_address(host: &str, bytes: &[u8]) -> bool {
    host.parse().is_ok_and(|address| match address {
        IpAddr::V4(v4) => v4.octets() == *bytes,
        IpAddr::V6(v6) => v6.octets() == *bytes,
    })
}

/// Encodes DER as PEM (RFC 7468).
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    // Lines of 64 characters, as the RFC demands.
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem + &format!("-----END {label}-----\n")
}
