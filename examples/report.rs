//! Measures the real binary over loopback and writes `docs/performance.md`:
//!
//! ```sh
//! cargo run --release --example report            # a million requests, some minutes
//! cargo run --release --example report -- quick   # a tenth of it, and nothing is written
//! ```
//!
//! A machine's speed says little, so costs are CPU time against that of the signatures that cannot
//! be avoided, measured in the same run. CPU time and memory are Linux's, from `/proc`.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;

const EXCHANGE: &str = "grant_type=authorization_code&client_id=8l57hYffFb\
                        &client_secret=yourClientSecret&code=eyJraK";
const PROGRAM: &str = "target/release/smartpay-oauth-mock";
/// Connections that are kept alive, one request at a time on each.
const CONNECTIONS: usize = 8;

fn main() {
    let quick = std::env::args().any(|argument| argument == "quick");
    let scale = if quick { 10 } else { 1 };
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let built = Command::new(cargo).args(["build", "--release"]).status().expect("cargo");
    assert!(built.success());
    let mut report = Report::default();

    let start = first_tokens();
    let server = Server::start();
    let at_start = server.resident_mb();
    let token = refresh_token(server.address);
    let refresh = format!(
        "grant_type=refresh_token&client_id=8l57hYffFb&client_secret=yourClientSecret\
         &refresh_token={token}"
    );
    server.load(EXCHANGE, 2_000);
    // A machine's speed changes while it is measured, so signatures are measured on either side.
    let before = seconds_of_a_signature();
    let exchange = server.load(EXCHANGE, 40_000 / scale);
    let between = seconds_of_a_signature();
    let refreshed = server.load(&refresh, 40_000 / scale);
    let behind = seconds_of_a_signature();
    let latencies = paced(server.address, EXCHANGE, 500, Duration::from_secs(20 / scale as u64));
    server.load(&refresh, 1_000_000 / scale);
    let after = server.resident_mb();

    let signature = (before + between + behind) / 3.0;
    report.row(
        "CPU of an exchange / its two signatures",
        exchange.cpu / (before + between),
        Some(1.25),
        "",
    );
    report.row(
        "CPU of a refresh (`reuse`) / its one signature",
        refreshed.cpu * 2.0 / (between + behind),
        Some(1.35),
        "",
    );
    report.row("start of the process to the first token", start * 1e3, Some(15.0), "ms");
    report.row("resident memory at the start", at_start, Some(12.0), "MB");
    let many = format!("resident memory after {} requests, the journal full", 1_000_000 / scale);
    report.row(&many, after, Some(40.0), "MB");
    let size = std::fs::metadata(PROGRAM).expect("the program").len() as f64 / 1e6;
    report.row("release binary", size, Some(12.0), "MB");
    report.row("one RSA-2048 signature", signature * 1e6, None, "µs");
    report.row("exchanges a second, the client on the same cores", exchange.per_second, None, "");
    report.row("refreshes a second, the client on the same cores", refreshed.per_second, None, "");
    for (name, share) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
        let at = ((latencies.len() as f64 * share) as usize).min(latencies.len() - 1);
        let figure = format!("latency at 500 exchanges a second, {name}");
        report.row(&figure, latencies[at] * 1e3, None, "ms");
    }
    print!("{}", report.table);
    if !quick {
        std::fs::write("docs/performance.md", report.page()).expect("docs/performance.md");
    }
}

#[derive(Default)]
struct Report {
    table: String,
}

impl Report {
    fn row(&mut self, figure: &str, measured: f64, bound: Option<f64>, unit: &str) {
        let shown = |value: f64| format!("{value:.2} {unit}").trim_end().to_owned();
        let verdict = match bound {
            Some(bound) if measured > bound => format!("{}, **over**", shown(bound)),
            Some(bound) => shown(bound),
            None => "-".to_owned(),
        };
        let _ = writeln!(self.table, "| {figure} | {} | {verdict} |", shown(measured));
    }

    fn page(&self) -> String {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let model = read("/proc/cpuinfo");
        let model = model.lines().find(|line| line.starts_with("model name"));
        let model = model.and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown");
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        format!(
            "# Performance\n\n\
             Written by `cargo run --release --example report`, which starts the real binary and \
             drives it over loopback, {CONNECTIONS} connections kept alive. Costs are CPU time of \
             the server, against that of the signatures that cannot be avoided, measured in the \
             same run. `cargo bench` measures in process.\n\n\
             Machine: {model}, {cores} cores, shared with the client. Only ratios and memory mean \
             much elsewhere.\n\n\
             | figure | measured | bound |\n|---|---|---|\n{}",
            self.table
        )
    }
}

/// The CPU time of one signature over as many bytes as an unsigned token has.
fn seconds_of_a_signature() -> f64 {
    let (key, random) = (KeyPair::generate(KeySize::Rsa2048).expect("a key"), SystemRandom::new());
    let mut signature = [0; 256];
    let mut sign =
        || key.sign(&RSA_PKCS1_SHA256, &random, &[b'x'; 900], &mut signature).expect("a signature");
    (0..200).for_each(|_| sign());
    let before = own_cpu();
    (0..10_000).for_each(|_| sign());
    (own_cpu() - before) / 10_000.0
}

/// The CPU time that a process has used, in seconds.
fn cpu(stat: &str) -> f64 {
    let text = std::fs::read_to_string(stat).unwrap_or_default();
    // The name in parentheses may have spaces; user and system time are 12 and 13 behind it.
    let fields: Vec<&str> =
        text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn own_cpu() -> f64 {
    cpu("/proc/self/stat")
}

/// The process, stopped when dropped.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Load {
    /// Of the server, per request, in seconds.
    cpu: f64,
    per_second: f64,
}

impl Server {
    fn start() -> Self {
        let address =
            TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a port");
        let child = Command::new(PROGRAM)
            .args(["--listen", &address.to_string(), "--log", "off"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the program");
        let server = Self { child, address };
        while TcpStream::connect(address).is_err() {
            std::thread::sleep(Duration::from_micros(200));
        }
        server
    }

    fn resident_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0)
            / 1024.0
    }

    /// So many requests as fast as they go.
    fn load(&self, body: &str, requests: usize) -> Load {
        let left = AtomicUsize::new(requests);
        let stat = format!("/proc/{}/stat", self.child.id());
        let (cpu_before, start) = (cpu(&stat), Instant::now());
        std::thread::scope(|scope| {
            for _ in 0..CONNECTIONS {
                scope.spawn(|| {
                    let mut connection = Connection::open(self.address, body);
                    let take = |left: usize| left.checked_sub(1);
                    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
                        connection.ask();
                    }
                });
            }
        });
        let seconds = start.elapsed().as_secs_f64();
        Load {
            cpu: (cpu(&stat) - cpu_before) / requests as f64,
            per_second: requests as f64 / seconds,
        }
    }
}

/// A client that keeps its connection alive, and asks the same each time.
struct Connection {
    stream: TcpStream,
    request: String,
    buffer: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr, body: &str) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        let request = format!(
            "POST /oauth2/v3/token HTTP/1.1\r\nHost: {address}\r\n\
             v-c-client-correlation-id: 9a341edd-3ceb-4b36-b423-9088e9bad5a0\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Self { stream, request, buffer: vec![0; 16 * 1024] }
    }

    /// One request; its answer's body.
    fn ask(&mut self) -> &str {
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

fn refresh_token(address: SocketAddr) -> String {
    let mut connection = Connection::open(address, EXCHANGE);
    let answer: serde_json::Value = serde_json::from_str(connection.ask()).expect("JSON");
    answer["refresh_token"].as_str().expect("a token").to_owned()
}

/// Latencies in seconds, in their order, of so many requests a second, each counted from when it
/// should have been sent.
fn paced(address: SocketAddr, body: &str, per_second: u32, time: Duration) -> Vec<f64> {
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

/// The median time from the start of the process to its first token, in seconds.
fn first_tokens() -> f64 {
    let mut times: Vec<f64> = (0..21)
        .map(|_| {
            let start = Instant::now();
            let server = Server::start();
            Connection::open(server.address, EXCHANGE).ask();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
