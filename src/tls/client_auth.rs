//! What a server asks of its clients' certificates.

use std::str::FromStr;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use x509_parser::parse_x509_certificate;

/// Whether clients must present a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// They are not asked.
    #[default]
    Off,
    /// They may; if they do, it must be a good one.
    Optional,
    /// They must, as with the real service.
    Required,
}

impl FromStr for ClientAuth {
    type Err = String;

    fn from_str(written: &str) -> Result<Self, String> {
        match written {
            "off" => Ok(Self::Off),
            "optional" => Ok(Self::Optional),
            "required" => Ok(Self::Required),
            _ => Err(format!("\"{written}\" is none of off, optional, required")),
        }
    }
}

/// The common name of a certificate; empty if it has none.
pub(crate) fn common_name(certificate: &CertificateDer<'_>) -> Arc<str> {
    let parsed = parse_x509_certificate(certificate).ok();
    let name = parsed.as_ref().and_then(|(_, certificate)| {
        certificate.subject().iter_common_name().next()?.as_str().ok()
    });
    name.unwrap_or_default().into()
}
