//! HTTPS as curl and openssl see it: the chain, the versions of TLS and HTTP, and faults.

use crate::support::folder::Folder;
use crate::support::page;
use crate::support::tls::{curl, identify, openssl, run, words};
use crate::support::tools::lacks_tools;
use serde_json::Value;
use smartpay_oauth_mock::fixture::TlsFaults;
use smartpay_oauth_mock::{Fault, MockAuthServer, Outcome, Scenario, TlsFault};

/// Starts a server with HTTP and HTTPS, and returns it with a folder that holds its CA.
async fn server(name: &str) -> (MockAuthServer, Folder) {
    let server = MockAuthServer::builder().tls().start().await.unwrap();
    let folder = Folder::new(name);
    identify(&folder, &server, "client");
    (server, folder)
}

#[tokio::test]
async fn openssl_verifies_the_chain_with_each_version_of_tls_and_http() {
    if lacks_tools(&["openssl"]) {
        return;
    }
    let (server, folder) = server("https-chain").await;
    let address = server.address().to_string();
    let ca = folder.path("ca.pem");
    for (version, alpn, expected) in [
        ("-tls1_3", "h2", "ALPN protocol: h2"),
        ("-tls1_3", "http/1.1", "ALPN protocol: http/1.1"),
        ("-tls1_2", "h2", "ALPN protocol: h2"),
        ("-tls1_2", "http/1.1", "ALPN protocol: http/1.1"),
    ] {
        let connect =
            format!("s_client -connect {address} -CAfile {ca} {version} -alpn {alpn} -showcerts");
        let output = run("openssl", &words(&connect)).await;
        assert!(output.text.contains("Verify return code: 0 (ok)"), "{version}: {}", output.text);
        assert!(output.text.contains(expected), "{version} {alpn}: {}", output.text);
        assert!(output.text.matches("BEGIN CERTIFICATE").count() >= 2, "leaf and CA");
    }
    let old = ["s_client", "-connect", &address, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"];
    let output = run("openssl", &old).await;
    assert!(output.text.contains("(NONE)") && output.exit != 0, "{}", output.text);
    let names = openssl(&["x509", "-in", &ca, "-noout", "-subject"]).await;
    assert!(names.contains("smartpay-oauth-mock CA"), "{names}");
}

#[tokio::test]
async fn curl_uses_both_versions_of_http_and_the_urls_are_https() {
    if lacks_tools(&["curl"]) {
        return;
    }
    let (server, folder) = server("https-curl").await;
    let base = server.base_url();
    assert!(base.starts_with("https://") && server.http_url().unwrap().starts_with("http://"));
    for (version, expected) in [("--http1.1", " 1.1 201"), ("--http2", " 2 201")] {
        let body = r#"{"client_id": "v6TJH1IqhM", "merchant_id": "rahulrama"}"#;
        let url = format!("{base}/_mock/codes");
        let json = "Content-Type: application/json";
        let format = " %{http_version} %{http_code}";
        let arguments = [version, &url, "-H", json, "-d", body, "-w", format];
        let output = curl(&folder, &arguments).await;
        assert!(output.text.ends_with(expected), "{}", output.text);
        let output = curl(&folder, &[version, &server.token_url(), "-d", page::REQUEST]).await;
        assert!(output.text.contains("\"expires_in\":899"), "{}", output.text);
    }
    let metadata = format!("{base}/.well-known/oauth-authorization-server");
    let metadata = curl(&folder, &[&metadata]).await.text;
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    assert_eq!(metadata["token_endpoint"], format!("{base}/oauth2/v3/token"));
    let entry = server.requests().await.into_iter().find(|entry| entry.path.ends_with("token"));
    let entry = entry.unwrap();
    assert_eq!((entry.scheme, entry.certificate), ("https", None));
    let notes = entry.notes.concat();
    assert!(notes.contains("no client certificate") && !notes.contains("plain HTTP"), "{notes}");
    // Both ports serve the same realm and the CA's certificate.
    for url in [server.http_url().unwrap(), base] {
        let ca = curl(&folder, &[&format!("{url}/_mock/ca.pem")]).await;
        assert_eq!(ca.text, server.ca_pem().unwrap());
    }
    let plain = MockAuthServer::start().await;
    assert!(plain.ca_pem().is_none() && plain.client_identity("x").is_err());
    assert!(plain.https_url().is_none());
    let none = format!("{}/_mock/ca.pem", plain.base_url());
    assert!(curl(&folder, &[&none]).await.text.contains("without HTTPS"));
}

/// The exit code of curl for each TLS fault, and a part of its message.
const FAULTS: [(TlsFault, i32, &str); 5] = [
    (TlsFault::ExpiredCertificate, 60, "expired"),
    (TlsFault::WrongHost, 60, "does not match"),
    (TlsFault::UnknownCa, 60, "self"),
    (TlsFault::HandshakeFailure, 35, "handshake failure"),
    (TlsFault::ConnectionRefused, 35, "reset"),
];

#[tokio::test]
async fn curl_fails_with_each_tls_fault_as_with_a_real_one() {
    if lacks_tools(&["curl"]) {
        return;
    }
    let (server, folder) = server("https-faults").await;
    let url = server.base_url().replace("127.0.0.1", "localhost") + "/_mock/health";
    for (fault, exit, expected) in FAULTS {
        server.set_tls_faults(TlsFaults::new(fault));
        let output = curl(&folder, &[&url]).await;
        assert_eq!(output.exit, exit, "{fault:?}: {}", output.text);
        // Other releases of curl and openssl word the error for a wrong host differently.
        let text = output.text.to_lowercase();
        assert!(text.contains(expected) || text.contains("no alternative"), "{fault:?}: {text}");
    }
    server.set_tls_faults(TlsFaults::default());
    assert_eq!(curl(&folder, &[&url]).await.exit, 0);
}

/// Scenarios' faults are the same over TLS. Over HTTP/2, where a connection carries many requests,
/// those that end the connection reset the request's stream instead.
#[tokio::test]
async fn faults_of_scenarios_over_tls_and_http2() {
    if lacks_tools(&["curl"]) {
        return;
    }
    let (server, folder) = server("https-scenarios").await;
    let url = server.token_url();
    for (fault, http1, http2) in [
        (Fault::ConnectionReset, 56, 92),
        (Fault::EmptyResponse, 52, 92),
        (Fault::Garbage, 1, 92),
        (Fault::TruncatedBody, 18, 92),
    ] {
        let scenario = Scenario::respond(Outcome::fault(fault));
        let _fault = server.inject(scenario).await.expect(2);
        for (version, exit) in [("--http1.1", http1), ("--http2", http2)] {
            let output = curl(&folder, &[version, &url, "-d", page::REQUEST]).await;
            assert_eq!(output.exit, exit, "{fault:?} {version}: {}", output.text);
        }
    }
    let hang = Scenario::respond(Outcome::fault(Fault::Hang)).times(1);
    let _hang = server.inject(hang).await;
    let output = curl(&folder, &["--http2", "-m", "1", &url, "-d", page::REQUEST]).await;
    assert_eq!(output.exit, 28);
    let output = curl(&folder, &["--http2", &url, "-d", page::REQUEST]).await;
    assert!(output.text.contains("access_token"), "the server still responds: {}", output.text);
}
