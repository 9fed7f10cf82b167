//! The clients: h2load for as much as goes, and one of our own that keeps a pace.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

/// Connections that are kept alive, one request at a time on each.
pub const CONNECTIONS: usize = 8;
const CORRELATION_ID: &str = "9a341edd-3ceb-4b36-b423-9088e9bad5a0";

/// Sees to it that h2load is there.
pub fn install() {
    let is_there = || Command::new("h2load").arg("--version").output().is_ok();
    if !is_there() {
        let apt = ["install", "-y", "-qq", "nghttp2-client"];
        let _ = Command::new("apt-get").args(["update", "-qq"]).status();
        let _ = Command::new("apt-get").args(apt).env("DEBIAN_FRONTEND", "noninteractive").status();
    }
    assert!(is_there(), "h2load is missing: it is part of nghttp2 (nghttp2-client on Debian)");
}

/// Lets h2load send so many token requests as fast as they are answered; how many a second.
pub fn h2load(address: SocketAddr, body: &str, requests: usize) -> f64 {
    let data = std::env::temp_dir().join(format!("smartpay-report-{}.form", std::process::id()));
    std::fs::write(&data, body).expect("a body");
    let output = Command::new("h2load")
        .args(["--h1", "-t", "1", "-c", &CONNECTIONS.to_string(), "-n", &requests.to_string()])
        .args(["-H", "content-type: application/x-www-form-urlencoded"])
        .args(["-H", &format!("v-c-client-correlation-id: {CORRELATION_ID}")])
        .arg("-d")
        .arg(&data)
        .arg(format!("http://{address}/oauth2/v3/token"))
        .output()
        .expect("h2load");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains(&format!("status codes: {requests} 2xx")), "{said}");
    let finished = said.lines().find(|line| line.starts_with("finished in")).expect("a summary");
    let rate = finished.split(", ").nth(1).and_then(|rate| rate.split(' ').next());
    rate.and_then(|rate| rate.parse().ok()).expect("requests a second")
}

/// A client that keeps its connection alive, and asks the same each time.
pub struct Connection {
    stream: TcpStream,
    request: String,
    buffer: Vec<u8>,
}

impl Connection {
    pub fn open(address: SocketAddr, body: &str) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        let request = format!(
            "POST /oauth2/v3/token HTTP/1.1\r\nHost: {address}\r\n\
             v-c-client-correlation-id: {CORRELATION_ID}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Self { stream, request, buffer: vec![0; 16 * 1024] }
    }

    /// One request; its answer's body.
    pub fn ask(&mut self) -> &str {
        self.stream.write_all(self.request.as_bytes()).expect("a request is sent");
        let mut length = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[length..]).expect("an answer");
            assert!(read > 0, "the server hung up");
            length += read;
            let text = std::str::from_utf8(&self.buffer[..length]).expect("text");
            let Some(head) = text.find("\r\n\r\n") else { continue };
            assert!(text.starts_with("HTTP/1.1 200"), "{text}");
            let body = text[..head].split("Content-Length: ").nth(1).expect("a length");
            let body: usize =
                body.split("\r\n").next().and_then(|n| n.parse().ok()).expect("a number");
            if length == head + 4 + body {
                return std::str::from_utf8(&self.buffer[head + 4..length]).expect("text");
            }
        }
    }
}

/// Latencies in seconds, in their order, of so many requests a second, evenly spread. Each counts
/// from when it should have been sent, so that a stall is not hidden by the requests that it held
/// up. (h2load would send those of all its clients at once.)
pub fn paced(address: SocketAddr, body: &str, per_second: u32, time: Duration) -> Vec<f64> {
    let each = Duration::from_secs(1) * CONNECTIONS as u32 / per_second;
    let start = Instant::now() + Duration::from_millis(50);
    let mut all: Vec<f64> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS as u32)
            .map(|n| {
                scope.spawn(move || {
                    let mut connection = Connection::open(address, body);
                    let mut due = start + each * n / CONNECTIONS as u32;
                    let mut latencies = Vec::new();
                    while due < start + time {
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        connection.ask();
                        latencies.push(due.elapsed().as_secs_f64());
                        due += each;
                    }
                    latencies
                })
            })
            .collect();
        clients.into_iter().flat_map(|client| client.join().expect("a client")).collect()
    });
    all.sort_by(f64::total_cmp);
    all
}
