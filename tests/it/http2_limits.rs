//! Limits over TLS and HTTP/2, with frames written to openssl, and with curl.

use crate::support::tls;
use crate::support::tools::lacks_tools;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use crate::support::folder::Folder;
use crate::support::http2::Http2Client;
use crate::support::raw_client::TIMEOUT;
use crate::support::{page, send_raw};
use http_body_util::BodyExt;
use hyper::client::conn::http2::Builder;
use hyper_util::rt::TokioExecutor;
use smartpay_oauth_mock::{Limits, MockAuthServer};

const SHORT: Duration = Duration::from_millis(200);
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Frame types and an error code (RFC 9113, sections 6 and 7).
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const REFUSED_STREAM: [u8; 4] = [0, 0, 0, 7];
/// A GET of the authorize endpoint at `https://localhost`, in HPACK without a dynamic table.
const GET: &[u8] = b"\x82\x87\x04\x15/ebc2/oauth/authorize\x01\x09localhost";

async fn server(limits: Limits) -> MockAuthServer {
    MockAuthServer::builder().tls().limits(limits).start().await.unwrap()
}

/// An HTTP/2 connection through openssl, which exits when the server closes the connection.
struct Frames {
    openssl: Child,
    input: ChildStdin,
}

impl Frames {
    fn connect(server: &MockAuthServer) -> Self {
        let address = server.address().to_string();
        let mut openssl = Command::new("openssl")
            .args(["s_client", "-quiet", "-alpn", "h2", "-connect", &address])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl");
        let mut input = openssl.stdin.take().unwrap();
        input.write_all(PREFACE).unwrap();
        let mut frames = Self { openssl, input };
        frames.send(SETTINGS, 0, 0, b"");
        frames
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let stream = stream.to_be_bytes();
        let frame = [&length[1..], &[kind, flags], &stream, payload].concat();
        self.input.write_all(&frame).unwrap();
        self.input.flush().unwrap();
    }

    /// Returns the type, stream and payload of the next frame, or `None` at the connection's end.
    fn next(&mut self) -> Option<(u8, u32, Vec<u8>)> {
        let output = self.openssl.stdout.as_mut().unwrap();
        let mut head = [0; 9];
        output.read_exact(&mut head).ok()?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        output.read_exact(&mut payload).ok()?;
        Some((head[3], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload))
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        let _ = self.openssl.kill();
        let _ = self.openssl.wait();
    }
}

#[tokio::test]
async fn a_stalled_handshake_is_aborted() {
    let server = server(Limits::default().handshake_time(SHORT)).await;
    let address = server.address();
    for begun in [&b""[..], &[22, 3, 1, 0, 200, 1, 0]] {
        assert_eq!(send_raw(address, begun).await, "");
    }
}

#[tokio::test]
async fn the_connection_of_a_silent_http2_client_is_closed() {
    if lacks_tools(&["openssl"]) {
        return;
    }
    let server = server(Limits::default().head_time(SHORT)).await;
    let received = tokio::task::spawn_blocking(move || {
        let mut frames = Frames::connect(&server);
        std::iter::from_fn(|| frames.next()).map(|(kind, ..)| kind).collect::<Vec<_>>()
    });
    let received = tokio::time::timeout(Duration::from_secs(20), received).await;
    let received = received.expect("the connection is closed").unwrap();
    assert!(received.contains(&SETTINGS) && received.contains(&GOAWAY), "{received:?}");
}

/// With a limit of two concurrent requests on a connection, the third is refused.
#[tokio::test]
async fn concurrent_requests_on_a_connection_are_limited() {
    if lacks_tools(&["openssl"]) {
        return;
    }
    let server = server(Limits::default().streams(2)).await;
    let slow = "extends: default\nscenarios: [{ respond: { delay: 1h } }]";
    server.replace_fixtures(slow).await.unwrap();
    let refused = tokio::task::spawn_blocking(move || {
        let mut frames = Frames::connect(&server);
        for stream in [1, 3, 5] {
            // The flags END_HEADERS and END_STREAM.
            frames.send(HEADERS, 4 | 1, stream, GET);
        }
        let reset = std::iter::from_fn(|| frames.next()).find(|(kind, ..)| *kind == RST_STREAM);
        reset.expect("a request is refused")
    });
    let refused = tokio::time::timeout(Duration::from_secs(20), refused).await;
    let (_, stream, error) = refused.expect("a request is refused").unwrap();
    assert_eq!((stream, error.as_slice()), (5, &REFUSED_STREAM[..]));
}

/// The client answers pings and reads the connection, but leaves its flow control window closed, or
/// open for a part of the response only.
#[tokio::test]
async fn the_connection_of_an_http2_client_that_does_not_read_is_closed() {
    let server = server(Limits::default().write_time(SHORT)).await;
    for window in [0, 1, 20_000] {
        let mut builder = Builder::new(TokioExecutor::new());
        builder.initial_stream_window_size(window);
        let mut client = Http2Client::connect_with(&server, &builder).await;
        let mut unread = Vec::new();
        // On a slow machine, the connection may be closed before the last one.
        for _ in 0..3 {
            unread.extend(client.send("GET", "/_mock/openapi.json", "").await);
        }
        let closed = tokio::time::timeout(TIMEOUT, client.closed()).await;
        closed.unwrap_or_else(|_| panic!("a window of {window} keeps the connection"));
        for response in unread {
            assert!(response.into_body().collect().await.is_err());
        }
    }
}

#[tokio::test]
async fn a_large_response_over_http2_is_whole() {
    let server = server(Limits::default().write_time(TIMEOUT)).await;
    let mut client = Http2Client::connect(&server).await;
    let response = client.send("GET", "/_mock/openapi.json", "").await.unwrap();
    let length: usize = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(length > 64 * 1024 && body.len() == length, "{length}");
    assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
}

/// A connection that follows the journal is not idle, even while no event is sent.
#[tokio::test]
async fn a_follower_over_http2_is_not_closed_as_idle() {
    if lacks_tools(&["curl"]) {
        return;
    }
    let server = server(Limits::default().head_time(SHORT).write_time(SHORT)).await;
    let folder = Folder::new("http2-follower");
    tls::identify(&folder, &server, "a-client");
    let url = format!("https://localhost:{}/_mock/events", server.address().port());
    let mut curl = Command::new("curl")
        .args(["-sSN", "--http2", "--max-time", "20", "--cacert", &folder.path("ca.pem"), &url])
        .stdout(Stdio::piped())
        .spawn()
        .expect("curl");
    let output = BufReader::new(curl.stdout.take().unwrap());
    let received = tokio::task::spawn_blocking(move || {
        output.lines().map(Result::unwrap).any(|line| line == "event: request")
    });
    tokio::time::sleep(SHORT * 6).await;
    tls::curl(&folder, &[&server.token_url(), "-d", page::REQUEST]).await;
    assert!(received.await.unwrap(), "the follower was cut off");
    let _ = curl.kill();
    curl.wait().unwrap();
}
