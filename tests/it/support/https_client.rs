//! An HTTPS client. It sends each request over a connection of its own, as a command line tool does.
#![allow(dead_code, reason = "each test binary uses some of it")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper::{Request, Uri, header};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use smartpay_oauth_mock::MockAuthServer;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{FORM, HttpResponse};

/// How a client connects: the CA that it trusts, its certificate, and the version of HTTP.
#[derive(Clone)]
pub struct HttpsClient {
    config: ClientConfig,
    timeout: Duration,
}

impl HttpsClient {
    /// A client that trusts this CA only, has no certificate, and speaks HTTP/1.1.
    pub fn new(ca_pem: &str) -> Self {
        Self::build(ca_pem, None)
    }

    /// A client that trusts a server with the mock's CA.
    pub fn of(server: &MockAuthServer) -> Self {
        Self::new(&server.ca_pem().expect("the server has a CA"))
    }

    /// A client that presents a certificate.
    pub fn with_certificate(ca_pem: &str, certificate_pem: &str, key_pem: &str) -> Self {
        Self::build(ca_pem, Some((certificate_pem, key_pem)))
    }

    /// A client that presents a certificate of the mock's CA with this common name.
    pub fn identified(server: &MockAuthServer, name: &str) -> Self {
        let client = server.client_identity(name).expect("the server has a CA");
        Self::with_certificate(&client.ca_pem, &client.certificate_pem, &client.key_pem)
    }

    fn build(ca_pem: &str, identity: Option<(&str, &str)>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);

        let config = match identity {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                config.with_client_auth_cert(vec![certificate], key).unwrap()
            }
        };
        Self { config, timeout: Duration::from_secs(20) }.offering("http/1.1")
    }

    /// The same client over HTTP/2.
    pub fn http2(self) -> Self {
        self.offering("h2")
    }

    fn offering(mut self, protocol: &str) -> Self {
        self.config.alpn_protocols = vec![protocol.into()];
        self
    }

    /// The same client, which gives up after this time.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Connects to a port of this machine, by a host name that the certificate must have.
    pub async fn connect(&self, host: &str, port: u16) -> Result<TlsStream<TcpStream>, String> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(|e| causes(&e))?;
        self.secure(host, stream).await
    }

    async fn secure(&self, host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, String> {
        let name = ServerName::try_from(host.to_owned()).expect("a host name");
        let connector = TlsConnector::from(Arc::new(self.config.clone()));
        connector.connect(name, stream).await.map_err(|error| causes(&error))
    }

    /// Sends a GET request. An error has the texts of all its causes.
    pub async fn get(&self, url: &str) -> Result<HttpResponse, String> {
        self.send(Request::get(url).body(Full::default()).unwrap()).await
    }

    /// Posts a form.
    pub async fn post(&self, url: &str, form: &str) -> Result<HttpResponse, String> {
        self.send(form_post(url, form)).await
    }

    /// Posts a form over a connection that is open already.
    pub async fn post_over(
        &self,
        stream: TcpStream,
        url: &str,
        form: &str,
    ) -> Result<HttpResponse, String> {
        self.exchange(stream, form_post(url, form)).await
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<HttpResponse, String> {
        let exchange = async {
            let port = request.uri().port_u16().expect("a port");
            let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(|e| causes(&e))?;
            self.exchange(stream, request).await
        };
        tokio::time::timeout(self.timeout, exchange).await.unwrap_or(Err("timeout".to_owned()))
    }

    /// Sends a request, and reads the response to its end.
    async fn exchange(
        &self,
        stream: TcpStream,
        mut request: Request<Full<Bytes>>,
    ) -> Result<HttpResponse, String> {
        let uri = request.uri().clone();
        let stream = TokioIo::new(self.secure(uri.host().expect("a host"), stream).await?);
        let response = if self.config.alpn_protocols == [b"h2"] {
            let handshake = http2::handshake(TokioExecutor::new(), stream);
            let (mut sender, connection) = handshake.await.map_err(|error| causes(&error))?;
            tokio::spawn(connection);
            sender.send_request(request).await
        } else {
            let handshake = http1::handshake(stream);
            let (mut sender, connection) = handshake.await.map_err(|error| causes(&error))?;
            tokio::spawn(connection);
            let host = uri.authority().expect("a host").as_str();
            request.headers_mut().insert(header::HOST, host.parse().unwrap());
            *request.uri_mut() = Uri::from(uri.into_parts().path_and_query.expect("a path"));
            sender.send_request(request).await
        };

        let (head, body) = response.map_err(|error| causes(&error))?.into_parts();
        let body = body.collect().await.map_err(|error| causes(&error))?.to_bytes();
        let text = String::from_utf8_lossy(&body).into_owned();
        Ok(HttpResponse { status: head.status.as_u16(), headers: head.headers, text })
    }
}

fn form_post(url: &str, form: &str) -> Request<Full<Bytes>> {
    let request = Request::post(url).header(header::CONTENT_TYPE, FORM);
    request.body(Full::from(form.to_owned())).unwrap()
}

/// Returns the texts of an error and of its causes.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
