//! Reaching a running server: plain, or by TLS.

use std::path::PathBuf;
use std::sync::Arc;

use axum::http::Uri;
use clap::Args;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// What a server that speaks TLS is to be shown, and by what it is known.
#[derive(Args)]
pub(super) struct TlsArgs {
    /// The CA of a server that speaks HTTPS: ca.pem of its --tls-dir, or what /_mock/ca.pem says.
    #[arg(long, global = true, value_name = "FILE", env = "SMARTPAY_MOCK_CA")]
    ca: Option<PathBuf>,
    /// The certificate to come with, where the server demands one.
    #[arg(long, global = true, value_name = "FILE", env = "SMARTPAY_MOCK_CERT", requires = "key")]
    cert: Option<PathBuf>,
    /// Its private key.
    #[arg(long, global = true, value_name = "FILE", env = "SMARTPAY_MOCK_KEY", requires = "cert")]
    key: Option<PathBuf>,
}

/// A connection's bytes.
pub(super) trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Bytes for T {}

/// Connects to the host of a URL.
pub(super) async fn connect(url: &Uri, trust: &TlsArgs) -> Result<Box<dyn Bytes>, String> {
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    let secure = url.scheme_str() == Some("https");
    let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await.map_err(|error| error.to_string())?;
    if !secure {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let connector = TlsConnector::from(Arc::new(trust.config()?));
    let stream = connector.connect(name, stream).await.map_err(|error| error.to_string())?;
    Ok(Box::new(stream))
}

impl TlsArgs {
    fn config(&self) -> Result<ClientConfig, String> {
        let Some(ca) = &self.ca else {
            return Err("a server that speaks HTTPS needs its CA: --ca FILE".to_owned());
        };
        let mut roots = RootCertStore::empty();
        for certificate in certificates(ca)? {
            roots.add(certificate).map_err(|error| format!("{}: {error}", ca.display()))?;
        }
        let builder = ClientConfig::builder_with_provider(crate::tls::provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots);
        match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => {
                let private = PrivateKeyDer::from_pem_file(key)
                    .map_err(|error| format!("{}: {error}", key.display()))?;
                builder
                    .with_client_auth_cert(certificates(cert)?, private)
                    .map_err(|error| format!("{}: {error}", cert.display()))
            }
            _ => Ok(builder.with_no_client_auth()),
        }
    }
}

fn certificates(file: &std::path::Path) -> Result<Vec<CertificateDer<'static>>, String> {
    crate::tls::read_certificates(file).map_err(|error| error.to_string())
}
