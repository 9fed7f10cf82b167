//! Runs `docs/scenarios.md`: the fixture and the request of each recipe make a client see what the
//! page shows, and the Rust code of each recipe occurs literally in a test below.

use std::process::Command;
use std::time::Duration;

use crate::support::tools::lacks_tools;
use crate::support::{MERCHANT, form, form_post, gets_response, page, post, post_sample};
use smartpay_oauth_mock::scenario::TokenAlteration;
use smartpay_oauth_mock::units::SignedDuration;
use smartpay_oauth_mock::{
    CodeRequest, Endpoint, ErrorCode, Fault, MockAuthServer, Outcome, Scenario, When,
};

const COOKBOOK: &str = include_str!("../../docs/scenarios.md");

/// A recipe of the page.
struct Recipe {
    title: String,
    fixture: String,
    /// The command that adds the same scenario to a running server.
    command: String,
    rust: String,
    /// The commands of a client, with their output in comments.
    client: String,
}

/// Returns the code blocks of a part of the page, each with its language.
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
        Recipe { title, fixture: text(0), command: text(1), rust: text(2), client: text(3) }
    };
    (prelude, parts.map(recipe).collect())
}

/// Runs a script and returns its output.
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

/// Returns the output that the comments of a script promise.
fn expected_output(script: &str) -> String {
    script
        .lines()
        .filter_map(|line| line.strip_prefix("# -> "))
        .fold(String::new(), |all, line| all + line + "\n")
}

#[tokio::test]
async fn fixtures_have_the_effect_that_the_page_shows() {
    if lacks_tools(&["bash", "curl"]) {
        return;
    }
    let (prelude, recipes) = recipes();
    assert_eq!(recipes.len(), 14);
    for recipe in recipes {
        let builder = MockAuthServer::builder().fixtures(&recipe.fixture);
        let builder = builder.unwrap_or_else(|errors| panic!("{}: {errors}", recipe.title));
        let server = builder.start().await.unwrap();
        let output = run(&server, format!("{prelude}{}", recipe.client)).await;
        assert_eq!(output, expected_output(&recipe.client), "{}", recipe.title);
    }
}

#[tokio::test]
async fn requests_to_a_running_server_have_the_same_effect() {
    if lacks_tools(&["bash", "curl"]) {
        return;
    }
    let (prelude, recipes) = recipes();
    for recipe in recipes {
        let server = MockAuthServer::start().await;
        let output = run(&server, format!("{prelude}{}", recipe.command)).await;
        assert_eq!(output, "", "{}", recipe.title);
        let output = run(&server, format!("{prelude}{}", recipe.client)).await;
        assert_eq!(output, expected_output(&recipe.client), "{}", recipe.title);
    }
}

/// Replaces each run of white space by one space.
fn normalize_space(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_rust_code_of_the_page_occurs_in_the_tests_below() {
    let tests = normalize_space(include_str!("cookbook.rs"));
    for recipe in recipes().1 {
        assert!(
            tests.contains(&normalize_space(&recipe.rust)),
            "{}:\n{}",
            recipe.title,
            recipe.rust
        );
    }
}

/// Returns whether a client with a timeout of one second gets no whole response.
async fn fails(server: &MockAuthServer) -> bool {
    let request = form_post(server.token_url()).timeout(Duration::from_secs(1)).body(page::REQUEST);
    !gets_response(request).await
}

#[tokio::test]
async fn a_code_with_a_hash() {
    let server = MockAuthServer::start().await;
    let odd = CodeRequest::new("8l57hYffFb", "rahulrama").code("sg#thsu67");
    let code = server.issue_code_with(odd).await.unwrap();
    let parameters = [
        ("client_id", "8l57hYffFb"),
        ("client_secret", "yourClientSecret"),
        ("grant_type", "authorization_code"),
        ("code", &code),
    ];
    form(&server, &parameters).await.ok();
}

#[tokio::test]
async fn two_errors_then_success() {
    let server = MockAuthServer::start().await;
    let busy = Scenario::respond(Outcome::error(ErrorCode::ServerError)).times(2);
    let _busy = server.inject(busy).await.expect(2);
    for status in [500, 500, 200] {
        assert_eq!(post_sample(&server).await.status, status);
    }
}

#[tokio::test]
async fn the_response_is_lost() {
    let server = MockAuthServer::start().await;
    let request = smartpay_oauth_mock::CodeRequest::new("8l57hYffFb", MERCHANT).code("once");
    server.issue_code_with(request).await.unwrap();
    let lost = Scenario::respond([Outcome::fault(Fault::ConnectionReset).after()])
        .when(When::new().code("once"));
    let _lost = server.inject(lost).await;
    let body = "client_id=8l57hYffFb&client_secret=yourClientSecret&grant_type=authorization_code&code=once";
    let exchange = form_post(server.token_url()).body(body);
    assert!(exchange.send().await.is_err());
    assert_eq!(post(&server.token_url(), body).await.error(), "invalid_request");
}

#[tokio::test]
async fn a_merchant_closes_their_account() {
    let server = MockAuthServer::start().await;
    let closed = Scenario::respond(Outcome::error(ErrorCode::MerchantNotActive))
        .when(When::new().client_id("8l57hYffFb").merchant_id("rahulrama"));
    let _closed = server.inject(closed).await;
    assert_eq!(post_sample(&server).await.error(), "merchant_not_active");
}

#[tokio::test]
async fn a_slow_response_then_none() {
    let server = MockAuthServer::start().await;
    let slow = [Outcome::pass().delay(Duration::from_millis(300)), Outcome::fault(Fault::Hang)];
    let _slow = server.inject(Scenario::respond(slow)).await;
    post_sample(&server).await.ok();
    assert!(server.requests().await[0].duration_us >= 300_000);
    assert!(fails(&server).await);
}

#[tokio::test]
async fn concurrent_refreshes() {
    let server = MockAuthServer::start().await;
    let concurrent =
        Scenario::respond(Outcome::hold(3)).when(When::new().grant_type("refresh_token"));
    let concurrent = server.inject(concurrent).await.expect(3);
    tokio::join!(post_sample(&server), post_sample(&server), post_sample(&server));
    assert_eq!(concurrent.held(), 0);
    assert_eq!(server.verify(&Default::default(), 3).await.overlapped, 3);
}

#[tokio::test]
async fn too_many_requests() {
    let server = MockAuthServer::start().await;
    let limited = Scenario::respond(Outcome::rate_limit(2, Duration::from_secs(60)));
    let _limited = server.inject(limited).await;
    for status in [200, 200, 429] {
        assert_eq!(post_sample(&server).await.status, status);
    }
}

#[tokio::test]
async fn invalid_tokens() {
    let server = MockAuthServer::start().await;
    let forged = [
        TokenAlteration::new().lifetime(SignedDuration::from_ms(-1000)).access_token_only(),
        TokenAlteration::new().unknown_key(),
        TokenAlteration::new().unsigned(),
    ];
    let forged = forged.map(Outcome::altered_tokens);
    let _forged = server.inject(Scenario::respond(forged)).await;
    for _ in 0..3 {
        assert!(!server.inspect(&post_sample(&server).await.member("access_token")).await.valid);
    }
}

#[tokio::test]
async fn a_response_that_differs_from_the_documentation() {
    let server = MockAuthServer::start().await;
    let odd = [
        Outcome::response_without("refresh_token"),
        Outcome::response_with("expires_in", 31_536_000),
    ];
    let _odd = server.inject(Scenario::respond(odd)).await;
    assert!(post_sample(&server).await.json().get("refresh_token").is_none());
    assert_eq!(post_sample(&server).await.json()["expires_in"], 31_536_000);
}

#[tokio::test]
async fn truncated_missing_and_malformed_responses() {
    let server = MockAuthServer::start().await;
    let broken = [Fault::TruncatedBody, Fault::EmptyResponse, Fault::Garbage].map(Outcome::fault);
    let _broken = server.inject(Scenario::respond(broken)).await;
    for _ in 0..3 {
        assert!(fails(&server).await);
    }
    post_sample(&server).await.ok();
}

#[tokio::test]
async fn the_api_is_down() {
    let server = MockAuthServer::start().await;
    let maintenance = Outcome::json(503, serde_json::json!({ "message": "maintenance" }))
        .header("Retry-After", "120");
    let maintenance = Scenario::respond(maintenance).when(When::new().endpoint(Endpoint::Resource));
    let _maintenance = server.inject(maintenance).await.expect(1);
    let api = server.base_url() + "/pts/v2/payments";
    let response = reqwest::Client::new().post(api).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"] == "120"),
        (503, true)
    );
}

#[tokio::test]
async fn only_refunds_fail() {
    let server = MockAuthServer::start().await;
    let refunds =
        When::new().endpoint(Endpoint::Resource).method("POST").path("/pts/v2/payments/*/refunds");
    let no_refunds = Outcome::json(502, serde_json::json!({ "message": "no refunds" }));
    let no_refunds =
        Scenario::respond(no_refunds).when(refunds).for_duration(Duration::from_secs(60));
    let _no_refunds = server.inject(no_refunds).await.expect(1);

    let token = post_sample(&server).await.member("access_token");
    let call = async |path: &str| {
        let url = format!("{}/pts/v2/payments/7048/{path}", server.base_url());
        reqwest::Client::new().post(url).bearer_auth(&token).send().await.unwrap().status()
    };
    assert_eq!([call("captures").await, call("refunds").await], [201, 502]);
    server.clock().advance(Duration::from_secs(60));
    assert_eq!(call("refunds").await, 201);
}

#[tokio::test]
async fn a_request_selects_its_scenario() {
    let server = MockAuthServer::start().await;
    let teapot = Scenario::respond(Outcome::error("teapot").status(418)).name("teapot").disabled();
    let _teapot = server.inject(teapot).await;
    post_sample(&server).await.ok();
    let request = form_post(server.token_url()).header("x-mock-scenario", "teapot");
    assert_eq!(request.send().await.unwrap().status(), 418);
}

#[tokio::test]
async fn random_failures() {
    let server = MockAuthServer::start().await;
    let flaky = Scenario::respond(Outcome::error(ErrorCode::ServerError)).probability(0.5).seed(42);
    let flaky = server.inject(flaky).await;
    for _ in 0..8 {
        post_sample(&server).await;
    }
    assert!((1..8).contains(&flaky.matched()));
}
