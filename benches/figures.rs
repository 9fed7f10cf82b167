//! Measures in process what the project promises, each figure beside its bound: `cargo bench`.
//!
//! Absolute times depend on the machine, so costs are ratios: of a request and its steps to two raw
//! RSA-2048 signatures of the same run, and of a server with much state to one with little. Both sides
//! are measured alternately, and their medians compared.
//!
//! `benches/report/` measures the program from outside and includes these figures.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use axum::http::Request;
use smartpay_oauth_mock::MockAuthServer;
use smartpay_oauth_mock::internal::{self, TokenSteps};

const FORM: &str = "application/x-www-form-urlencoded";
const TOKEN_PATH: &str = "/oauth2/v3/token";
const EXCHANGE: &str = "grant_type=authorization_code&client_id=8l57hYffFb\
                        &client_secret=yourClientSecret&code=eyJraK";
/// How often each side of a comparison runs. The first tenth is not counted.
const ITERATIONS: usize = 2_000;

fn main() {
    // `cargo test --all-targets` runs benchmarks, too; only `cargo bench` passes this argument.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!("| figure | measured | bound |\n|---|---|---|");
    runtime.block_on(async {
        // First, while no freed memory hides a leak.
        measure_servers().await;
        measure_requests().await;
        measure_steps().await;
        measure_growth().await;
        measure_loading();
    });
}

fn print_row(figure: &str, measured: String, is_within: bool, bound: &str) {
    let over = if is_within { "" } else { ", **over**" };
    println!("| {figure} | {measured} | {bound}{over} |");
}

fn print_ratio(figure: &str, measured: f64, bound: Option<f64>) {
    let shown = if measured < 0.1 { format!("{measured:.4}") } else { format!("{measured:.2}") };
    let bound_shown = bound.map_or("-".to_owned(), |bound| format!("{bound:.2}"));
    print_row(figure, shown, bound.is_none_or(|bound| measured <= bound), &bound_shown);
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Runs two pieces of work alternately and returns the median time of each, in seconds.
async fn compare<A, B>(
    mut first: impl AsyncFnMut() -> A,
    mut second: impl AsyncFnMut() -> B,
) -> (f64, f64) {
    let (mut firsts, mut seconds) = (Vec::new(), Vec::new());

    for iteration in 0..ITERATIONS {
        let start = Instant::now();
        black_box(first().await);
        let between = Instant::now();
        black_box(second().await);
        let end = Instant::now();

        // The first ones only warm the caches.
        if iteration >= ITERATIONS / 10 {
            firsts.push((between - start).as_secs_f64());
            seconds.push((end - between).as_secs_f64());
        }
    }

    (median(firsts), median(seconds))
}

/// Returns work that makes two signatures over as many bytes as an unsigned token has.
fn two_signatures() -> impl AsyncFnMut() {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let (random, message) = (SystemRandom::new(), [b'x'; 900]);

    async move || {
        for _ in 0..2 {
            let mut signature = [0; 256];
            key.sign(&RSA_PKCS1_SHA256, &random, &message, &mut signature).unwrap();
        }
    }
}

/// Posts a form in process, with a correlation id as most clients send one, and returns the body.
async fn post(server: &MockAuthServer, path: &str, body: &str) -> String {
    let request = Request::post(path)
        .header("content-type", FORM)
        .header("v-c-client-correlation-id", "9a341edd-3ceb-4b36-b423-9088e9bad5a0")
        .body(body.to_owned());

    let response = server.handle(request.unwrap()).await;
    assert_eq!(response.status(), 200, "{body}");
    String::from_utf8(response.into_body().to_vec()).unwrap()
}

async fn exchange(server: &MockAuthServer) -> String {
    post(server, TOKEN_PATH, EXCHANGE).await
}

/// Measures an exchange and a refresh against the signatures that they cannot avoid.
async fn measure_requests() {
    let server = MockAuthServer::start().await;
    let tokens: serde_json::Value = serde_json::from_str(&exchange(&server).await).unwrap();
    let refresh = format!(
        "grant_type=refresh_token&client_id=8l57hYffFb&client_secret=yourClientSecret\
         &refresh_token={}",
        tokens["refresh_token"].as_str().unwrap()
    );

    let (request, two) = compare(async || exchange(&server).await, two_signatures()).await;
    print_ratio("an exchange in process / its two signatures", request / two, Some(1.15));

    let refreshing = async || post(&server, TOKEN_PATH, &refresh).await;
    let (request, two) = compare(refreshing, two_signatures()).await;
    print_ratio(
        "a refresh in process (`reuse`) / its one signature",
        request / two * 2.0,
        Some(1.25),
    );
}

/// Measures each step of an exchange against the exchange's two signatures.
async fn measure_steps() {
    let steps = TokenSteps::default();
    let body = EXCHANGE.as_bytes();
    let unsigned = steps.encode_claims();
    let token = steps.sign(unsigned.clone());

    // A step that fails would be fast.
    assert!(steps.parse_form(body) && steps.decide(body).await && token.len() > unsigned.len());

    let parsing = async || steps.parse_form(black_box(body));
    measure_step("reading the form", parsing).await;
    let deciding = async || steps.decide(black_box(body)).await;
    measure_step("the decision, rows 7 to 20", deciding).await;
    let encoding = async || steps.encode_claims();
    measure_step("writing the claims of one token", encoding).await;
    let signing = async || steps.sign(unsigned.clone());
    measure_step("signing one token", signing).await;
    let recording = async || steps.record(black_box(body), [&token, &token]);
    measure_step("the journal", recording).await;
}

async fn measure_step<T>(step: &str, work: impl AsyncFnMut() -> T) {
    let (one, two) = compare(work, two_signatures()).await;
    print_ratio(&format!("{step} / two signatures"), one / two, None);
}

/// Measures an exchange on servers with much state against one on a server with little.
async fn measure_growth() {
    let small = MockAuthServer::start().await;

    let large = server_with(&many_clients()).await;
    let body = "grant_type=authorization_code&client_id=client-50000\
                &client_secret=secret-50000&code=many";
    compare_servers("100,000 clients", &large, &small, TOKEN_PATH, body).await;

    let large = MockAuthServer::start().await;
    internal::insert_grants(&large, 1_000_000).await;
    compare_servers("1,000,000 live grants", &large, &small, TOKEN_PATH, EXCHANGE).await;

    let large = MockAuthServer::start().await;
    for _ in 0..10_000 {
        large.handle(Request::get(TOKEN_PATH).body(String::new()).unwrap()).await;
    }
    compare_servers("10,000 journal entries", &large, &small, TOKEN_PATH, EXCHANGE).await;

    let large = server_with(&many_scenarios()).await;
    let figure = "1,000 scenarios that all look at it";
    compare_servers(figure, &large, &small, TOKEN_PATH, EXCHANGE).await;

    let large = MockAuthServer::start().await;
    for n in 0..1_000 {
        large.new_realm(format!("realm-{n}")).create().unwrap();
    }
    let path = "/realms/realm-500/oauth2/v3/token";
    compare_servers("1,000 realms", &large, &small, path, EXCHANGE).await;
}

async fn compare_servers(
    figure: &str,
    large: &MockAuthServer,
    small: &MockAuthServer,
    path: &str,
    body: &str,
) {
    let on_large = async || post(large, path, body).await;
    let (on_large, on_small) = compare(on_large, async || exchange(small).await).await;
    let figure = format!("an exchange with {figure} / with few");
    print_ratio(&figure, on_large / on_small, Some(1.1));
}

async fn server_with(fixtures: &str) -> MockAuthServer {
    MockAuthServer::builder().fixtures(fixtures).unwrap().start().await.unwrap()
}

fn many_clients() -> String {
    let mut text = "extends: default\nclients:\n".to_owned();
    for n in 0..100_000 {
        let _ = writeln!(
            text,
            "  - id: client-{n}\n    secret: secret-{n}\n    \
             redirect_urls: [\"https://partner-{n}.example/callback\"]"
        );
    }
    text + "codes: [{ code: many, client: client-50000, merchant: rahulrama, reusable: true }]\n"
}

/// Returns fixtures with scenarios that apply to token requests, of which none matches.
fn many_scenarios() -> String {
    let mut text = "extends: default\nscenarios:\n".to_owned();
    for n in 0..1_000 {
        let when = match n % 4 {
            0 => format!("{{ code: \"none-{n}\" }}"),
            1 => format!("{{ grant_type: authorization_code, header: {{ x-test-{n}: \"*\" }} }}"),
            2 => format!("{{ client_id: 8l57hYffFb, param: {{ state: \"*-{n}\" }} }}"),
            _ => format!("{{ correlation_id: \"test-{n}-*\" }}"),
        };
        let _ = writeln!(text, "  - {{ when: {when}, respond: {{ error: server_error }} }}");
    }
    text
}

fn measure_loading() {
    let text = many_clients();
    let mut times = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        drop(black_box(MockAuthServer::builder().fixtures(&text).unwrap()));
        times.push(start.elapsed().as_secs_f64());
    }

    let time = median(times);
    print_row("loading a fixture of 100,000 clients", format!("{time:.2} s"), time < 1.0, "1 s");
}

/// Starts, uses and drops a thousand servers: measures the time of a start, and the memory that stays
/// in use.
async fn measure_servers() {
    let mut times = Vec::new();
    let mut before = None;

    for n in 0..1_100 {
        let start = Instant::now();
        let server = MockAuthServer::start().await;
        times.push(start.elapsed());
        exchange(&server).await;
        drop(server);

        // The first hundred start the threads and grow the heap to the size that is reused later.
        if n == 99 {
            before = resident_mb();
        }
    }

    if let (Some(before), Some(after)) = (before, resident_mb()) {
        let growth = after - before;
        let figure = "memory that 1,000 servers leave behind, each dropped";
        print_row(figure, format!("{growth:.2} MB"), growth < 2.0, "2 MB");
    }

    times.sort();
    let time = times[times.len() / 2];
    let shown = format!("{:.2} ms", time.as_secs_f64() * 1e3);
    print_row("`MockAuthServer::start()`", shown, time <= Duration::from_millis(2), "2 ms");
}

/// Returns the resident memory of this process in megabytes, or `None` where there is no `/proc`.
fn resident_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}
