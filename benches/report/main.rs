//! Measures the real program over loopback and writes `docs/performance.md`:
//!
//! ```sh
//! cargo bench --bench report            # over a million requests, a quarter of an hour
//! cargo bench --bench report -- quick   # a twentieth of them, and writes nothing
//! ```
//!
//! It builds the program, sends requests by h2load (part of nghttp2; installed by apt-get if missing),
//! and includes the figures of `cargo bench`. Absolute times depend on the machine, so a cost is CPU
//! time divided by that of the signatures that cannot be avoided, measured in the same run. The exit
//! code is 1 if a figure is over its bound. It needs Linux: memory is read from `/proc`.

mod client;
mod report;
mod server;
mod store;

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use client::{Connection, measure_latencies};
use report::Report;
use server::{PROGRAM, Server};
use store::Store;

const EXCHANGE: &str = "grant_type=authorization_code&client_id=8l57hYffFb\
                        &client_secret=yourClientSecret&code=eyJraK";
/// Requests that a server answers before it is measured.
const WARM_UP: usize = 2_000;

fn main() -> ExitCode {
    let is_quick = std::env::args().any(|argument| argument == "quick");
    let scale = if is_quick { 20 } else { 1 };
    run_cargo(&["build", "--release", "--bin", "smartpay-oauth-mock"]);
    client::install_h2load();

    let mut report = Report::default();
    report.heading("The program over HTTP/1.1, connections kept alive");
    add_costs(&mut report, 40_000 / scale);
    add_latencies(&mut report, Duration::from_secs(30) / scale as u32);
    let first_token = measure_first_token() * 1e3;
    report.row("start of the process to the first token", first_token, Some(15.0), "ms");
    add_memory(&mut report, 1_000_000 / scale);
    add_sizes(&mut report);

    add_store_costs(&mut report, 20_000 / scale);

    report.heading("In process (`cargo bench`)");
    let figures = run_cargo(&["bench", "--bench", "figures"]);
    report.append_rows(figures.lines().filter(|line| line.starts_with("| ")).skip(1));

    print!("{}", report.text());
    if !is_quick {
        std::fs::write("docs/performance.md", report.page()).expect("docs/performance.md");
    }
    if report.has_failures() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Runs cargo and returns what it prints.
fn run_cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output =
        Command::new(cargo).args(arguments).stderr(std::process::Stdio::inherit()).output();
    let output = output.expect("cargo");
    assert!(output.status.success(), "cargo {arguments:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Adds the CPU time per request, and the number of requests per second.
fn add_costs(report: &mut Report, requests: usize) {
    // What a server costs that is only started and warmed up, to be subtracted.
    let idle = cpu_of_server(|server| _ = server.load(EXCHANGE, WARM_UP));

    // The speed of a machine changes over time, so signatures are measured before and after.
    let signature_before = cpu_of_signature();
    let mut exchanges_per_second = 0.0;
    let exchanges = cpu_of_server(|server| {
        server.load(EXCHANGE, WARM_UP);
        exchanges_per_second = server.load(EXCHANGE, requests);
    });

    let signature_between = cpu_of_signature();
    let mut refreshes_per_second = 0.0;
    let refreshes = cpu_of_server(|server| {
        server.load(EXCHANGE, WARM_UP);
        refreshes_per_second = server.load(&refresh_body(&server.refresh_token()), requests);
    });
    let signature_after = cpu_of_signature();

    let exchange = (exchanges - idle) / requests as f64;
    let refresh = (refreshes - idle) / requests as f64;
    let two_signatures = signature_before + signature_between;
    let signature = (signature_between + signature_after) / 2.0;

    let ratio = exchange / two_signatures;
    report.row("CPU of an exchange / its two signatures", ratio, Some(1.25), "");
    let ratio = refresh / signature;
    report.row("CPU of a refresh (`reuse`) / its one signature", ratio, Some(1.35), "");
    report.row("CPU of an exchange", exchange * 1e6, None, "µs");
    report.row("CPU of a refresh", refresh * 1e6, None, "µs");
    report.row("CPU of one RSA-2048 signature", signature * 1e6, None, "µs");

    let rate = "exchanges a second, h2load on the same cores";
    report.row(rate, exchanges_per_second, None, "");
    let rate = "refreshes a second, h2load on the same cores";
    report.row(rate, refreshes_per_second, None, "");
}

/// Adds the CPU time per request of a server that shares a store, beside that of one without, and of the
/// store.
fn add_store_costs(report: &mut Report, requests: usize) {
    report.heading("A server that shares a store (Redis on the same machine)");
    for (name, is_refresh) in [("an exchange", false), ("a refresh", true)] {
        let Some(store) = Store::start() else {
            report.missing(&format!("CPU of {name}"), "redis-server is not installed");
            continue;
        };

        let without = cost_of_request(is_refresh, requests, || Server::start(&[]));
        let before = store.cpu_seconds();
        let with = cost_of_request(is_refresh, requests, || {
            store.clear();
            Server::start(&["--store", &store.url()])
        });
        let in_store = (store.cpu_seconds() - before) / (requests + 2 * WARM_UP) as f64;

        let figure = format!("CPU of {name} / without a store");
        report.row(&figure, with / without, Some(1.25), "");
        let figure = format!("CPU of {name} in the store");
        report.row(&figure, in_store * 1e6, Some(40.0), "µs");
    }
}

/// Returns the CPU time of a request to a server, in seconds.
fn cost_of_request(is_refresh: bool, requests: usize, start: impl Fn() -> Server) -> f64 {
    let idle = cpu_of(start(), |server| _ = server.load(EXCHANGE, WARM_UP));
    let total = cpu_of(start(), |server| {
        server.load(EXCHANGE, WARM_UP);
        let body = match is_refresh {
            true => refresh_body(&server.refresh_token()),
            false => EXCHANGE.to_owned(),
        };
        server.load(&body, requests);
    });
    (total - idle) / requests as f64
}

/// Returns the CPU time of a server from its start to its end, in seconds.
fn cpu_of_server(work: impl FnOnce(&Server)) -> f64 {
    cpu_of(Server::start(&[]), work)
}

/// Returns the CPU time of a server that has just started until its end, in seconds.
fn cpu_of(server: Server, work: impl FnOnce(&Server)) -> f64 {
    work(&server);

    // All other child processes have ended, so only the server's time is added in between.
    let before = cpu_seconds(&getrusage(UsageWho::RUSAGE_CHILDREN).expect("getrusage"));
    server.stop();
    cpu_seconds(&getrusage(UsageWho::RUSAGE_CHILDREN).expect("getrusage")) - before
}

/// Returns the CPU time of a signature over as many bytes as an unsigned token has, in seconds.
fn cpu_of_signature() -> f64 {
    const SIGNATURES: usize = 10_000;
    let (key, random) = (KeyPair::generate(KeySize::Rsa2048).expect("a key"), SystemRandom::new());
    let mut signature = [0; 256];
    let mut sign =
        || key.sign(&RSA_PKCS1_SHA256, &random, &[b'x'; 900], &mut signature).expect("a signature");
    (0..200).for_each(|_| sign());

    let before = cpu_seconds(&getrusage(UsageWho::RUSAGE_SELF).expect("getrusage"));
    (0..SIGNATURES).for_each(|_| sign());
    let after = cpu_seconds(&getrusage(UsageWho::RUSAGE_SELF).expect("getrusage"));
    (after - before) / SIGNATURES as f64
}

fn cpu_seconds(usage: &Usage) -> f64 {
    let microseconds =
        usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    microseconds as f64 / 1e6
}

fn refresh_body(token: &str) -> String {
    format!(
        "grant_type=refresh_token&client_id=8l57hYffFb&client_secret=yourClientSecret\
         &refresh_token={token}"
    )
}

/// Adds the latencies at a load well below what the server can take.
fn add_latencies(report: &mut Report, time: Duration) {
    const PER_SECOND: u32 = 500;
    let server = Server::start(&[]);
    server.load(EXCHANGE, WARM_UP);

    let latencies = measure_latencies(server.address, EXCHANGE, PER_SECOND, time);
    for (name, share) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
        let at = ((latencies.len() as f64 * share) as usize).min(latencies.len() - 1);
        let figure = format!("latency at {PER_SECOND} exchanges a second, {name}");
        report.row(&figure, latencies[at] * 1e3, None, "ms");
    }
    server.stop();
}

/// Returns the median time from the start of the process to its first token, in seconds.
fn measure_first_token() -> f64 {
    let mut times = Vec::new();
    for _ in 0..41 {
        let start = Instant::now();
        let server = Server::start(&[]);
        Connection::open(server.address, EXCHANGE).request();
        times.push(start.elapsed().as_secs_f64());
        server.stop();
    }

    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Adds the resident memory at the start, and after so many requests that the journal is full.
fn add_memory(report: &mut Report, requests: usize) {
    let server = Server::start(&[]);
    report.row("resident memory at the start", server.resident_mb(), Some(12.0), "MB");

    let refresh = refresh_body(&server.refresh_token());
    server.load(EXCHANGE, requests / 2);
    server.load(&refresh, requests / 2);

    let figure = format!("resident memory after {requests} requests, the journal full");
    report.row(&figure, server.resident_mb(), Some(40.0), "MB");
    server.stop();
}

/// Adds the sizes of what is delivered: the program, and the image, which holds a static one.
fn add_sizes(report: &mut Report) {
    report.row("release binary", megabytes(PROGRAM), Some(15.0), "MB");

    let target_folder = "target/static";
    let host = host_target();
    let status = Command::new("cargo")
        .args(["build", "--release", "--bin", "smartpay-oauth-mock", "--target", &host])
        .args(["--target-dir", target_folder])
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .status();
    assert!(status.expect("cargo").success());

    let image = megabytes(&format!("{target_folder}/{host}/release/smartpay-oauth-mock"));
    report.row("image: the static binary", image, None, "MB");
}

fn megabytes(path: &str) -> f64 {
    std::fs::metadata(path).expect("the program").len() as f64 / 1e6
}

/// Returns the target triple of this machine.
fn host_target() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc").stdout;
    let text = String::from_utf8(output).expect("text");
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("a host").to_owned()
}
