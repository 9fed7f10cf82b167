//! Measures the real binary over loopback, and writes `docs/performance.md`:
//!
//! ```sh
//! cargo run --release --example report            # a million requests and more, a quarter of an hour
//! cargo run --release --example report -- quick   # a twentieth of them, and nothing is written
//! ```
//!
//! It builds the program, lets h2load (of nghttp2, which it installs where it may) drive it, and
//! adds the figures of `cargo bench`. A machine's speed says little, so costs are CPU time against
//! that of the signatures that cannot be avoided, measured in the same run. A figure over its bound
//! makes it end with 1. It needs Linux: memory is read from `/proc`.

mod client;
mod server;
mod table;

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use client::{Connection, paced};
use server::{PROGRAM, Server};
use table::Table;

const EXCHANGE: &str = "grant_type=authorization_code&client_id=8l57hYffFb\
                        &client_secret=yourClientSecret&code=eyJraK";

fn main() -> ExitCode {
    let quick = std::env::args().any(|argument| argument == "quick");
    let scale = if quick { 20 } else { 1 };
    cargo(&["build", "--release", "--bin", "smartpay-oauth-mock"]);
    client::install();
    let mut table = Table::default();

    table.title("The program over HTTP/1.1, connections kept alive");
    costs(&mut table, 40_000 / scale);
    latencies(&mut table, Duration::from_secs(30) / scale as u32);
    let ms = first_token() * 1e3;
    table.row("start of the process to the first token", ms, Some(15.0), "ms");
    memory(&mut table, 1_000_000 / scale);
    sizes(&mut table);

    table.title("In process (`cargo bench`)");
    let figures = cargo(&["bench", "--bench", "figures"]);
    table.rows(figures.lines().filter(|line| line.starts_with("| ")).skip(1));

    print!("{}", table.text());
    if !quick {
        std::fs::write("docs/performance.md", table.page()).expect("docs/performance.md");
    }
    if table.is_over() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Runs cargo; what it printed.
fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output =
        Command::new(cargo).args(arguments).stderr(std::process::Stdio::inherit()).output();
    let output = output.expect("cargo");
    assert!(output.status.success(), "cargo {arguments:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// CPU time of the server, by getrusage, per request.
fn costs(table: &mut Table, requests: usize) {
    let warm = 2_000;
    // The same server, started and warmed up only: what is to be taken off.
    let idle = cpu_of_server(|server| _ = server.load(EXCHANGE, warm));
    // A machine's speed changes while it is measured, so signatures are measured on either side.
    let before = cpu_of_a_signature();
    let mut exchanges = 0.0;
    let exchange = cpu_of_server(|server| {
        server.load(EXCHANGE, warm);
        exchanges = server.load(EXCHANGE, requests);
    });
    let between = cpu_of_a_signature();
    let mut refreshes = 0.0;
    let refresh = cpu_of_server(|server| {
        server.load(EXCHANGE, warm);
        refreshes = server.load(&refresh_by(&server.refresh_token()), requests);
    });
    let behind = cpu_of_a_signature();
    let each = |cpu: f64| (cpu - idle) / requests as f64;
    let (exchange, refresh) = (each(exchange), each(refresh));
    let two = before + between;
    table.row("CPU of an exchange / its two signatures", exchange / two, Some(1.25), "");
    let one = (between + behind) / 2.0;
    table.row("CPU of a refresh (`reuse`) / its one signature", refresh / one, Some(1.35), "");
    table.row("CPU of an exchange", exchange * 1e6, None, "µs");
    table.row("CPU of a refresh", refresh * 1e6, None, "µs");
    table.row("CPU of one RSA-2048 signature", one * 1e6, None, "µs");
    table.row("exchanges a second, h2load on the same cores", exchanges, None, "");
    table.row("refreshes a second, h2load on the same cores", refreshes, None, "");
}

/// The CPU time of a server from its start to its end, in seconds.
fn cpu_of_server(work: impl FnOnce(&Server)) -> f64 {
    let server = Server::start();
    work(&server);
    // Everybody else that was waited for is in this one already.
    let before = cpu(&getrusage(UsageWho::RUSAGE_CHILDREN).expect("getrusage"));
    server.stop();
    cpu(&getrusage(UsageWho::RUSAGE_CHILDREN).expect("getrusage")) - before
}

/// The CPU time of one signature over as many bytes as an unsigned token has, in seconds.
fn cpu_of_a_signature() -> f64 {
    const SIGNATURES: usize = 10_000;
    let (key, random) = (KeyPair::generate(KeySize::Rsa2048).expect("a key"), SystemRandom::new());
    let mut signature = [0; 256];
    let mut sign =
        || key.sign(&RSA_PKCS1_SHA256, &random, &[b'x'; 900], &mut signature).expect("a signature");
    (0..200).for_each(|_| sign());
    let own = || cpu(&getrusage(UsageWho::RUSAGE_SELF).expect("getrusage"));
    let before = own();
    (0..SIGNATURES).for_each(|_| sign());
    (own() - before) / SIGNATURES as f64
}

fn cpu(usage: &Usage) -> f64 {
    let microseconds =
        usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    microseconds as f64 / 1e6
}

fn refresh_by(token: &str) -> String {
    format!(
        "grant_type=refresh_token&client_id=8l57hYffFb&client_secret=yourClientSecret\
         &refresh_token={token}"
    )
}

/// What a client waits at a load that leaves the server some rest.
fn latencies(table: &mut Table, time: Duration) {
    const PER_SECOND: u32 = 500;
    let server = Server::start();
    server.load(EXCHANGE, 2_000);
    let latencies = paced(server.address, EXCHANGE, PER_SECOND, time);
    for (name, share) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
        let at = ((latencies.len() as f64 * share) as usize).min(latencies.len() - 1);
        let figure = format!("latency at {PER_SECOND} exchanges a second, {name}");
        table.row(&figure, latencies[at] * 1e3, None, "ms");
    }
    server.stop();
}

/// The median time from the start of the process to its first token, in seconds.
fn first_token() -> f64 {
    let mut times: Vec<f64> = (0..41)
        .map(|_| {
            let start = Instant::now();
            let server = Server::start();
            Connection::open(server.address, EXCHANGE).ask();
            let time = start.elapsed().as_secs_f64();
            server.stop();
            time
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Resident memory: at the start, and when many requests have filled the journal.
fn memory(table: &mut Table, requests: usize) {
    let server = Server::start();
    table.row("resident memory at the start", server.resident_mb(), Some(12.0), "MB");
    let refresh = refresh_by(&server.refresh_token());
    server.load(EXCHANGE, requests / 2);
    server.load(&refresh, requests / 2);
    let figure = format!("resident memory after {requests} requests, the journal full");
    table.row(&figure, server.resident_mb(), Some(40.0), "MB");
    server.stop();
}

/// What is delivered: the binary, and the image, which is a static one and an empty folder.
fn sizes(table: &mut Table) {
    let size = |path: &str| std::fs::metadata(path).expect("the program").len() as f64 / 1e6;
    table.row("release binary", size(PROGRAM), Some(12.0), "MB");
    let host = Command::new("rustc").arg("-vV").output().expect("rustc").stdout;
    let host = String::from_utf8(host).expect("text");
    let host =
        host.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host").to_owned();
    let target = "target/static";
    let built = Command::new("cargo")
        .args(["build", "--release", "--bin", "smartpay-oauth-mock", "--target", &host])
        .args(["--target-dir", target])
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .status();
    assert!(built.expect("cargo").success());
    let image = size(&format!("{target}/{host}/release/smartpay-oauth-mock"));
    table.row("image: the static binary", image, None, "MB");
}
