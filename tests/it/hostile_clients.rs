//! Clients that are broken, odd or rude: each gets what HTTP says, and nobody else notices.

use std::time::Duration;

use crate::support::page;
use crate::support::raw_client::{RawClient, TOKEN_HEAD, form_request, send_and_read_all};
use smartpay_oauth_mock::MockAuthServer;

/// Sends bytes and returns all that comes until the connection ends.
async fn said(server: &MockAuthServer, sent: String) -> String {
    let address = server.address();
    tokio::task::spawn_blocking(move || send_and_read_all(address, sent)).await.unwrap()
}

fn request(headers: &str, body: &str) -> String {
    format!("{TOKEN_HEAD}{headers}\r\n{body}")
}

fn sized(body: &str, more: &str) -> String {
    form_request("/oauth2/v3/token", more, body)
}

/// Whether the server is well.
async fn answers(server: &MockAuthServer) {
    crate::support::post(&server.token_url(), page::REQUEST).await.ok();
}

#[tokio::test]
async fn requests_in_one_packet_are_answered_in_order() {
    let server = MockAuthServer::start().await;
    let last = sized("code=x", "Connection: close\r\n");
    let seen = said(&server, sized(page::REQUEST, "") + &sized("", "") + &last).await;
    let statuses: Vec<&str> = seen.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "400", "400"], "{seen}");
}

#[tokio::test]
async fn a_body_in_chunks_is_a_body() {
    let server = MockAuthServer::start().await;
    let (first, rest) = page::REQUEST.split_at(20);
    let chunked = |piece: &str| format!("{:x}\r\n{piece}\r\n", piece.len());
    let body = chunked(first) + &chunked(rest) + "0\r\n\r\n";
    let headers = "Connection: close\r\nTransfer-Encoding: chunked\r\n";
    let seen = said(&server, request(headers, &body)).await;
    assert!(seen.starts_with("HTTP/1.1 200"), "{seen}");
    for broken in ["zz\r\n", "5\r\nab", "-1\r\n\r\n"] {
        let headers = "Connection: close\r\nTransfer-Encoding: chunked\r\n";
        let mut client = RawClient::connect(server.address());
        client.send(request(headers, broken)).unwrap();
        client.finish_sending().unwrap();
        let seen = client.read_all();
        assert!(!seen.starts_with("HTTP/1.1 200"), "{broken}: {seen}");
    }
    answers(&server).await;
}

/// A length that is told twice, or in two ways, is how requests are smuggled.
#[tokio::test]
async fn lengths_that_disagree_are_refused() {
    let server = MockAuthServer::start().await;
    for headers in [
        "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length: 3, 4\r\n",
        "Content-Length: three\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 99999999999999999999\r\n",
    ] {
        let seen = said(&server, request(headers, "abcd")).await;
        assert!(seen.starts_with("HTTP/1.1 400"), "{headers}: {seen}");
        assert_eq!(seen.matches("HTTP/1.1").count(), 1, "{headers}: {seen}");
    }
    answers(&server).await;
    assert_eq!(server.requests().await.len(), 1, "none of them was a request");
}

/// Chunks win over a length, and nothing behind them is taken for another request.
#[tokio::test]
async fn chunks_with_a_length_are_one_request_and_the_last() {
    let server = MockAuthServer::start().await;
    let body = "3\r\na=b\r\n0\r\n\r\n";
    let second = sized(page::REQUEST, "");
    for headers in [
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    ] {
        let seen = said(&server, request(headers, body) + &second).await;
        assert!(seen.starts_with("HTTP/1.1 400"), "{seen}");
        assert!(seen.contains("Connection: close"), "{seen}");
        assert_eq!(seen.matches("HTTP/1.1").count(), 1, "{seen}");
    }
    let odd = "Transfer-Encoding: identity\r\nContent-Length: 3\r\n";
    assert!(said(&server, request(odd, "a=b")).await.starts_with("HTTP/1.1 400"));
    answers(&server).await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let server = MockAuthServer::start().await;
    let large = format!("X-Large: {}\r\n", "x".repeat(200_000));
    let many: String = (0..20_000).map(|n| format!("X-{n}: y\r\n")).collect();
    for headers in [large, many] {
        let seen = said(&server, sized(page::REQUEST, &headers)).await;
        assert!(seen.starts_with("HTTP/1.1 431") || seen.starts_with("HTTP/1.1 400"), "{seen}");
    }
    let target = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(200_000));
    let seen = said(&server, target).await;
    assert!(seen.starts_with("HTTP/1.1 414") || seen.starts_with("HTTP/1.1 431"), "{seen}");
    answers(&server).await;
}

/// A client that closes its half of the connection looks like one that has gone, and may be taken
/// for it: else a `hang` would outlive its client. Whichever it is, it ends at once.
#[tokio::test]
async fn a_client_that_closes_its_half_is_answered_or_let_go() {
    let server = MockAuthServer::start().await;
    for _ in 0..20 {
        let mut client = RawClient::connect(server.address());
        client.post_token(page::REQUEST).unwrap();
        client.finish_sending().unwrap();
        let (seen, end) = client.read_to_end();
        end.unwrap();
        let seen = String::from_utf8(seen).unwrap();
        assert!(seen.is_empty() || seen.starts_with("HTTP/1.1 200"), "{seen}");
    }
    answers(&server).await;
}

#[tokio::test]
async fn clients_that_vanish_leave_nothing_behind() {
    let server = MockAuthServer::start().await;
    let whole = sized(page::REQUEST, "");
    for length in (0..whole.len()).step_by(7) {
        RawClient::connect(server.address()).send(&whole[..length]).unwrap();
    }
    // Not even one that asked, and does not wait for the answer.
    for _ in 0..20 {
        RawClient::connect(server.address()).send(&whole).unwrap();
    }
    answers(&server).await;
    server.stop().await;
}

/// Connections that say nothing are as good as none.
#[tokio::test]
async fn idle_connections_are_no_burden() {
    let server = MockAuthServer::start().await;
    let mut idle: Vec<RawClient> =
        (0..400).map_while(|_| RawClient::try_connect(server.address()).ok()).collect();
    assert!(idle.len() > 100, "{}", idle.len());
    for client in &mut idle {
        client.send("POST /oauth2/v3/token HTTP/1.1\r\nHo").unwrap();
    }
    for _ in 0..3 {
        answers(&server).await;
    }
    let start = std::time::Instant::now();
    server.stop().await;
    assert!(start.elapsed() < Duration::from_secs(20), "half a head is not waited for");
}

#[tokio::test]
async fn what_is_no_http_is_told_so() {
    let server = MockAuthServer::start().await;
    for bytes in [
        "\0\0\0\0\r\n\r\n",
        "HELO mail\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\x16\x03\x01\x00\r\n\r\n",
    ] {
        let seen = said(&server, bytes.to_owned()).await;
        assert!(
            seen.is_empty() || seen.starts_with("HTTP/1.1 4") || seen.starts_with("HTTP/1.1 5"),
            "{bytes:?}: {seen}"
        );
    }
    answers(&server).await;
}
