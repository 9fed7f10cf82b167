//! Clients that reach a limit, while other clients are still served.
//!
//! Every test would hang, or see the client get its way, without its limit. No client waits longer
//! than `TIMEOUT`, which is far beyond any limit that is set here.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use crate::support::folder::Folder;
use crate::support::program::Running;
use crate::support::raw_client::{RawClient, TIMEOUT, TOKEN_HEAD, send_and_read_all};
use crate::support::{post_sample, send_raw};
use smartpay_oauth_mock::{Limits, MockAuthServer};

const SHORT: Duration = Duration::from_millis(200);

async fn server(limits: Limits) -> MockAuthServer {
    MockAuthServer::builder().limits(limits).start().await.unwrap()
}

/// Sends one byte now and then, until the server closes the connection. Returns what was received.
fn send_slowly(mut client: RawClient, byte: &[u8]) -> String {
    let start = Instant::now();
    client.set_timeout(SHORT / 10).unwrap();
    loop {
        assert!(start.elapsed() < TIMEOUT, "a slow client is waited for");
        let gone = client.send(byte).is_err();
        match client.receive() {
            Ok(0) => return client.take_received(),
            Ok(_) => {}
            Err(_) if gone => return client.take_received(),
            Err(_) => {}
        }
    }
}

#[tokio::test]
async fn a_head_that_arrives_too_slowly_ends_the_connection() {
    let server = server(Limits::default().head_time(SHORT)).await;
    let mut client = RawClient::connect(server.address());
    client.send(TOKEN_HEAD).unwrap();
    let slow = tokio::task::spawn_blocking(move || send_slowly(client, b"x"));
    post_sample(&server).await.ok();
    assert_eq!(slow.await.unwrap(), "");
    post_sample(&server).await.ok();
}

#[tokio::test]
async fn a_body_that_arrives_too_slowly_is_refused() {
    let server = server(Limits::default().body_time(SHORT)).await;
    let mut client = RawClient::connect(server.address());
    client.send(format!("{TOKEN_HEAD}Content-Length: 60000\r\n\r\n")).unwrap();
    let slow = tokio::task::spawn_blocking(move || send_slowly(client, b"x"));
    post_sample(&server).await.ok();
    let response = slow.await.unwrap();
    assert!(response.starts_with("HTTP/1.1 400"), "{response}");
    assert!(response.contains("The body did not arrive within 200ms."), "{response}");
    let outcomes = server.requests().await.into_iter().filter_map(|entry| entry.outcome);
    let outcome = { outcomes }.find(|outcome| outcome.row == Some(5));
    assert_eq!(outcome.unwrap().status, Some(400));
}

/// A chunked body without an end is refused as too large.
#[tokio::test]
async fn a_chunked_body_without_an_end_is_refused() {
    let server = server(Limits::default()).await;
    let mut client = RawClient::connect(server.address());
    let sending = tokio::task::spawn_blocking(move || {
        client.send(format!("{TOKEN_HEAD}Transfer-Encoding: chunked\r\n\r\n")).unwrap();
        let chunk = format!("{:x}\r\n{}\r\n", 16 * 1024, "x".repeat(16 * 1024));
        let start = Instant::now();
        while client.send(&chunk).is_ok() {
            assert!(start.elapsed() < TIMEOUT, "the server reads a body without an end");
        }
    });
    post_sample(&server).await.ok();
    sending.await.unwrap();
    let entries = server.requests().await;
    assert!(entries.iter().any(|entry| entry.status() == Some(413)), "{entries:?}");
    post_sample(&server).await.ok();
}

/// Unread responses fill the sockets' buffers; the server then waits for `write_time` only.
#[tokio::test]
async fn the_connection_of_a_client_that_does_not_read_is_closed() {
    let server = server(Limits::default().write_time(SHORT)).await;
    let mut client = RawClient::connect(server.address());
    let error = tokio::task::spawn_blocking(move || {
        let request = b"GET /_mock/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
        loop {
            if let Err(error) = client.send(request) {
                return error;
            }
        }
    });
    post_sample(&server).await.ok();
    let end = error.await.unwrap().kind();
    assert!(matches!(end, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{end}");
    post_sample(&server).await.ok();
}

#[tokio::test]
async fn a_head_larger_than_the_limit_is_refused() {
    let head =
        |size: usize| format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(size));
    for (limit, sizes) in [(8 * 1024, [6_000, 20_000]), (64 * 1024, [60_000, 100_000])] {
        let server = server(Limits::default().head_size(limit)).await;
        for (size, status) in sizes.into_iter().zip(["200", "431"]) {
            let request = head(size).replacen("\r\n", "\r\nConnection: close\r\n", 1);
            let response = send_raw(server.address(), request).await;
            assert!(
                response.starts_with(&format!("HTTP/1.1 {status}")),
                "{limit} {size}: {response}"
            );
        }
        post_sample(&server).await.ok();
    }
}

/// A head that is already too large is refused before its end.
#[tokio::test]
async fn a_head_without_an_end_is_refused() {
    let server = server(Limits::default()).await;
    let head = format!("{TOKEN_HEAD}X: {}", "y".repeat(200_000));
    let (response, sample) = tokio::join!(send_raw(server.address(), head), post_sample(&server));
    sample.ok();
    assert!(response.is_empty() || response.starts_with("HTTP/1.1 431"), "{response}");
}

#[tokio::test]
async fn a_control_api_request_larger_than_the_limit_is_refused() {
    let server = server(Limits::default().control_size(1_000)).await;
    let put = async |length: usize| {
        let body = format!("{{\"extends\":\"default\"{}}}", " ".repeat(length));
        let request = reqwest::Client::new().put(format!("{}/_mock/fixtures", server.base_url()));
        let request = request.header("Content-Type", "application/json").body(body);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!((put(500).await, put(1_000).await), (200, 413));
}

/// A hundred clients reach several limits: the log has one line for each limit.
#[test]
fn a_reached_limit_is_logged_once() {
    let folder = Folder::new("limits-logged");
    let limits = ["head_time=100ms", "body_time=100ms", "head_size=8192", "connections=40"];
    let arguments = [&["--limit"], &limits[..]].concat();
    let mut server = Running::start(&folder, &arguments);
    let address = server.address().to_owned();

    // The first clients are fewer than the connections, so none is closed before its head takes too
    // long. The others are more.
    for clients in [0..30, 30..130] {
        std::thread::scope(|scope| {
            for n in clients {
                let address = &address;
                scope.spawn(move || {
                    let sent = match n % 4 {
                        0 => TOKEN_HEAD.to_owned(),
                        1 => format!("{TOKEN_HEAD}Content-Length: 100\r\n\r\nx"),
                        2 => format!("{TOKEN_HEAD}X: {}\r\n\r\n", "y".repeat(20_000)),
                        _ => format!(
                            "{TOKEN_HEAD}Content-Length: 70000\r\n\r\n{}",
                            "x".repeat(70_000)
                        ),
                    };
                    send_and_read_all(address, sent);
                });
            }
        });
    }

    server.signal("-TERM");
    assert_eq!(server.exit_code(), Some(0));
    let log = server.log();
    let lines_with = |part: &str| log.lines().filter(|line| line.contains(part)).count();
    for part in [
        "--limit head_time",
        "--limit body_time",
        "--limit head_size",
        "--limit connections",
        "64 KiB",
    ] {
        assert_eq!(lines_with(part), 1, "{part}: {log}");
    }
    assert!(log.lines().count() < 12, "{log}");
}
