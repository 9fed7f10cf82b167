//! A server that requires a client certificate, and a client that presents one.
//!
//! `cargo run --example mutual_tls`
//!
//! The client uses hyper and tokio-rustls. With reqwest (feature `rustls`), the same is:
//!
//! ```ignore
//! let identity = [identity.certificate_pem, identity.key_pem].concat();
//! let client = reqwest::Client::builder()
//!     .tls_certs_only([reqwest::Certificate::from_pem(identity.ca_pem.as_bytes())?])
//!     .identity(reqwest::Identity::from_pem(identity.as_bytes())?)
//!     .build()?;
//! ```

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::BodyExt;
use hyper::Request;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::Value;
use smartpay_oauth_mock::{ClientAuth, ClientIdentity, MockAuthServer};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // HTTPS with the server's own CA. Clients must present a certificate.
    let server = MockAuthServer::builder().tls().client_auth(ClientAuth::Required).start().await?;
    let code = server.issue_code("v6TJH1IqhM", "rahulrama").await?;
    let form = format!(
        "grant_type=authorization_code&code={code}\
         &client_id=v6TJH1IqhM&client_secret=v6TJH1IqhM-secret"
    );

    // A certificate with the common name "my-company", signed by the server's CA.
    let identity = server.client_identity("my-company")?;
    let tokens =
        post_token(server.address(), client_config(&identity, true)?, form.clone()).await?;
    assert_eq!(tokens["token_type"], "bearer");

    // The same client without its certificate cannot connect.
    let refused = post_token(server.address(), client_config(&identity, false)?, form).await;
    let error = refused.err().ok_or("the server must require a certificate")?;
    println!("without a certificate, the request fails: {error}");
    Ok(())
}

/// Trusts the server's CA and, with `has_certificate`, presents the client's certificate.
fn client_config(
    identity: &ClientIdentity,
    has_certificate: bool,
) -> Result<ClientConfig, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(identity.ca_pem.as_bytes())?)?;
    let config = ClientConfig::builder().with_root_certificates(roots);

    if !has_certificate {
        return Ok(config.with_no_client_auth());
    }
    let certificate = CertificateDer::from_pem_slice(identity.certificate_pem.as_bytes())?;
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes())?;
    Ok(config.with_client_auth_cert(vec![certificate], key)?)
}

/// Sends a token request over TLS.
async fn post_token(
    address: SocketAddr,
    config: ClientConfig,
    form: String,
) -> Result<Value, Box<dyn Error>> {
    let stream = TcpStream::connect(address).await?;
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect(ServerName::try_from("localhost")?, stream).await?;

    // The connection is driven by a task of its own.
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);

    let request = Request::post("/oauth2/v3/token")
        .header(HOST, "localhost")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form)?;
    let response = sender.send_request(request).await?;
    let body = response.into_body().collect().await?.to_bytes();
    Ok(serde_json::from_slice(&body)?)
}
