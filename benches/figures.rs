//! The figures that the project promises, each beside its bound: `cargo bench`.
//!
//! A machine's speed says little, so costs are ratios: of a whole request and of each of its
//! internal, against two raw RSA-2048 signatures of the same run; of a server that holds much,
//! against one that holds little. Both sides are measured in turns, and the medians compared.
//!
//! `examples/report/` measures the real binary and writes these figures down beside its own.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use axum::http::Request;
use smartpay_oauth_mock::MockAuthServer;
use smartpay_oauth_mock::internal::{self, Stages};

const FORM: &str = "application/x-www-form-urlencoded";
const EXCHANGE: &str = "grant_type=authorization_code&client_id=8l57hYffFb\
                        &client_secret=yourClientSecret&code=eyJraK";
/// How often each side of a comparison is measured; the first tenth only warms the caches.
const TURNS: usize = 2_000;

fn main() {
    // `cargo test` runs benches, too, to see that they still build; measuring is for `cargo bench`.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!("| figure | measured | bound |\n|---|---|---|");
    runtime.block_on(async {
        // First, while no memory that was freed hides what is not.
        start_of_the_library().await;
        whole_requests().await;
        stages_alone().await;
        flatness().await;
        loading_many_clients();
    });
}

fn report(figure: &str, measured: String, within: bool, bound: &str) {
    let over = if within { "" } else { ", **over**" };
    println!("| {figure} | {measured} | {bound}{over} |");
}

fn ratio(figure: &str, measured: f64, bound: Option<f64>) {
    let shown = if measured < 0.1 { format!("{measured:.4}") } else { format!("{measured:.2}") };
    let bound_shown = bound.map_or("-".to_owned(), |bound| format!("{bound:.2}"));
    report(figure, shown, bound.is_none_or(|bound| measured <= bound), &bound_shown);
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The medians of two pieces of work, in seconds, taken in turns.
async fn in_turns<A, B>(
    mut one: impl AsyncFnMut() -> A,
    mut other: impl AsyncFnMut() -> B,
) -> (f64, f64) {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        let start = Instant::now();
        black_box(one().await);
        let between = Instant::now();
        black_box(other().await);
        let end = Instant::now();
        if turn >= TURNS / 10 {
            ones.push((between - start).as_secs_f64());
            others.push((end - between).as_secs_f64());
        }
    }
    (median(ones), median(others))
}

/// Two signatures over as many bytes as an unsigned token has.
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

/// Sends a token request in process, as a client with a correlation id would.
async fn ask(server: &MockAuthServer, path: &str, body: &str) -> String {
    let request = Request::post(path)
        .header("content-type", FORM)
        .header("v-c-client-correlation-id", "9a341edd-3ceb-4b36-b423-9088e9bad5a0")
        .body(body.to_owned());
    let answer = server.handle(request.unwrap()).await;
    assert_eq!(answer.status(), 200, "{body}");
    String::from_utf8(answer.into_body().to_vec()).unwrap()
}

async fn exchange(server: &MockAuthServer) {
    ask(server, "/oauth2/v3/token", EXCHANGE).await;
}

async fn whole_requests() {
    let server = MockAuthServer::start().await;
    let answer = ask(&server, "/oauth2/v3/token", EXCHANGE).await;
    let tokens: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let refresh = format!(
        "grant_type=refresh_token&client_id=8l57hYffFb&client_secret=yourClientSecret\
         &refresh_token={}",
        tokens["refresh_token"].as_str().unwrap()
    );
    let (ours, two) = in_turns(async || exchange(&server).await, two_signatures()).await;
    ratio("an exchange in process / its two signatures", ours / two, Some(1.15));
    let refreshing = async || ask(&server, "/oauth2/v3/token", &refresh).await;
    let (ours, two) = in_turns(refreshing, two_signatures()).await;
    ratio("a refresh in process (`reuse`) / its one signature", ours / two * 2.0, Some(1.25));
}

/// Each stage of an exchange, against its two signatures.
async fn stages_alone() {
    let internal = Stages::default();
    let body = EXCHANGE.as_bytes();
    let unsigned = internal.claims();
    let token = internal.signing(unsigned.clone());
    assert!(internal.form(body) && internal.decision(body).await && token.len() > unsigned.len());
    let reading = async || internal.form(black_box(body));
    against_two("reading the form", reading).await;
    let deciding = async || internal.decision(black_box(body)).await;
    against_two("the decision, rows 7 to 20", deciding).await;
    let writing = async || internal.claims();
    against_two("writing the claims of one token", writing).await;
    let signing = async || internal.signing(unsigned.clone());
    against_two("signing one token", signing).await;
    let entering = async || internal.journal(black_box(body), [&token, &token]);
    against_two("the journal", entering).await;
}

async fn against_two<T>(stage: &str, work: impl AsyncFnMut() -> T) {
    let (one, two) = in_turns(work, two_signatures()).await;
    ratio(&format!("{stage} / two signatures"), one / two, None);
}

/// An exchange on a server that holds much, against one that holds little.
async fn flatness() {
    let small = MockAuthServer::start().await;
    let row = async |what: &str, large: &MockAuthServer, path: &str, body: &str| {
        let much = async || ask(large, path, body).await;
        let (large, small) = in_turns(much, async || exchange(&small).await).await;
        ratio(&format!("an exchange with {what} / with few"), large / small, Some(1.1));
    };
    let path = "/oauth2/v3/token";

    let large = server_with(&many_clients()).await;
    let body = "grant_type=authorization_code&client_id=client-50000\
                &client_secret=secret-50000&code=many";
    row("100,000 clients", &large, path, body).await;

    let large = MockAuthServer::start().await;
    internal::enter_grants(&large, 1_000_000).await;
    row("1,000,000 live grants", &large, path, EXCHANGE).await;

    let large = MockAuthServer::start().await;
    for _ in 0..10_000 {
        large.handle(Request::get(path).body(String::new()).unwrap()).await;
    }
    row("10,000 journal entries", &large, path, EXCHANGE).await;

    let large = server_with(&many_scenarios()).await;
    row("1,000 scenarios that all look at it", &large, path, EXCHANGE).await;

    let large = MockAuthServer::start().await;
    for n in 0..1_000 {
        large.new_realm(format!("realm-{n}")).create().unwrap();
    }
    row("1,000 realms", &large, "/realms/realm-500/oauth2/v3/token", EXCHANGE).await;
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

fn many_scenarios() -> String {
    let scenario = |n: usize| {
        let when = match n % 4 {
            0 => format!("{{ code: \"none-{n}\" }}"),
            1 => format!("{{ grant_type: authorization_code, header: {{ x-test-{n}: \"*\" }} }}"),
            2 => format!("{{ client_id: 8l57hYffFb, param: {{ state: \"*-{n}\" }} }}"),
            _ => format!("{{ correlation_id: \"test-{n}-*\" }}"),
        };
        format!("  - {{ when: {when}, respond: {{ error: server_error }} }}\n")
    };
    let scenarios: String = (0..1000).map(scenario).collect();
    format!("extends: default\nscenarios:\n{scenarios}")
}

fn loading_many_clients() {
    let text = many_clients();
    let times = (0..5).map(|_| {
        let start = Instant::now();
        drop(black_box(MockAuthServer::builder().fixtures(&text).unwrap()));
        start.elapsed().as_secs_f64()
    });
    let time = median(times.collect());
    report("loading a fixture of 100,000 clients", format!("{time:.2} s"), time < 1.0, "1 s");
}

/// A thousand servers, each started, asked once and dropped: how long a start takes, and what is
/// left of them.
async fn start_of_the_library() {
    let mut times = Vec::new();
    let mut before = None;
    for n in 0..1_100 {
        let start = Instant::now();
        let server = MockAuthServer::start().await;
        times.push(start.elapsed());
        exchange(&server).await;
        drop(server);
        // The first hundred make the threads, and the room that is used again and again.
        if n == 99 {
            before = resident_mb();
        }
    }
    if let (Some(before), Some(after)) = (before, resident_mb()) {
        let left = after - before;
        let figure = "memory that 1,000 servers leave behind, each dropped";
        report(figure, format!("{left:.2} MB"), left < 2.0, "2 MB");
    }
    times.sort();
    let time = times[times.len() / 2];
    let shown = format!("{:.2} ms", time.as_secs_f64() * 1e3);
    report("`MockAuthServer::start()`", shown, time <= Duration::from_millis(2), "2 ms");
}

/// The memory of this process, where the system tells.
fn resident_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}
