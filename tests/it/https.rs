//! HTTPS as curl and openssl see it: the chain, the versions of TLS and HTTP, certificates for each
//! host name, and TLS faults.

use std::time::Duration;

use crate::support::folder::Folder;
use crate::support::page;
use crate::support::raw_client::RawClient;
use crate::support::tls::{curl, curl_host, identify, openssl, run, words};
use crate::support::tools::lacks_tools;
use serde_json::{Value, json};
use smartpay_oauth_mock::fixture::TlsFaults;
use smartpay_oauth_mock::{Fault, Limits, MockAuthServer, Outcome, Scenario, TlsFault};

/// Starts a server with HTTP and HTTPS, and returns it with a folder that holds its CA.
async fn server(name: &str) -> (MockAuthServer, Folder) {
    let builder = MockAuthServer::builder().tls().tls_host("pay.test");
    let server = builder.start().await.unwrap();
    let folder = Folder::new(name);
    identify(&folder, &server, "client");
    (server, folder)
}

fn health(server: &MockAuthServer) -> String {
    server.https_url().unwrap() + "/_mock/health"
}

/// Replaces the address by a host name: clients send no addresses as server names.
fn by_name(url: &str, host: &str) -> String {
    url.replace("127.0.0.1", host)
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

#[tokio::test]
async fn each_server_name_gets_a_certificate_of_its_own() {
    if lacks_tools(&["curl"]) {
        return;
    }
    let (server, folder) = server("https-names").await;
    server.new_realm("blue").host("blue.pay.test").create().unwrap();
    let port = server.address().port();
    for (host, realm) in [
        ("localhost", "default"),
        ("pay.test", "default"),
        ("any-name.example", "default"),
        ("blue.localhost", "blue"),
        ("blue.pay.test", "blue"),
    ] {
        let sample = ["-d", page::REQUEST];
        let output = curl_host(&folder, host, port, "/oauth2/v3/token", &sample).await;
        assert!(output.text.contains("access_token"), "{host}: {}", output.text);
        let realm = server.realm(realm).unwrap();
        assert_eq!(realm.requests().await.len(), 1, "{host}");
        realm.clear_requests().await;
    }
    let url = format!("https://[::1]:{port}/");
    assert_eq!(curl(&folder, &[&url]).await.exit, 7, "it listens on 127.0.0.1 only");
}

/// A realm can have a port of its own for HTTPS, for clients that can be given only a host and a
/// port.
#[tokio::test]
async fn a_realm_can_have_a_port_of_its_own_for_https() {
    if lacks_tools(&["curl"]) {
        return;
    }
    let (server, folder) = server("https-own-port").await;
    let own = server.new_realm("own").own_port().create().unwrap();
    assert!(own.base_url().starts_with("https://127.0.0.1:"));
    let output = curl(&folder, &[&own.token_url(), "-d", page::REQUEST]).await;
    assert!(output.text.contains("access_token"), "{}", output.text);
    assert_eq!((own.requests().await.len(), server.requests().await.len()), (1, 0));
    let created = reqwest::Client::new()
        .put(server.http_url().unwrap() + "/_mock/realms/other")
        .json(&json!({ "listen": true }))
        .send();
    let created: Value = created.await.unwrap().json().await.unwrap();
    for scheme in ["http", "https"] {
        let url = created[scheme].as_str().unwrap();
        assert!(url.starts_with(&format!("{scheme}://127.0.0.1:")), "{created}");
        assert_eq!(curl(&folder, &[&format!("{url}/_mock/health")]).await.exit, 0);
    }
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
    let url = by_name(&health(&server), "localhost");
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

#[tokio::test]
async fn tls_faults_apply_to_a_realm_or_a_host_and_are_set_by_fixtures_or_the_control_api() {
    if lacks_tools(&["curl"]) {
        return;
    }
    let fixtures =
        "extends: default\nsettings: { tls: { hosts: { pay.test: expired_certificate } } }";
    let builder = MockAuthServer::builder().tls().fixtures(fixtures).unwrap();
    let server = builder.start().await.unwrap();
    let folder = Folder::new("https-fault-hosts");
    identify(&folder, &server, "client");
    let blue = server.new_realm("blue").create().unwrap();
    let port = server.address().port();
    let exit = async |host: &str| curl_host(&folder, host, port, "/_mock/health", &[]).await.exit;
    assert_eq!((exit("pay.test").await, exit("localhost").await), (60, 0));
    let tls = |base: &str| format!("{base}/_mock/tls");
    let default = tls(&server.http_url().unwrap());
    let client = reqwest::Client::new();
    let body = json!({ "fault": "unknown_ca", "hosts": { "other.test": "handshake_failure" } });
    let response = client.put(&default).json(&body).send().await.unwrap();
    assert_eq!(response.json::<Value>().await.unwrap(), body);
    assert_eq!((exit("localhost").await, exit("other.test").await), (60, 35));
    assert_eq!(exit("blue.localhost").await, 0, "other realms are not affected");
    blue.set_tls_faults(TlsFaults::new(TlsFault::WrongHost));
    assert_eq!(exit("blue.localhost").await, 60);
    for (body, pointer) in [
        (json!({ "hosts": { "a b": "unknown_ca" } }), "/hosts/a b"),
        (json!({ "hosts": { "127.0.0.1": "unknown_ca" } }), "/hosts/127.0.0.1"),
    ] {
        let wrong = client.put(&default).json(&body).send().await.unwrap();
        let problem: Value = wrong.json().await.unwrap();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let upper = json!({ "hosts": { "PAY.test": "handshake_failure" } });
    client.put(&default).json(&upper).send().await.unwrap();
    assert_eq!(exit("pay.test").await, 35, "host names are case-insensitive");
    let plain = MockAuthServer::start().await;
    let none = client.put(tls(&plain.base_url())).json(&json!({})).send().await.unwrap();
    assert_eq!(none.status(), 409, "without HTTPS there are no TLS faults");
    let wrong = client.put(&default).json(&json!({ "fault": "broken" })).send().await.unwrap();
    assert_eq!(wrong.status(), 422);
    let problem: Value = wrong.json().await.unwrap();
    assert_eq!(problem["errors"][0]["pointer"], "/fault");
    client.delete(&default).send().await.unwrap();
    assert_eq!((exit("localhost").await, exit("pay.test").await), (0, 60), "as in the fixtures");
    server.replace_fixtures("extends: default").await.unwrap();
    assert_eq!(exit("pay.test").await, 0);
}

/// On a realm's own port, `connection_refused` makes the system refuse connections.
#[tokio::test]
async fn a_realms_own_port_refuses_connections_while_the_fault_is_set() {
    if lacks_tools(&["curl"]) {
        return;
    }
    let (server, folder) = server("https-refused").await;
    let own = server.new_realm("own").own_port().create().unwrap();
    let url = own.base_url() + "/_mock/health";
    for (fault, exit) in [(Some(TlsFault::ConnectionRefused), 7), (None, 0)] {
        own.set_tls_faults(TlsFaults::new(fault));
        let mut output = curl(&folder, &[&url]).await;
        for _ in 0..200 {
            if output.exit == exit {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
            output = curl(&folder, &[&url]).await;
        }
        assert_eq!(output.exit, exit, "{}", output.text);
    }
}

/// The server never responds to the ClientHello. The handshake counts for the limits like any other.
#[tokio::test]
async fn a_hanging_handshake_ends_with_the_client_or_at_a_limit_of_handshakes() {
    if lacks_tools(&["curl"]) {
        return;
    }
    let folder = Folder::new("https-hang");
    let hanging = async |limits: Limits| {
        let server = MockAuthServer::builder().tls().limits(limits).start().await.unwrap();
        identify(&folder, &server, "client");
        server.set_tls_faults(TlsFaults::new(TlsFault::Hang));
        let url = by_name(&health(&server), "localhost");
        (server, url)
    };

    let (server, url) = hanging(Limits::default().handshake_time(Duration::from_millis(300))).await;
    assert_eq!(curl(&folder, &[&url]).await.exit, 35, "the time limit ends it");
    server.set_tls_faults(TlsFaults::default());
    assert_eq!(curl(&folder, &[&url]).await.exit, 0);

    let (_server, url) = hanging(Limits::default().handshakes(1)).await;
    let patient = ["--max-time", "2", &url];
    let (first, second) = tokio::join!(curl(&folder, &patient), curl(&folder, &patient));
    let mut exits = [first.exit, second.exit];
    exits.sort_unstable();
    assert_eq!(exits, [28, 35], "the later one aborts the earlier one, and then gives up itself");
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

/// Handlers that need no body leave it unread, whether it arrives before or after the response.
#[tokio::test]
async fn a_request_over_http2_with_a_body_that_nobody_reads_gets_its_response() {
    if lacks_tools(&["curl"]) {
        return;
    }
    let (server, folder) = server("https-unread").await;
    for path in ["/pts/v2/payments", "/nothing"] {
        let url = server.base_url() + path;
        for _ in 0..20 {
            let said = curl(&folder, &["--http2", &url, "-d", "{}"]).await;
            assert_eq!(said.exit, 0, "{path}: {}", said.text);
        }
    }
}

/// With more stalled handshakes than the limit, another client still connects, and the oldest
/// handshakes are aborted.
#[tokio::test]
async fn stalled_handshakes_do_not_block_other_clients() {
    if lacks_tools(&["curl"]) {
        return;
    }
    let (server, folder) = server("https-half-open").await;
    let address = server.address();
    let mut stalled = Vec::new();
    for n in 0..700_usize {
        let Ok(mut client) = RawClient::try_connect(address) else { break };
        // Half of them have begun, and stop in the middle of their first message.
        if n % 2 == 0 {
            client.send([22, 3, 1, 0, 200, 1, 0]).unwrap();
        }
        stalled.push(client);
    }
    assert!(stalled.len() > 500, "{}", stalled.len());
    let output = curl(&folder, &[&health(&server)]).await;
    assert!(output.text.contains("\"ok\""), "{}", output.text);
    let mut first = stalled.swap_remove(0);
    first.set_timeout(Duration::from_secs(5)).unwrap();
    let end = first.receive();
    assert!(
        matches!(end, Ok(0)) || end.is_err_and(|e| e.kind() == std::io::ErrorKind::ConnectionReset)
    );
    assert_eq!(curl(&folder, &[&health(&server)]).await.exit, 0);
}

#[tokio::test]
async fn a_client_without_tls_is_refused() {
    if lacks_tools(&["curl"]) {
        return;
    }
    let (server, folder) = server("https-plain").await;
    let plain = health(&server).replace("https://", "http://");
    let output = curl(&folder, &[&plain, "-w", " %{http_code}"]).await;
    assert!(
        output.text.contains("speaks HTTPS") && output.text.ends_with(" 400"),
        "{}",
        output.text
    );
    // What is neither is not answered at all.
    let mut client = RawClient::connect(server.address());
    client.send(b"\x01\x02\x03\x04\x05\x06").unwrap();
    assert_eq!(curl(&folder, &[&health(&server)]).await.exit, 0);
}

#[tokio::test]
async fn a_server_with_https_only_finishes_requests_before_it_stops() {
    if lacks_tools(&["curl"]) {
        return;
    }
    let server = MockAuthServer::builder().https_only().start().await.unwrap();
    assert!(server.http_url().is_none());
    let folder = Folder::new("https-only");
    identify(&folder, &server, "client");
    let slow = Scenario::respond(Outcome::pass().delay(Duration::from_millis(500)));
    let slow = server.inject(slow).await;
    let url = server.token_url();
    let response = {
        let path = folder.0.clone();
        tokio::spawn(async move {
            let folder = Folder(path);
            let output = curl(&folder, &["--http2", &url, "-d", page::REQUEST]).await;
            std::mem::forget(folder);
            output
        })
    };
    while slow.matched() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.stop().await;
    assert!(
        response.await.unwrap().text.contains("access_token"),
        "the request in flight is finished"
    );
}
