//! Clients that break HTTP or vanish: each gets the response that HTTP demands, and other clients
//! are still served.

use std::time::Duration;

use crate::support::raw_client::{RawClient, TOKEN_HEAD, form_request};
use crate::support::{page, post_sample, send_raw};
use smartpay_oauth_mock::MockAuthServer;

fn request(headers: &str, body: &str) -> String {
    format!("{TOKEN_HEAD}{headers}\r\n{body}")
}

fn sized(body: &str, more: &str) -> String {
    form_request("/oauth2/v3/token", more, body)
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = MockAuthServer::start().await;
    let last = sized("code=x", "Connection: close\r\n");
    let response =
        send_raw(server.address(), sized(page::REQUEST, "") + &sized("", "") + &last).await;
    let statuses: Vec<&str> = response.split("HTTP/1.1 ").skip(1).map(|part| &part[..3]).collect();
    assert_eq!(statuses, ["200", "400", "400"], "{response}");
}

#[tokio::test]
async fn a_chunked_body_is_read_and_a_broken_one_refused() {
    let server = MockAuthServer::start().await;
    let (first, rest) = page::REQUEST.split_at(20);
    let chunked = |piece: &str| format!("{:x}\r\n{piece}\r\n", piece.len());
    let body = chunked(first) + &chunked(rest) + "0\r\n\r\n";
    let headers = "Connection: close\r\nTransfer-Encoding: chunked\r\n";
    let response = send_raw(server.address(), request(headers, &body)).await;
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    for broken in ["zz\r\n", "5\r\nab", "-1\r\n\r\n"] {
        let headers = "Connection: close\r\nTransfer-Encoding: chunked\r\n";
        let mut client = RawClient::connect(server.address());
        client.send(request(headers, broken)).unwrap();
        client.finish_sending().unwrap();
        let response = client.read_all();
        assert!(!response.starts_with("HTTP/1.1 200"), "{broken}: {response}");
    }
    post_sample(&server).await.ok();
}

/// Contradictory or invalid lengths, which can smuggle requests, are refused.
#[tokio::test]
async fn invalid_content_lengths_are_refused() {
    let server = MockAuthServer::start().await;
    for headers in [
        "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length: 3, 4\r\n",
        "Content-Length: three\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 99999999999999999999\r\n",
    ] {
        let response = send_raw(server.address(), request(headers, "abcd")).await;
        assert!(response.starts_with("HTTP/1.1 400"), "{headers}: {response}");
        assert_eq!(response.matches("HTTP/1.1").count(), 1, "{headers}: {response}");
    }
    post_sample(&server).await.ok();
    assert_eq!(server.requests().await.len(), 1, "none of them is in the journal");
}

/// Chunked encoding takes precedence over a length, and what follows is not another request.
#[tokio::test]
async fn a_chunked_body_with_a_length_ends_the_connection() {
    let server = MockAuthServer::start().await;
    let body = "3\r\na=b\r\n0\r\n\r\n";
    let second = sized(page::REQUEST, "");
    for headers in [
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    ] {
        let response = send_raw(server.address(), request(headers, body) + &second).await;
        assert!(response.starts_with("HTTP/1.1 400"), "{response}");
        assert!(response.contains("Connection: close"), "{response}");
        assert_eq!(response.matches("HTTP/1.1").count(), 1, "{response}");
    }
    let odd = "Transfer-Encoding: identity\r\nContent-Length: 3\r\n";
    assert!(send_raw(server.address(), request(odd, "a=b")).await.starts_with("HTTP/1.1 400"));
    post_sample(&server).await.ok();
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let server = MockAuthServer::start().await;
    let large = format!("X-Large: {}\r\n", "x".repeat(200_000));
    let many: String = (0..20_000).map(|n| format!("X-{n}: y\r\n")).collect();
    for headers in [large, many] {
        let response = send_raw(server.address(), sized(page::REQUEST, &headers)).await;
        assert!(
            response.starts_with("HTTP/1.1 431") || response.starts_with("HTTP/1.1 400"),
            "{response}"
        );
    }
    let target = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(200_000));
    let response = send_raw(server.address(), target).await;
    assert!(
        response.starts_with("HTTP/1.1 414") || response.starts_with("HTTP/1.1 431"),
        "{response}"
    );
    post_sample(&server).await.ok();
}

/// A client that closes its half of the connection looks like one that has gone, and may be treated
/// as such; otherwise a `hang` would outlast its client. Either way the connection closes at once.
#[tokio::test]
async fn a_client_that_closes_its_half_gets_a_response_or_a_closed_connection() {
    let server = MockAuthServer::start().await;
    for _ in 0..20 {
        let mut client = RawClient::connect(server.address());
        client.post_token(page::REQUEST).unwrap();
        client.finish_sending().unwrap();
        let (response, end) = client.read_to_end();
        end.unwrap();
        let response = String::from_utf8(response).unwrap();
        assert!(response.is_empty() || response.starts_with("HTTP/1.1 200"), "{response}");
    }
    post_sample(&server).await.ok();
}

#[tokio::test]
async fn clients_that_vanish_do_not_keep_the_server_from_stopping() {
    let server = MockAuthServer::start().await;
    let whole = sized(page::REQUEST, "");
    for length in (0..whole.len()).step_by(7) {
        RawClient::connect(server.address()).send(&whole[..length]).unwrap();
    }
    // These send a whole request and do not wait for the response.
    for _ in 0..20 {
        RawClient::connect(server.address()).send(&whole).unwrap();
    }
    post_sample(&server).await.ok();
    server.stop().await;
}

/// Idle connections affect neither other clients nor the shutdown.
#[tokio::test]
async fn idle_connections_do_not_affect_other_clients() {
    let server = MockAuthServer::start().await;
    let mut idle: Vec<RawClient> =
        (0..400).map_while(|_| RawClient::try_connect(server.address()).ok()).collect();
    assert!(idle.len() > 100, "{}", idle.len());
    for client in &mut idle {
        client.send("POST /oauth2/v3/token HTTP/1.1\r\nHo").unwrap();
    }
    for _ in 0..3 {
        post_sample(&server).await.ok();
    }
    let start = std::time::Instant::now();
    server.stop().await;
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "the server does not wait for the rest of a head"
    );
}

#[tokio::test]
async fn bytes_that_are_not_http_are_refused() {
    let server = MockAuthServer::start().await;
    for bytes in [
        "\0\0\0\0\r\n\r\n",
        "HELO mail\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\x16\x03\x01\x00\r\n\r\n",
    ] {
        let response = send_raw(server.address(), bytes.to_owned()).await;
        assert!(
            response.is_empty()
                || response.starts_with("HTTP/1.1 4")
                || response.starts_with("HTTP/1.1 5"),
            "{bytes:?}: {response}"
        );
    }
    post_sample(&server).await.ok();
}
