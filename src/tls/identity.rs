//! A certificate with its key: read from files, or made by the mock's CA.

use std::fmt;
use std::fs;
use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error, InconsistentKeys};
use x509_parser::parse_x509_certificate;

use super::{Ca, EXPIRED, TlsError, machine_seconds, provider};

/// A chain of certificates, the own one first, and the private key of that.
pub(crate) struct Identity {
    /// What mistakes call it.
    place: String,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// A certificate and key with which a client may come to a server that demands one.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// The certificate in PEM.
    pub certificate_pem: String,
    /// Its private key in PEM, PKCS#8.
    pub key_pem: String,
    /// The CA's certificate in PEM, by which the server's own is verified.
    pub ca_pem: String,
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity")
            .field("certificate_pem", &self.certificate_pem)
            .field("key_pem", &"***")
            .finish_non_exhaustive()
    }
}

/// The certificates in a PEM text; what cannot be read ends them.
pub(super) fn certificates(pem: &[u8]) -> impl Iterator<Item = CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).map_while(Result::ok).collect::<Vec<_>>().into_iter()
}

/// Reads the certificates of a PEM file; there must be one at least.
pub(crate) fn read_certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |reason: &dyn fmt::Display| TlsError::new(file.display(), reason);
    let text = fs::read(file).map_err(|error| wrong(&error))?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let all = all.map_err(|error| wrong(&format_args!("this PEM cannot be read: {error}")))?;
    if all.is_empty() {
        return Err(wrong(&"there is no certificate in it (-----BEGIN CERTIFICATE-----)"));
    }
    if let Some(n) = all.iter().position(|one| parse_x509_certificate(one).is_err()) {
        return Err(wrong(&format_args!("certificate {} in it cannot be read", n + 1)));
    }
    Ok(all)
}

impl Identity {
    pub(super) fn new(
        place: impl Into<String>,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Self {
        Self { place: place.into(), chain, key }
    }

    /// Reads a chain and a key from PEM files: RSA (PKCS#8, PKCS#1) or ECDSA (PKCS#8, SEC1). They
    /// must belong together, and the certificate be good now.
    pub(crate) fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let chain = read_certificates(certificate)?;
        let wrong = |reason: &dyn fmt::Display| TlsError::new(key.display(), reason);
        let text = fs::read(key).map_err(|error| wrong(&error))?;
        let private = PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
            wrong(
                &"there is no private key in it that can be read (PEM: PKCS#8, PKCS#1 or SEC1, \
                    without a password)",
            )
        })?;
        let identity = Self::new(certificate.display().to_string(), chain, private);
        identity.check_dates()?;
        let certified = identity.certified_by(key)?;
        certified.keys_match().map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => wrong(&format_args!(
                "this key does not belong to the certificate in {}",
                certificate.display()
            )),
            error => TlsError::new(
                certificate.display(),
                format_args!("the certificate cannot be used (is it X.509 version 3?): {error}"),
            ),
        })?;
        Ok(identity)
    }

    /// Whether the own certificate is good now, by the machine's clock.
    pub(super) fn check_dates(&self) -> Result<(), TlsError> {
        let parsed = self.chain.first().and_then(|own| parse_x509_certificate(own).ok());
        let Some((_, certificate)) = parsed else {
            return Err(TlsError::new(&self.place, "the certificate cannot be read"));
        };
        let (now, dates) = (machine_seconds(), certificate.validity());
        if dates.not_after.timestamp() < now {
            let reason = format!("{EXPIRED}{}", dates.not_after);
            return Err(TlsError::new(&self.place, reason));
        }
        if dates.not_before.timestamp() > now {
            let reason = format!("the certificate is not good before {}", dates.not_before);
            return Err(TlsError::new(&self.place, reason));
        }
        Ok(())
    }

    /// Whether the certificate is of this CA.
    pub(super) fn is_signed_by(&self, ca: &Ca) -> bool {
        let parsed = self.chain.first().and_then(|own| parse_x509_certificate(own).ok());
        let issuer = parse_x509_certificate(ca.certificate()).ok();
        match (parsed, issuer) {
            (Some((_, own)), Some((_, issuer))) => own.issuer() == issuer.subject(),
            _ => false,
        }
    }

    /// Whether the certificate is for this host or address.
    pub(super) fn names(&self, host: &str) -> bool {
        let parsed = self.chain.first().and_then(|own| parse_x509_certificate(own).ok());
        let names = parsed.as_ref().and_then(|(_, own)| own.subject_alternative_name().ok()?);
        names.is_some_and(|names| {
            names.value.general_names.iter().any(|name| match name {
                x509_parser::extensions::GeneralName::DNSName(name) => *name == host,
                x509_parser::extensions::GeneralName::IPAddress(bytes) => {
                    host.parse::<std::net::IpAddr>().is_ok_and(|address| match address {
                        std::net::IpAddr::V4(v4) => v4.octets() == **bytes,
                        std::net::IpAddr::V6(v6) => v6.octets() == **bytes,
                    })
                }
                _ => false,
            })
        })
    }

    /// As TLS wants it.
    pub(crate) fn certified(self) -> Result<CertifiedKey, TlsError> {
        let place = self.place.clone();
        self.certified_by(Path::new(&place))
    }

    fn certified_by(&self, key: &Path) -> Result<CertifiedKey, TlsError> {
        let loaded = provider().key_provider.load_private_key(self.key.clone_key());
        let loaded = loaded.map_err(|error| {
            let text = format!(
                "this private key cannot be used; RSA of 2048 bits or more, ECDSA and Ed25519 can \
                 ({error})"
            );
            TlsError::new(key.display(), text)
        })?;
        Ok(CertifiedKey::new(self.chain.clone(), loaded))
    }

    /// The own certificate in DER, and the key in PKCS#8.
    #[cfg(feature = "cli")]
    pub(super) fn der(&self) -> (Vec<&[u8]>, &[u8]) {
        (self.chain.iter().map(|one| &**one).collect(), self.key.secret_der())
    }

    /// The own certificate and its key in PEM.
    pub(super) fn pem(&self) -> (String, String) {
        let own = self.chain.first().map(|own| pem("CERTIFICATE", own)).unwrap_or_default();
        (own, pem("PRIVATE KEY", self.key.secret_der()))
    }

    pub(super) fn into_pem(self, ca_pem: &str) -> ClientIdentity {
        let (certificate_pem, key_pem) = self.pem();
        ClientIdentity { certificate_pem, key_pem, ca_pem: ca_pem.to_owned() }
    }
}

/// RFC 7468.
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem + &format!("-----END {label}-----\n")
}
