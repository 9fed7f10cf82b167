//! Client certificates: whether the server requests them, and the name in one.

use std::str::FromStr;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use x509_parser::parse_x509_certificate;

/// Whether clients must present a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuth {
    /// The server requests no client certificate.
    #[default]
    Off,
    /// The server requests a client certificate; one that is presented must be valid.
    Optional,
    /// Clients must present a valid certificate, as the real server requires.
    Required,
}

impl FromStr for ClientAuth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "off" => Ok(Self::Off),
            "optional" => Ok(Self::Optional),
            "required" => Ok(Self::Required),
            _ => Err(format!("expected off, optional or required, found \"{text}\"")),
        }
    }
}

/// Returns the common name of a certificate, or an empty text if it has none.
pub(crate) fn common_name(certificate: &CertificateDer<'_>) -> Arc<str> {
    let parsed = parse_x509_certificate(certificate).ok();
    let name = parsed.as_ref().and_then(|(_, certificate)| {
        certificate.subject().iter_common_name().next()?.as_str().ok()
    });
    name.unwrap_or_default().into()
}
