//! Errors in certificates, keys and TLS options.

use std::error::Error;
use std::path::Path;

use rustls_pki_types::pem;
use tokio_rustls::rustls;
use x509_parser::time::ASN1Time;

type BoxError = Box<dyn Error + Send + Sync>;

/// An error in a certificate, a key or a TLS option.
#[derive(Debug, thiserror::Error)]
#[error("{subject}: {source}")]
pub struct TlsError {
    /// The file or option at fault.
    subject: String,
    source: BoxError,
}

/// What is wrong with a certificate or its private key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    #[error("invalid PEM: {0}")]
    Pem(#[source] pem::Error),
    #[error("contains no certificate (-----BEGIN CERTIFICATE-----)")]
    NoCertificate,
    /// The certificate's position in its file, from 1.
    #[error("certificate {0} cannot be parsed")]
    Unreadable(usize),
    #[error("the certificate expired on {0}")]
    Expired(ASN1Time),
    #[error("the certificate is not valid before {0}")]
    NotYetValid(ASN1Time),
    #[error("the certificate cannot be used (is it X.509 version 3?): {0}")]
    Certificate(#[source] rustls::Error),
    #[error(
        "contains no readable private key (expected PKCS#8, PKCS#1 or SEC1 in unencrypted PEM)"
    )]
    NoKey(#[source] pem::Error),
    #[error(
        "the private key is not supported (expected RSA from 2048 bits, ECDSA or Ed25519): {0}"
    )]
    Key(#[source] rustls::Error),
    /// The file of the certificate.
    #[error("the private key does not match the certificate in {0}")]
    KeyMismatch(String),
}

impl TlsError {
    pub(crate) fn new(subject: impl ToString, source: impl Into<BoxError>) -> Self {
        Self { subject: subject.to_string(), source: source.into() }
    }

    /// Returns a function for `map_err` that adds the file at fault to an error.
    pub(super) fn in_file<E: Into<BoxError>>(file: &Path) -> impl FnOnce(E) -> Self {
        move |source| Self::new(file.display(), source)
    }

    /// Whether the error is that the certificate has expired.
    pub(super) fn is_expired(&self) -> bool {
        matches!(self.source.downcast_ref(), Some(IdentityError::Expired(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn an_error_names_its_file_and_keeps_its_source() {
        let missing = io::Error::from(io::ErrorKind::NotFound);
        let error = TlsError::in_file(Path::new("server.pem"))(missing);
        assert_eq!(error.to_string(), "server.pem: entity not found");

        let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        assert!(source.is_some_and(|source| source.kind() == io::ErrorKind::NotFound));
        assert!(!error.is_expired());
    }

    #[test]
    fn an_expired_certificate_is_told_apart_by_its_type() {
        let date = ASN1Time::from_timestamp(0).unwrap();
        let expired = TlsError::new("server.pem", IdentityError::Expired(date));
        assert!(expired.is_expired());
        assert!(!TlsError::new("server.pem", expired.to_string()).is_expired());
    }
}
