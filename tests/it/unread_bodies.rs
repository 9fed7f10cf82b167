//! Bodies of requests that no handler reads: the client gets its response, and a connection that stays
//! open serves the next request.

use std::time::Duration;

use crate::support::http2::Http2Client;
use crate::support::post_sample;
use crate::support::raw_client::RawClient;
use http_body_util::BodyExt;
use smartpay_oauth_mock::MockAuthServer;

/// Requests that are answered without reading their bodies, with their statuses.
const UNREAD: [(&str, &str, u16); 18] = [
    ("GET", "/", 200),
    ("GET", "/_mock/health", 200),
    ("POST", "/_mock/health", 405),
    ("GET", "/_mock/requests", 200),
    ("DELETE", "/_mock/requests", 204),
    ("GET", "/_mock/openapi.json", 200),
    ("POST", "/_mock/", 404),
    ("POST", "/_mock/nothing", 404),
    ("DELETE", "/_mock/scenarios", 204),
    ("POST", "/nothing", 404),
    ("PUT", "/realms/nowhere/oauth2/v3/token", 404),
    ("POST", "/realms/nowhere/_mock/reset", 404),
    ("GET", "/oauth2/v3/token", 405),
    ("POST", "/oauth2/v3/token?client_id=x", 400),
    ("POST", "/pts/v2/payments", 401),
    ("DELETE", "/pts/v2/payments", 405),
    ("GET", "/.well-known/jwks.json", 200),
    ("GET", "/ebc2/oauth/authorize", 400),
];

const JSON: &str = "Content-Type: application/json\r\n";

fn head(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
}

fn assert_status(response: &str, status: u16, what: &str) {
    assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{what}: {response}");
}

/// Many clients send the body in a packet of its own, which may arrive after the response is made.
#[tokio::test]
async fn a_connection_serves_the_next_request_after_a_small_body() {
    let server = MockAuthServer::start().await;
    let mut client = RawClient::connect(server.address());
    for (method, path, status) in UNREAD {
        for body in ["{}", "{\"times\": 1}"] {
            let length = format!("{JSON}Content-Length: {}\r\n", body.len());
            let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
            let encoding = format!("{JSON}Transfer-Encoding: chunked\r\n");
            for (headers, body) in [(&length, body), (&encoding, &chunked)] {
                let what = format!("{method} {path}, {headers:?}");
                client.send(head(method, path, headers)).unwrap();
                std::thread::sleep(Duration::from_millis(2));
                client.send(body).unwrap();
                let response = client.read_response().unwrap_or_else(|e| panic!("{what}: {e}"));
                assert_status(&response, status, &what);
                assert!(!response.contains("Connection: close"), "{what}: {response}");
            }
        }
    }
    post_sample(&server).await.ok();
}

/// Some clients read the response only once they have sent everything.
#[tokio::test]
async fn a_connection_serves_the_next_request_after_a_large_body() {
    let server = MockAuthServer::start().await;
    let mut client = RawClient::connect(server.address());
    let body = "x".repeat(8 * 1024 * 1024);
    for (method, path, status) in UNREAD {
        let headers = format!("{JSON}Content-Length: {}\r\n", body.len());
        client.send(head(method, path, &headers)).unwrap();
        client.send(&body).unwrap();
        assert_status(&client.read_response().unwrap(), status, path);
    }
}

#[tokio::test]
async fn a_refused_body_is_read_to_its_end() {
    let server = MockAuthServer::start().await;
    let mut client = RawClient::connect(server.address());
    let large = "x".repeat(17 * 1024 * 1024);
    for (path, media_type, status) in [
        ("/oauth2/v3/token", "application/x-www-form-urlencoded", 413),
        ("/oauth2/v3/token", "application/json", 400),
        ("/_mock/codes", "application/json", 413),
        ("/_mock/codes", "text/plain", 415),
    ] {
        let headers = format!("Content-Type: {media_type}\r\nContent-Length: {}\r\n", large.len());
        client.send(head("POST", path, &headers)).unwrap();
        client.send(&large).unwrap();
        assert_status(&client.read_response().unwrap(), status, path);
    }
}

#[tokio::test]
async fn a_client_that_waits_for_100_continue_gets_the_response_instead() {
    let server = MockAuthServer::start().await;
    for (method, path, status) in UNREAD {
        let mut client = RawClient::connect(server.address());
        let headers = format!("{JSON}Expect: 100-continue\r\nContent-Length: 5000000\r\n");
        client.send(head(method, path, &headers)).unwrap();
        let response = client.read_response().unwrap();
        assert_status(&response, status, path);
        assert!(response.contains("\r\nConnection: close\r\n"), "{path}: {response}");
        assert_eq!(client.receive().unwrap(), 0, "{path}");
    }
}

/// The response says so when the connection cannot be used any more.
#[tokio::test]
async fn a_body_beyond_the_bounds_ends_the_connection_after_the_response() {
    let server = MockAuthServer::start().await;
    // Larger than is discarded, and one whose rest never comes.
    for length in ["99999999999", "100"] {
        let mut client = RawClient::connect(server.address());
        client.send(head("POST", "/nothing", &format!("Content-Length: {length}\r\n"))).unwrap();
        client.send("x".repeat(50)).unwrap();
        let response = client.read_response().unwrap();
        assert_status(&response, 404, length);
        assert!(response.contains("\r\nConnection: close\r\n"), "{response}");
        assert_eq!(client.receive().unwrap(), 0);
    }
}

/// Requests that no handler sees.
#[tokio::test]
async fn a_request_that_is_refused_by_its_head_gets_the_response_after_its_body() {
    let server = MockAuthServer::start().await;
    let body = "x".repeat(4 * 1024 * 1024);
    let length = format!("Content-Length: {}\r\n", body.len());
    for (head, status) in [
        (format!("POST / HTTP/1.1\r\n{length}\r\n"), 400),
        (format!("POST / HTTP/1.1\r\nHost: a b\r\n{length}\r\n"), 400),
        (head("POST", "/", &format!("{length}X: {}\r\n", "y".repeat(70_000))), 431),
        (head("POST", "/", &format!("{length}X: {}\r\n", "y".repeat(200_000))), 431),
        (head("POST", "/", &format!("{length}Bad Header: x\r\n")), 400),
    ] {
        let mut client = RawClient::connect(server.address());
        client.send(&head).unwrap();
        client.send(&body).unwrap();
        assert_status(&client.read_response().unwrap(), status, head.lines().next().unwrap());
    }
}

/// Over HTTP/2, a stream that is reset makes some clients fail.
#[tokio::test]
async fn a_request_over_http2_gets_its_response_whether_its_body_is_read_or_not() {
    let server = MockAuthServer::builder().tls().start().await.unwrap();
    let mut client = Http2Client::connect(&server).await;
    for (method, path, status) in UNREAD {
        for size in [2, 4 * 1024 * 1024] {
            let response = client.send(method, path, "x".repeat(size)).await;
            let response = response.unwrap_or_else(|e| panic!("{method} {path} {size}: {e:?}"));
            assert_eq!(response.status(), status, "{method} {path}");
            response.into_body().collect().await.unwrap();
        }
    }
}
