//! The figures that the project promises, each beside its bound: `cargo bench`.
//!
//! A machine's speed says little, so costs are ratios against two raw RSA-2048 signatures of the
//! same run: both are measured in turns, many times, and the medians compared.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use axum::http::Request;
use smartpay_oauth_mock::MockAuthServer;

const FORM: &str = "application/x-www-form-urlencoded";
const EXCHANGE: &str = "grant_type=authorization_code&client_id=8l57hYffFb\
                        &client_secret=yourClientSecret&code=eyJraK";
const PROGRAM: &str = env!("CARGO_BIN_EXE_smartpay-oauth-mock");

fn main() {
    // `cargo test` runs benches, too, to see that they still build; measuring is for `cargo bench`.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if std::env::args().any(|argument| argument == "--million") {
        memory_of_a_million_exchanges();
        return;
    }
    println!("{:<52} {:>10} {:>10}", "figure", "measured", "bound");
    runtime.block_on(async {
        exchange_in_process().await;
        a_thousand_scenarios().await;
        start_of_the_library().await;
    });
    first_token_and_memory();
}

fn report(figure: &str, measured: f64, bound: f64, unit: &str) {
    let verdict = if measured <= bound { "" } else { "  OVER" };
    println!("{figure:<52} {measured:>8.2} {unit:<2} {bound:>7.2} {unit:<2}{verdict}");
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn seconds_of(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// Two signatures over as many bytes as an unsigned token has.
struct TwoSignatures {
    key: KeyPair,
    random: SystemRandom,
    message: Vec<u8>,
}

impl TwoSignatures {
    fn new() -> Self {
        let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
        Self { key, random: SystemRandom::new(), message: vec![b'x'; 900] }
    }

    fn sign(&self) {
        for _ in 0..2 {
            let mut signature = [0; 256];
            self.key.sign(&RSA_PKCS1_SHA256, &self.random, &self.message, &mut signature).unwrap();
        }
    }
}

async fn exchange_in_process() {
    let server = MockAuthServer::start().await;
    let raw = TwoSignatures::new();
    let exchange = async || {
        let request = Request::post("/oauth2/v3/token").header("content-type", FORM);
        let answer = server.answer(request.body(EXCHANGE.to_owned()).unwrap()).await;
        assert_eq!(answer.status(), 200);
    };
    let (mut ours, mut raws) = (Vec::new(), Vec::new());
    for turn in 0..2_000 {
        let start = Instant::now();
        exchange().await;
        let own = start.elapsed().as_secs_f64();
        let two = seconds_of(|| raw.sign());
        // The first turns warm the caches.
        if turn >= 100 {
            ours.push(own);
            raws.push(two);
        }
    }
    let ratio = median(ours) / median(raws);
    report("authorization_code exchange / two signatures", ratio, 1.15, "");
}

/// An exchange with a thousand scenarios in force that all look at it, against one with none.
async fn a_thousand_scenarios() {
    let scenario = |n: usize| {
        let when = match n % 4 {
            0 => format!("{{ code: \"none-{n}\" }}"),
            1 => format!("{{ grant_type: authorization_code, header: {{ x-test-{n}: \"*\" }} }}"),
            2 => format!("{{ client_id: 8l57hYffFb, param: {{ state: \"*-{n}\" }} }}"),
            _ => format!("{{ correlation_id: \"test-{n}-*\" }}"),
        };
        format!("  - {{ when: {when}, respond: {{ error: server_error }} }}\n")
    };
    let many: String = (0..1000).map(scenario).collect();
    let with = |scenarios: String| async move {
        let text = format!("extends: default\nscenarios:\n{scenarios}");
        MockAuthServer::builder().fixtures(&text).unwrap().start().await.unwrap()
    };
    let (none, many) = (with(String::new()).await, with(many).await);
    let exchange = async |server: &MockAuthServer| {
        let start = Instant::now();
        let request = Request::post("/oauth2/v3/token")
            .header("content-type", FORM)
            .header("v-c-client-correlation-id", "9a341edd-3ceb-4b36-b423-9088e9bad5a0");
        let answer = server.answer(request.body(EXCHANGE.to_owned()).unwrap()).await;
        assert_eq!(answer.status(), 200);
        start.elapsed().as_secs_f64()
    };
    let (mut alone, mut among) = (Vec::new(), Vec::new());
    for turn in 0..2_000 {
        let times = (exchange(&none).await, exchange(&many).await);
        if turn >= 100 {
            alone.push(times.0);
            among.push(times.1);
        }
    }
    report("exchange with 1,000 scenarios / with none", median(among) / median(alone), 1.05, "");
}

async fn start_of_the_library() {
    let mut times = Vec::new();
    for _ in 0..50 {
        let start = Instant::now();
        let server = MockAuthServer::start().await;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        drop(server);
    }
    report("MockAuthServer::start()", median(times), 2.0, "ms");
}

/// `cargo bench -- --million`, which takes some minutes: codes are issued, exchanged and expire,
/// and so do their grants, while the clock runs on a second for each.
fn memory_of_a_million_exchanges() {
    let resident = || {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 4096.0 / 1e6
    };
    let exchanges = |server: &MockAuthServer, count: usize| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for _ in 0..count {
                let code = server.issue_code("8l57hYffFb", "rahulrama").await.unwrap();
                let body = EXCHANGE.replace("eyJraK", &code);
                let request = Request::post("/oauth2/v3/token").header("content-type", FORM);
                let answer = server.answer(request.body(body).unwrap()).await;
                assert_eq!(answer.status(), 200);
                server.clock().advance(Duration::from_secs(1));
            }
        });
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let short = "extends: default\nsettings: { refresh_token_lifetime: 30m, refresh_grace: 30m }";
    let builder = MockAuthServer::builder().fixtures(short).unwrap();
    let server = runtime.block_on(builder.start()).unwrap();
    exchanges(&server, 10_000);
    let before = resident();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| exchanges(&server, 500_000));
        }
    });
    report("memory that a million exchanges leave behind", resident() - before, 30.0, "MB");
}

fn first_token_and_memory() {
    let request = format!(
        "POST /oauth2/v3/token HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n\
         Content-Length: {}\r\n\r\n{EXCHANGE}",
        EXCHANGE.len()
    );
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let start = Instant::now();
        let mut server = Command::new(PROGRAM)
            .args(["--listen", &format!("127.0.0.1:{port}"), "--log", "off"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut stream = loop {
            match TcpStream::connect(("127.0.0.1", port)) {
                Ok(stream) => break stream,
                Err(_) => std::thread::sleep(Duration::from_micros(200)),
            }
        };
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = [0; 16];
        stream.read_exact(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"));
        times.push(start.elapsed().as_secs_f64() * 1e3);
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.id()));
        let resident = status.ok().and_then(|status| {
            let line = status.lines().find(|line| line.starts_with("VmRSS:"))?.to_owned();
            line.split_whitespace().nth(1)?.parse::<f64>().ok()
        });
        memory.extend(resident.map(|kib| kib / 1024.0));
        server.kill().unwrap();
        server.wait().unwrap();
    }
    report("exec to first token", median(times), 15.0, "ms");
    if !memory.is_empty() {
        report("resident memory after the first token", median(memory), 12.0, "MB");
    }
}
