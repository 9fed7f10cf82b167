//! The clients: h2load for the highest rate, and one of our own that sends at a fixed rate.

#[path = "../../tests/it/support/raw_client.rs"]
mod raw_client;

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use raw_client::{RawClient, body_of, form_request};

/// The number of connections. Each is kept alive and has one request at a time.
pub const CONNECTIONS: usize = 8;
const CORRELATION_ID: &str = "9a341edd-3ceb-4b36-b423-9088e9bad5a0";

/// Installs h2load by apt-get if it is missing. Panics if that fails.
pub fn install_h2load() {
    if !has_h2load() {
        let _ = Command::new("apt-get").args(["update", "-qq"]).status();
        let _ = Command::new("apt-get")
            .args(["install", "-y", "-qq", "nghttp2-client"])
            .env("DEBIAN_FRONTEND", "noninteractive")
            .status();
    }
    assert!(has_h2load(), "h2load is missing: it is part of nghttp2 (nghttp2-client on Debian)");
}

fn has_h2load() -> bool {
    Command::new("h2load").arg("--version").output().is_ok()
}

/// Sends token requests as fast as they are answered, by h2load. Returns requests per second.
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
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains(&format!("status codes: {requests} 2xx")), "{printed}");

    // "finished in 1.20s, 3334.00 req/s, 9.21MB/s"
    let summary = printed.lines().find(|line| line.starts_with("finished in")).expect("a summary");
    let rate = summary.split(", ").nth(1).and_then(|rate| rate.split(' ').next());
    rate.and_then(|rate| rate.parse().ok()).expect("requests per second")
}

/// A connection that is kept alive and repeats one token request.
pub struct Connection {
    client: RawClient,
    request: String,
}

impl Connection {
    pub fn open(address: SocketAddr, body: &str) -> Self {
        let correlation_id = format!("v-c-client-correlation-id: {CORRELATION_ID}\r\n");
        let request = form_request("/oauth2/v3/token", &correlation_id, body);
        Self { client: RawClient::connect(address), request }
    }

    /// Sends the request and returns the body of its response.
    pub fn request(&mut self) -> String {
        self.client.send(&self.request).expect("the request is sent");

        let response = self.client.read_response().expect("a response");
        assert!(response.starts_with("HTTP/1.1 200"), "{response}");
        body_of(&response).to_owned()
    }
}

/// Sends requests at a fixed rate for a time. Returns their latencies in seconds, sorted.
///
/// A latency counts from when the request was due, so that a stall is not hidden by the requests
/// that it delays. (h2load would send the requests of all its clients at once.)
pub fn measure_latencies(
    address: SocketAddr,
    body: &str,
    per_second: u32,
    time: Duration,
) -> Vec<f64> {
    let interval = Duration::from_secs(1) * CONNECTIONS as u32 / per_second;
    let start = Instant::now() + Duration::from_millis(50);
    let end = start + time;

    let mut latencies: Vec<f64> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS as u32)
            .map(|n| {
                let first_due = start + interval * n / CONNECTIONS as u32;
                scope.spawn(move || send_at_intervals(address, body, first_due, interval, end))
            })
            .collect();
        clients.into_iter().flat_map(|client| client.join().expect("a client")).collect()
    });

    latencies.sort_by(f64::total_cmp);
    latencies
}

/// Sends requests over one connection, each when it is due. Returns their latencies in seconds.
fn send_at_intervals(
    address: SocketAddr,
    body: &str,
    first_due: Instant,
    interval: Duration,
    end: Instant,
) -> Vec<f64> {
    let mut connection = Connection::open(address, body);
    let mut due = first_due;
    let mut latencies = Vec::new();

    while due < end {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        connection.request();
        latencies.push(due.elapsed().as_secs_f64());
        due += interval;
    }
    latencies
}
