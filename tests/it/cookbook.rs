//! `docs/scenarios.md` is true: each recipe's fixture and each recipe's call to a running server
//! make a client see what the page says, and its Rust lines stand, to the letter, in a test below.

use std::process::Command;
use std::time::Duration;

use crate::support::{HttpResponse, MERCHANT, page, post};
use smartpay_oauth_mock::scenario::TokenAlteration;
use smartpay_oauth_mock::{Endpoint, ErrorCode, Fault, MockAuthServer, Outcome, Scenario, When};

const COOKBOOK: &str = include_str!("../../docs/scenarios.md");

/// A recipe of the page.
struct Recipe {
    title: String,
    fixture: String,
    /// The call that does the same to a running server.
    call: String,
    rust: String,
    /// What a client does, with what it sees in comments.
    client: String,
}

/// The code blocks of a part of the page: language and text.
fn blocks(part: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut pieces = part.split("```");
    pieces.next();
    while let (Some(code), Some(_)) = (pieces.next(), pieces.next()) {
        let (language, text) = code.split_once('\n').expect("a language");
        found.push((language.to_owned(), text.to_owned()));
    }
    found
}

fn recipes() -> (String, Vec<Recipe>) {
    let mut parts = COOKBOOK.split("\n## ");
    let prelude = blocks(parts.next().unwrap()).remove(0).1;
    let recipe = |part: &str| {
        let title = part.lines().next().unwrap().to_owned();
        let blocks = blocks(part);
        let languages: Vec<&str> = blocks.iter().map(|(language, _)| language.as_str()).collect();
        assert_eq!(languages, ["yaml", "sh", "rust", "sh"], "{title}");
        let text = |i: usize| blocks[i].1.clone();
        Recipe { title, fixture: text(0), call: text(1), rust: text(2), client: text(3) }
    };
    (prelude, parts.map(recipe).collect())
}

/// What a script prints.
async fn run(server: &MockAuthServer, script: String) -> String {
    let url = server.base_url();
    let output = tokio::task::spawn_blocking(move || {
        let mut bash = Command::new("bash");
        bash.args(["-e", "-o", "pipefail", "-c", &script]).env("MOCK", url).output().expect("bash")
    });
    let output = output.await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

fn promised(script: &str) -> String {
    script
        .lines()
        .filter_map(|line| line.strip_prefix("# -> "))
        .fold(String::new(), |all, line| all + line + "\n")
}

#[tokio::test]
async fn fixtures_make_clients_see_what_the_page_says() {
    let (prelude, recipes) = recipes();
    assert_eq!(recipes.len(), 12);
    for recipe in recipes {
        let builder = MockAuthServer::builder().fixtures(&recipe.fixture);
        let builder = builder.unwrap_or_else(|mistakes| panic!("{}: {mistakes}", recipe.title));
        let server = builder.start().await.unwrap();
        let seen = run(&server, format!("{prelude}{}", recipe.client)).await;
        assert_eq!(seen, promised(&recipe.client), "{}", recipe.title);
    }
}

#[tokio::test]
async fn calls_to_a_running_server_do_the_same() {
    let (prelude, recipes) = recipes();
    for recipe in recipes {
        let server = MockAuthServer::start().await;
        let quiet = run(&server, format!("{prelude}{}", recipe.call)).await;
        assert_eq!(quiet, "", "{}", recipe.title);
        let seen = run(&server, format!("{prelude}{}", recipe.client)).await;
        assert_eq!(seen, promised(&recipe.client), "{}", recipe.title);
    }
}

/// The lines of a text without what only shows how far in they stand.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_rust_lines_are_those_of_the_tests_below() {
    let tests = plain(include_str!("cookbook.rs"));
    for recipe in recipes().1 {
        assert!(tests.contains(&plain(&recipe.rust)), "{}:\n{}", recipe.title, recipe.rust);
    }
}

async fn refresh(server: &MockAuthServer) -> HttpResponse {
    post(&server.token_url(), page::REQUEST).await
}

/// Whether a client that waits a second gets nothing of use.
async fn fails(server: &MockAuthServer) -> bool {
    let request = reqwest::Client::new()
        .post(server.token_url())
        .header("Content-Type", "application/x-www-form-urlencoded")
        .timeout(Duration::from_secs(1))
        .body(page::REQUEST);
    match request.send().await {
        Err(_) => true,
        Ok(response) => response.bytes().await.is_err(),
    }
}

#[tokio::test]
async fn it_fails_twice_then_recovers() {
    let server = MockAuthServer::start().await;
    let busy = Scenario::respond(Outcome::error(ErrorCode::ServerError)).times(2);
    let _busy = server.inject(busy).await.expect(2);
    for status in [500, 500, 200] {
        assert_eq!(refresh(&server).await.status, status);
    }
}

#[tokio::test]
async fn the_answer_is_lost() {
    let server = MockAuthServer::start().await;
    let options = smartpay_oauth_mock::CodeOptions { code: Some("once"), ..Default::default() };
    server.issue_code_with("8l57hYffFb", MERCHANT, options).await.unwrap();
    let lost = Scenario::respond([Outcome::fault(Fault::ConnectionReset).after()])
        .when(When::token_request().and_code("once"));
    let _lost = server.inject(lost).await;
    let body = "client_id=8l57hYffFb&client_secret=yourClientSecret&grant_type=authorization_code&code=once";
    let exchange = reqwest::Client::new()
        .post(server.token_url())
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(body);
    assert!(exchange.send().await.is_err());
    assert_eq!(post(&server.token_url(), body).await.error(), "invalid_request");
}

#[tokio::test]
async fn a_merchant_closes_their_account() {
    let server = MockAuthServer::start().await;
    let closed = Scenario::respond(Outcome::error(ErrorCode::MerchantNotActive))
        .when(When::client_id("8l57hYffFb").and_merchant_id("rahulrama"));
    let _closed = server.inject(closed).await;
    assert_eq!(refresh(&server).await.error(), "merchant_not_active");
}

#[tokio::test]
async fn it_is_slow_then_silent() {
    let server = MockAuthServer::start().await;
    let slow = [Outcome::pass().delay(Duration::from_millis(300)), Outcome::fault(Fault::Hang)];
    let _slow = server.inject(Scenario::respond(slow)).await;
    refresh(&server).await.ok();
    assert!(server.requests().await[0].duration_us >= 300_000);
    assert!(fails(&server).await);
}

#[tokio::test]
async fn a_stampede_of_refreshes() {
    let server = MockAuthServer::start().await;
    let stampede = Scenario::respond(Outcome::hold(3)).when(When::grant_type("refresh_token"));
    let stampede = server.inject(stampede).await.expect(3);
    tokio::join!(refresh(&server), refresh(&server), refresh(&server));
    assert_eq!(stampede.held(), 0);
    assert_eq!(server.verify(&Default::default(), 3).await.overlapped, 3);
}

#[tokio::test]
async fn too_many_requests() {
    let server = MockAuthServer::start().await;
    let limited = Scenario::respond(Outcome::rate_limit(2, Duration::from_secs(60)));
    let _limited = server.inject(limited).await;
    for status in [200, 200, 429] {
        assert_eq!(refresh(&server).await.status, status);
    }
}

#[tokio::test]
async fn tokens_that_should_not_be_trusted() {
    let server = MockAuthServer::start().await;
    let forged = [
        TokenAlteration::lifetime_ms(-1000).of_access_token(),
        TokenAlteration::signed_by_another_key(),
        TokenAlteration::unsigned(),
    ];
    let forged = forged.map(Outcome::altered_tokens);
    let _forged = server.inject(Scenario::respond(forged)).await;
    for _ in 0..3 {
        assert!(!server.inspect(&refresh(&server).await.member("access_token")).await.valid);
    }
}

#[tokio::test]
async fn an_answer_that_is_not_what_the_page_says() {
    let server = MockAuthServer::start().await;
    let odd = [
        Outcome::response_without("refresh_token"),
        Outcome::response_with("expires_in", 31_536_000),
    ];
    let _odd = server.inject(Scenario::respond(odd)).await;
    assert!(refresh(&server).await.json().get("refresh_token").is_none());
    assert_eq!(refresh(&server).await.json()["expires_in"], 31_536_000);
}

#[tokio::test]
async fn half_an_answer_and_none() {
    let server = MockAuthServer::start().await;
    let broken = [Fault::TruncatedBody, Fault::EmptyResponse, Fault::Garbage].map(Outcome::fault);
    let _broken = server.inject(Scenario::respond(broken)).await;
    for _ in 0..3 {
        assert!(fails(&server).await);
    }
    refresh(&server).await.ok();
}

#[tokio::test]
async fn the_api_is_down() {
    let server = MockAuthServer::start().await;
    let maintenance = Outcome::json(503, serde_json::json!({ "message": "maintenance" }))
        .header("Retry-After", "120");
    let maintenance = Scenario::respond(maintenance).when(When::endpoint(Endpoint::Resource));
    let _maintenance = server.inject(maintenance).await.expect(1);
    let api = server.base_url() + "/pts/v2/payments";
    let answer = reqwest::Client::new().post(api).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"] == "120"), (503, true));
}

#[tokio::test]
async fn one_request_chooses_for_itself() {
    let server = MockAuthServer::start().await;
    let teapot = Scenario::respond(Outcome::error("teapot").status(418)).named("teapot").disabled();
    let _teapot = server.inject(teapot).await;
    refresh(&server).await.ok();
    let chosen =
        reqwest::Client::new().post(server.token_url()).header("x-mock-scenario", "teapot");
    let chosen = chosen.header("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(chosen.send().await.unwrap().status(), 418);
}

#[tokio::test]
async fn it_fails_now_and_then() {
    let server = MockAuthServer::start().await;
    let flaky = Scenario::respond(Outcome::error(ErrorCode::ServerError)).probability(0.5, 42);
    let flaky = server.inject(flaky).await;
    for _ in 0..8 {
        refresh(&server).await;
    }
    assert!((1..8).contains(&flaky.matched()));
}
