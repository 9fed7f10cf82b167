//! HTTPS: certificates for each host name, own ports of realms, TLS faults, and handshakes that stall.

use std::io::ErrorKind;
use std::time::Duration;

use crate::support::https_client::HttpsClient;
use crate::support::raw_client::RawClient;
use crate::support::{call, page};
use serde_json::{Value, json};
use smartpay_oauth_mock::fixture::TlsFaults;
use smartpay_oauth_mock::{Fault, Limits, MockAuthServer, Outcome, Scenario, TlsFault};

/// Starts a server with HTTP and HTTPS, and returns it with a client that trusts it.
async fn server() -> (MockAuthServer, HttpsClient) {
    let builder = MockAuthServer::builder().tls().tls_host("pay.test");
    let server = builder.start().await.unwrap();
    let client = HttpsClient::of(&server);
    (server, client)
}

/// Returns the URL of a path at a host. Every host resolves to this machine.
fn url(server: &MockAuthServer, host: &str, path: &str) -> String {
    format!("https://{host}:{}{path}", server.address().port())
}

fn health(server: &MockAuthServer, host: &str) -> String {
    url(server, host, "/_mock/health")
}

#[tokio::test]
async fn both_versions_of_http_serve_every_endpoint() {
    let (server, client) = server().await;
    for client in [client.clone(), client.http2()] {
        let tokens = client.post(&server.token_url(), page::REQUEST).await.unwrap().ok();
        assert_eq!(tokens.number("/expires_in"), 899);
        let keys = client.get(&(server.base_url() + "/.well-known/jwks.json")).await.unwrap();
        assert_eq!(keys.ok().json()["keys"][0]["alg"], "RS256");
    }
}

#[tokio::test]
async fn each_server_name_gets_a_certificate_of_its_own() {
    let (server, client) = server().await;
    server.new_realm("blue").host("blue.pay.test").create().unwrap();
    for (host, realm) in [
        ("localhost", "default"),
        ("pay.test", "default"),
        ("any-name.example", "default"),
        ("blue.localhost", "blue"),
        ("blue.pay.test", "blue"),
    ] {
        let token_url = url(&server, host, "/oauth2/v3/token");
        client.post(&token_url, page::REQUEST).await.expect(host).ok();
        let realm = server.realm(realm).unwrap();
        assert_eq!(realm.requests().await.len(), 1, "{host}");
        realm.clear_requests().await;
    }

    let other_family = std::net::TcpStream::connect(("::1", server.address().port()));
    assert!(other_family.is_err(), "it listens on 127.0.0.1 only");
}

/// A realm can have a port of its own for HTTPS, for clients that can be given only a host and a
/// port.
#[tokio::test]
async fn a_realm_can_have_a_port_of_its_own_for_https() {
    let (server, client) = server().await;
    let own = server.new_realm("own").own_port().create().unwrap();
    assert!(own.base_url().starts_with("https://127.0.0.1:"));
    client.post(&own.token_url(), page::REQUEST).await.unwrap().ok();
    assert_eq!((own.requests().await.len(), server.requests().await.len()), (1, 0));

    let realm = server.http_url().unwrap() + "/_mock/realms/other";
    let created = call("PUT", realm, Some(json!({ "listen": true }))).await.json();
    let [http, https] = ["http", "https"].map(|scheme| created[scheme].as_str().unwrap());
    assert!(http.starts_with("http://127.0.0.1:"), "{created}");
    call("GET", format!("{http}/_mock/health"), None).await.ok();
    assert!(https.starts_with("https://127.0.0.1:"), "{created}");
    client.get(&format!("{https}/_mock/health")).await.unwrap().ok();
}

/// Each TLS fault, and a part of the error that a client has.
const FAULTS: [(TlsFault, &str); 5] = [
    (TlsFault::ExpiredCertificate, "certificate expired"),
    (TlsFault::WrongHost, "not valid for name"),
    (TlsFault::UnknownCa, "UnknownIssuer"),
    (TlsFault::HandshakeFailure, "alert: HandshakeFailure"),
    (TlsFault::ConnectionRefused, "reset by peer"),
];

#[tokio::test]
async fn a_client_fails_with_each_tls_fault_as_with_a_real_one() {
    let (server, client) = server().await;
    for (fault, expected) in FAULTS {
        server.set_tls_faults(TlsFaults::new(fault));
        let error = client.get(&health(&server, "localhost")).await.unwrap_err();
        assert!(error.contains(expected), "{fault:?}: {error}");
    }
    server.set_tls_faults(TlsFaults::default());
    client.get(&health(&server, "localhost")).await.unwrap().ok();
}

#[tokio::test]
async fn tls_faults_apply_to_a_realm_or_a_host_and_are_set_by_fixtures_or_the_control_api() {
    let fixtures =
        "extends: default\nsettings: { tls: { hosts: { pay.test: expired_certificate } } }";
    let builder = MockAuthServer::builder().tls().fixtures(fixtures).unwrap();
    let server = builder.start().await.unwrap();
    let client = HttpsClient::of(&server);
    let blue = server.new_realm("blue").create().unwrap();
    let fault = async |host: &str| client.get(&health(&server, host)).await.err();
    let fails = async |host: &str, expected: &str| {
        let error = fault(host).await.expect(host);
        assert!(error.contains(expected), "{host}: {error}");
    };
    fails("pay.test", "certificate expired").await;
    assert_eq!(fault("localhost").await, None);

    let tls = server.http_url().unwrap() + "/_mock/tls";
    let set = async |body: &Value| call("PUT", tls.clone(), Some(body.clone())).await;
    let body = json!({ "fault": "unknown_ca", "hosts": { "other.test": "handshake_failure" } });
    assert_eq!(set(&body).await.ok().json(), body);
    fails("localhost", "UnknownIssuer").await;
    fails("other.test", "HandshakeFailure").await;
    assert_eq!(fault("blue.localhost").await, None, "other realms are not affected");
    blue.set_tls_faults(TlsFaults::new(TlsFault::WrongHost));
    fails("blue.localhost", "not valid for name").await;

    for (body, pointer) in [
        (json!({ "hosts": { "a b": "unknown_ca" } }), "/hosts/a b"),
        (json!({ "hosts": { "127.0.0.1": "unknown_ca" } }), "/hosts/127.0.0.1"),
        (json!({ "fault": "broken" }), "/fault"),
    ] {
        let wrong = set(&body).await;
        assert_eq!((wrong.status, &wrong.json()["errors"][0]["pointer"]), (422, &json!(pointer)));
    }
    set(&json!({ "hosts": { "PAY.test": "handshake_failure" } })).await.ok();
    fails("pay.test", "HandshakeFailure").await; // Host names are case-insensitive.

    let plain = MockAuthServer::start().await;
    let without = call("PUT", plain.base_url() + "/_mock/tls", Some(json!({}))).await;
    assert_eq!(without.status, 409, "without HTTPS there are no TLS faults");

    call("DELETE", tls.clone(), None).await;
    assert_eq!(fault("localhost").await, None);
    fails("pay.test", "certificate expired").await; // As in the fixtures.
    server.replace_fixtures("extends: default").await.unwrap();
    assert_eq!(fault("pay.test").await, None);
}

/// On a realm's own port, `connection_refused` makes the system refuse connections.
#[tokio::test]
async fn a_realms_own_port_refuses_connections_while_the_fault_is_set() {
    let (server, client) = server().await;
    let own = server.new_realm("own").own_port().create().unwrap();
    let health = own.base_url() + "/_mock/health";
    let is_refused =
        async || client.get(&health).await.is_err_and(|error| error.contains("refused"));

    for (fault, expected) in [(Some(TlsFault::ConnectionRefused), true), (None, false)] {
        own.set_tls_faults(TlsFaults::new(fault));
        for _ in 0..200 {
            if is_refused().await == expected {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(is_refused().await, expected);
    }
}

/// The server never responds to the ClientHello. The handshake counts for the limits like any other.
#[tokio::test]
async fn a_hanging_handshake_ends_with_the_client_or_at_a_limit_of_handshakes() {
    let hanging = async |limits: Limits| {
        let server = MockAuthServer::builder().tls().limits(limits).start().await.unwrap();
        server.set_tls_faults(TlsFaults::new(TlsFault::Hang));
        let client = HttpsClient::of(&server);
        (server, client)
    };

    let limits = Limits::default().handshake_time(Duration::from_millis(300));
    let (server, client) = hanging(limits).await;
    let url = health(&server, "localhost");
    let error = client.get(&url).await.unwrap_err();
    assert!(error.contains("handshake eof"), "the time limit ends it: {error}");
    server.set_tls_faults(TlsFaults::default());
    client.get(&url).await.unwrap().ok();

    let (server, client) = hanging(Limits::default().handshakes(1)).await;
    let client = client.timeout(Duration::from_secs(2));
    let url = health(&server, "localhost");
    let (first, second) = tokio::join!(client.get(&url), client.get(&url));
    let ends = [first.unwrap_err(), second.unwrap_err()];
    let given_up = ends.iter().filter(|error| *error == "timeout").count();
    assert_eq!(given_up, 1, "the later one aborts the earlier one, and then gives up itself");
}

/// Scenarios' faults are the same over TLS. Over HTTP/2, where a connection carries many requests,
/// those that end the connection reset the request's stream instead.
#[tokio::test]
async fn faults_of_scenarios_over_tls_and_http2() {
    let (server, client) = server().await;
    let url = server.token_url();
    for fault in
        [Fault::ConnectionReset, Fault::EmptyResponse, Fault::Garbage, Fault::TruncatedBody]
    {
        let scenario = Scenario::respond(Outcome::fault(fault));
        let _fault = server.inject(scenario).await.expect(2);
        client.post(&url, page::REQUEST).await.unwrap_err();
        let error = client.clone().http2().post(&url, page::REQUEST).await.unwrap_err();
        assert!(error.contains("stream error"), "{fault:?}: {error}");
    }

    let hang = Scenario::respond(Outcome::fault(Fault::Hang)).times(1);
    let _hang = server.inject(hang).await;
    let client = client.http2().timeout(Duration::from_secs(1));
    assert_eq!(client.post(&url, page::REQUEST).await.unwrap_err(), "timeout");
    let client = client.timeout(Duration::from_secs(20));
    client.post(&url, page::REQUEST).await.expect("the server still responds").ok();
}

/// Handlers that need no body leave it unread, whether it arrives before or after the response.
#[tokio::test]
async fn a_request_over_http2_with_a_body_that_nobody_reads_gets_its_response() {
    let (server, client) = server().await;
    let client = client.http2();
    for path in ["/pts/v2/payments", "/nothing"] {
        for _ in 0..20 {
            client.post(&(server.base_url() + path), "{}").await.expect(path);
        }
    }
}

/// With more stalled handshakes than the limit, another client still connects, and the oldest
/// handshakes are aborted.
#[tokio::test]
async fn stalled_handshakes_do_not_block_other_clients() {
    let (server, client) = server().await;
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
    client.get(&health(&server, "localhost")).await.unwrap().ok();

    let mut first = stalled.swap_remove(0);
    first.set_timeout(Duration::from_secs(5)).unwrap();
    let end = first.receive();
    let is_reset = |error: std::io::Error| error.kind() == ErrorKind::ConnectionReset;
    assert!(matches!(end, Ok(0)) || end.is_err_and(is_reset));
    client.get(&health(&server, "localhost")).await.unwrap().ok();
}

#[tokio::test]
async fn a_client_without_tls_is_refused() {
    let (server, client) = server().await;
    let plain = format!("http://{}/_mock/health", server.address());
    let response = call("GET", plain, None).await;
    assert_eq!(response.status, 400);
    assert!(response.text.contains("speaks HTTPS"), "{}", response.text);

    // What is neither is not answered at all.
    let mut neither = RawClient::connect(server.address());
    neither.send(b"\x01\x02\x03\x04\x05\x06").unwrap();
    client.get(&health(&server, "localhost")).await.unwrap().ok();
}

#[tokio::test]
async fn a_server_with_https_only_finishes_requests_before_it_stops() {
    let server = MockAuthServer::builder().https_only().start().await.unwrap();
    assert!(server.http_url().is_none());
    let slow = Scenario::respond(Outcome::pass().delay(Duration::from_millis(500)));
    let slow = server.inject(slow).await;

    let (client, url) = (HttpsClient::of(&server).http2(), server.token_url());
    let response = tokio::spawn(async move { client.post(&url, page::REQUEST).await });
    while slow.matched() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.stop().await;
    response.await.unwrap().expect("the request in flight is finished").ok();
}
