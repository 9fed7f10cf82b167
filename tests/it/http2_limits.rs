//! Limits over TLS and HTTP/2, with frames that no library would send.

use std::time::Duration;

use crate::support::http2::Http2Client;
use crate::support::https_client::HttpsClient;
use crate::support::raw_client::TIMEOUT;
use crate::support::{page, send_raw};
use http_body_util::BodyExt;
use hyper::client::conn::http2::Builder;
use hyper_util::rt::TokioExecutor;
use smartpay_oauth_mock::{Limits, MockAuthServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

const SHORT: Duration = Duration::from_millis(200);
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Frame types and an error code (RFC 9113, sections 6 and 7).
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const REFUSED_STREAM: [u8; 4] = [0, 0, 0, 7];
/// A request for the events of the journal, whose response has no end, at `https://localhost`, in HPACK
/// without a dynamic table.
const GET_EVENTS: &[u8] = b"\x82\x87\x04\x0d/_mock/events\x01\x09localhost";

async fn server(limits: Limits) -> MockAuthServer {
    MockAuthServer::builder().tls().limits(limits).start().await.unwrap()
}

/// An HTTP/2 connection, frame by frame.
struct Frames(TlsStream<TcpStream>);

impl Frames {
    async fn connect(server: &MockAuthServer) -> Self {
        let client = HttpsClient::of(server).http2();
        let stream = client.connect("localhost", server.address().port()).await.unwrap();
        let mut frames = Self(stream);
        frames.0.write_all(PREFACE).await.unwrap();
        frames.send(SETTINGS, 0, 0, b"").await;
        frames
    }

    async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let stream = stream.to_be_bytes();
        let frame = [&length[1..], &[kind, flags], &stream, payload].concat();
        self.0.write_all(&frame).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// Returns the type, stream and payload of the next frame, or `None` at the connection's end.
    async fn next(&mut self) -> Option<(u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        self.0.read_exact(&mut payload).await.ok()?;
        Some((head[3], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload))
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
    let server = server(Limits::default().head_time(SHORT)).await;
    let mut frames = Frames::connect(&server).await;
    let mut received = Vec::new();
    let all = async {
        while let Some((kind, ..)) = frames.next().await {
            received.push(kind);
        }
    };
    tokio::time::timeout(TIMEOUT, all).await.expect("the connection is closed");
    assert!(received.contains(&SETTINGS) && received.contains(&GOAWAY), "{received:?}");
}

/// With a limit of two concurrent requests on a connection, the third is refused.
#[tokio::test]
async fn concurrent_requests_on_a_connection_are_limited() {
    let server = server(Limits::default().streams(2)).await;
    let mut frames = Frames::connect(&server).await;
    for stream in [1, 3, 5] {
        // The flags END_HEADERS and END_STREAM.
        frames.send(HEADERS, 4 | 1, stream, GET_EVENTS).await;
    }

    let refusal = async {
        loop {
            let frame = frames.next().await.expect("a request is refused");
            if frame.0 == RST_STREAM {
                break frame;
            }
        }
    };
    let refusal = tokio::time::timeout(TIMEOUT, refusal).await.expect("a request is refused");
    assert_eq!(refusal, (RST_STREAM, 5, REFUSED_STREAM.to_vec()));
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
    let server = server(Limits::default().head_time(SHORT).write_time(SHORT)).await;
    let mut client = Http2Client::connect(&server).await;
    let mut events = client.send("GET", "/_mock/events", "").await.unwrap().into_body();
    tokio::time::sleep(SHORT * 6).await;
    HttpsClient::of(&server).post(&server.token_url(), page::REQUEST).await.unwrap().ok();

    let mut received = String::new();
    while !received.contains("event: request") {
        let frame = tokio::time::timeout(TIMEOUT, events.frame()).await.expect("an event");
        let data = frame.expect("the follower was cut off").unwrap().into_data().unwrap();
        received.push_str(std::str::from_utf8(&data).unwrap());
    }
}
