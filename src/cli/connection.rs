//! The connection to a running server: TCP, with TLS for an HTTPS URL.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::http::Uri;
use clap::Args;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::error::BoxError;
use crate::tls::{provider, read_certificates};

/// How to verify the server's certificate, and which client certificate to present.
#[derive(Args)]
pub(super) struct TlsArgs {
    /// CA certificate of an HTTPS server, in PEM: ca.pem from its --tls-dir, or GET /_mock/ca.pem
    #[arg(long, global = true, value_name = "FILE", env = "SMARTPAY_MOCK_CA")]
    pub(super) ca: Option<PathBuf>,
    /// Client certificate, in PEM, for a server that requires one
    #[arg(long, global = true, value_name = "FILE", env = "SMARTPAY_MOCK_CERT", requires = "key")]
    cert: Option<PathBuf>,
    /// Private key of --cert, in PEM
    #[arg(long, global = true, value_name = "FILE", env = "SMARTPAY_MOCK_KEY", requires = "cert")]
    key: Option<PathBuf>,
    /// Whether any certificate of the server is accepted.
    #[arg(skip)]
    pub(super) accepts_any: bool,
}

/// A plain or encrypted stream.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Connects to the host and port of a URL.
pub(super) async fn connect(url: &Uri, tls: &TlsArgs) -> Result<Box<dyn Stream>, BoxError> {
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_https = url.scheme_str() == Some("https");
    let port = url.port_u16().unwrap_or(if is_https { 443 } else { 80 });

    let stream = TcpStream::connect((host, port)).await.map_err(|error| {
        format!("cannot connect: {error}; start the server, or select another with --server URL")
    })?;
    if !is_https {
        return Ok(Box::new(stream));
    }

    let name = ServerName::try_from(host.to_owned())?;
    let connector = TlsConnector::from(Arc::new(tls.client_config()?));
    Ok(Box::new(connector.connect(name, stream).await?))
}

impl TlsArgs {
    fn client_config(&self) -> Result<ClientConfig, BoxError> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?;
        let builder = if self.accepts_any {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AcceptAny))
        } else {
            builder.with_root_certificates(self.roots()?)
        };

        // clap guarantees that both are given, or neither.
        match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => builder
                .with_client_auth_cert(read_certificates(cert)?, read_private_key(key)?)
                .map_err(|error| format!("{}: {error}", cert.display()).into()),
            _ => Ok(builder.with_no_client_auth()),
        }
    }

    fn roots(&self) -> Result<RootCertStore, BoxError> {
        let Some(ca) = &self.ca else {
            return Err("HTTPS requires the CA certificate of the server: --ca FILE".into());
        };

        let mut roots = RootCertStore::empty();
        for certificate in read_certificates(ca)? {
            roots.add(certificate).map_err(|error| format!("{}: {error}", ca.display()))?;
        }
        Ok(roots)
    }
}

/// Accepts every certificate, for the health check of a server on this machine, whose CA may exist
/// in its memory only.
#[derive(Debug)]
struct AcceptAny;

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

fn read_private_key(file: &Path) -> Result<PrivateKeyDer<'static>, BoxError> {
    PrivateKeyDer::from_pem_file(file)
        .map_err(|error| format!("{}: {error}", file.display()).into())
}
