//! The report: a client that commits one fault gets exactly that finding, and a well-mannered one gets
//! none. The details of each rule are tested beside it, in `src/report/rules/`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use smartpay_oauth_mock::{
    Endpoint, ErrorCode, Fault, Flow, MockAuthServer, NextStep, Outcome, RealmHandle, Report,
    Scenario, Severity, TokensRequest, When,
};

use crate::support::{
    CLIENT, FORM, HttpResponse, MERCHANT, browser, call, code, exchange_form, fetch, form_post,
    refresh_form, server_with,
};

/// The expiry of an access token, and a minute.
const SIXTEEN_MINUTES: Duration = Duration::from_secs(16 * 60);
/// An authorize request of the sample client, with a merchant who consents at once.
const AUTHORIZE: &str = "/ebc2/oauth/authorize?client_id=v6TJH1IqhM&sub=oauth\
    &redirect_url=https%3A%2F%2Fwww.example.com&mock_consent=allow";

/// Returns a request to the token endpoint with a correlation ID of its own.
fn token_request(realm: &RealmHandle, form: String) -> reqwest::RequestBuilder {
    static NEXT_ID: AtomicU64 = AtomicU64::new(0);
    let id = format!("{:036}", NEXT_ID.fetch_add(1, Ordering::Relaxed));
    form_post(realm.token_url()).header("v-c-client-correlation-id", id).body(form)
}

async fn exchange(realm: &RealmHandle, code: &str) -> HttpResponse {
    fetch(token_request(realm, exchange_form(code))).await
}

async fn refresh(realm: &RealmHandle, token: &str) -> HttpResponse {
    fetch(token_request(realm, refresh_form(token))).await
}

/// Makes a payment, and returns the status.
async fn pay(realm: &RealmHandle, access_token: &str) -> u16 {
    let url = realm.base_url() + "/pts/v2/payments";
    let request = reqwest::Client::new().post(url).bearer_auth(access_token);
    fetch(request).await.status
}

/// Sends the merchant to the authorize endpoint. Returns the code.
async fn consent(realm: &RealmHandle) -> String {
    let url = format!("{}{AUTHORIZE}&state=random", realm.base_url());
    let location = fetch(browser().get(url)).await.header("location").to_owned();
    let code = location.split_once("code=").expect("a code").1;
    code.split('&').next().unwrap_or_default().to_owned()
}

/// Returns the rules with findings, apart from those about plain HTTP.
async fn rules(realm: &RealmHandle) -> Vec<String> {
    let findings = realm.report().await.findings;
    let is_transport = |rule: &str| matches!(rule, "plain-http" | "no-client-certificate");
    findings.into_iter().map(|finding| finding.rule).filter(|rule| !is_transport(rule)).collect()
}

fn flows(report: &Report) -> Vec<(Flow, u64)> {
    report.coverage.flows.iter().map(|met| (met.flow, met.times)).collect()
}

#[tokio::test]
async fn a_well_mannered_client_gets_only_remarks_on_plain_http() {
    let server = MockAuthServer::start().await;
    let tokens = exchange(&server, &consent(&server).await).await.ok();
    let (mut access, token) = (tokens.member("access_token"), tokens.member("refresh_token"));
    for _ in 0..3 {
        assert_eq!(pay(&server, &access).await, 201);
        server.clock().advance(SIXTEEN_MINUTES);
        assert_eq!(pay(&server, &access).await, 401);
        access = refresh(&server, &token).await.ok().member("access_token");
        assert_eq!(pay(&server, &access).await, 201);
    }

    let report = server.report().await;
    report.assert_no_findings();
    let remarks = ["plain-http", "no-client-certificate"];
    assert_eq!(
        report.findings.iter().map(|found| found.rule.as_str()).collect::<Vec<_>>(),
        remarks
    );
    for remark in &report.findings {
        assert_eq!((remark.severity, remark.times), (Severity::Info, 1), "{remark}");
    }
    assert_eq!(report.requests, 14);
    assert_eq!(
        flows(&report),
        [(Flow::CodeExchange, 1), (Flow::Refresh, 3), (Flow::AccessTokenExpired, 3)]
    );
    assert_eq!(report.coverage.errors[0].then, [NextStep::Refreshed; 3]);
    assert_eq!(report.unused_scenarios, [""; 0]);
}

#[tokio::test]
async fn a_code_that_is_exchanged_twice() {
    let server = MockAuthServer::start().await;
    let code = code(&server).await;
    exchange(&server, &code).await.ok();
    exchange(&server, &code).await;
    assert_eq!(rules(&server).await, ["code-reused"]);
}

#[tokio::test]
async fn the_sample_refresh_token_is_never_stale() {
    let server = MockAuthServer::start().await;
    for _ in 0..3 {
        fetch(token_request(&server, crate::support::page::REQUEST.to_owned())).await.ok();
    }
    assert_eq!(rules(&server).await, ["refresh-too-early"]);
}

#[tokio::test]
async fn a_code_that_comes_too_late() {
    let server = MockAuthServer::start().await;
    let code = consent(&server).await;
    server.clock().advance(Duration::from_secs(601));
    assert_eq!(rules(&server).await, ["code-never-exchanged"]);
    exchange(&server, &code).await;
    assert_eq!(rules(&server).await, ["expired-code"]);
}

#[tokio::test]
async fn a_refresh_token_that_was_rotated_away() {
    let server = server_with("settings: { refresh_policy: rotate }").await;
    let tokens = exchange(&server, &code(&server).await).await.ok();
    server.clock().advance(SIXTEEN_MINUTES);
    refresh(&server, &tokens.member("refresh_token")).await.ok();
    refresh(&server, &tokens.member("refresh_token")).await;
    assert_eq!(rules(&server).await, ["stale-refresh-token"]);
}

#[tokio::test]
async fn a_refresh_token_that_was_replaced_in_its_grace_period() {
    let server = MockAuthServer::start().await;
    let tokens = server.issue_tokens(CLIENT.0, MERCHANT).await.unwrap();
    server.clock().advance(Duration::from_secs(370 * 86_400));
    refresh(&server, &tokens.refresh_token).await.ok();
    refresh(&server, &tokens.refresh_token).await;
    assert_eq!(rules(&server).await, ["stale-refresh-token"]);
    assert_eq!(flows(&server.report().await), [(Flow::Refresh, 1), (Flow::RefreshInGrace, 1)]);
}

#[tokio::test]
async fn an_old_refresh_token_where_it_stays_valid_is_a_warning_after_a_minute() {
    let server = server_with("settings: { refresh_policy: reissue }").await;
    let tokens = exchange(&server, &code(&server).await).await.ok();
    for _ in 0..2 {
        server.clock().advance(SIXTEEN_MINUTES);
        refresh(&server, &tokens.member("refresh_token")).await.ok();
    }
    let report = server.report().await;
    assert_eq!(rules(&server).await, ["stale-refresh-token"]);
    assert_eq!(report.findings[0].severity, Severity::Warning);
}

#[tokio::test]
async fn a_retry_within_the_overlap_or_after_a_lost_response_is_fine() {
    let server = server_with("settings: { refresh_policy: rotate, rotation_overlap: 30s }").await;
    let lost = Scenario::respond(Outcome::fault(Fault::ConnectionReset).after()).times(1);
    let tokens = exchange(&server, &code(&server).await).await.ok();
    server.clock().advance(SIXTEEN_MINUTES);
    let _lost = server.inject(lost).await;
    let old = tokens.member("refresh_token");
    assert!(token_request(&server, refresh_form(&old)).send().await.is_err());
    refresh(&server, &old).await.ok();
    refresh(&server, &old).await.ok();
    assert_eq!(rules(&server).await, ["refresh-too-early"; 0]);
    let faults = server.report().await.coverage.faults;
    assert_eq!((faults[0].fault, faults[0].then[0]), (Fault::ConnectionReset, NextStep::Retried));
}

#[tokio::test]
async fn a_retry_of_a_lost_exchange_is_fine() {
    let server = MockAuthServer::start().await;
    let lost = Scenario::respond(Outcome::error(ErrorCode::ServerError).after()).times(1);
    let _lost = server.inject(lost).await;
    let code = consent(&server).await;
    assert_eq!(exchange(&server, &code).await.status, 500);
    assert_eq!(exchange(&server, &code).await.error(), "invalid_request");
    server.clock().advance(SIXTEEN_MINUTES);
    assert_eq!(rules(&server).await, [""; 0]);
}

#[tokio::test]
async fn refreshes_that_overlap() {
    let server = MockAuthServer::start().await;
    let tokens = exchange(&server, &code(&server).await).await.ok();
    server.clock().advance(SIXTEEN_MINUTES);
    let crowd = Scenario::respond(Outcome::hold(3)).when(When::new().grant_type("refresh_token"));
    let _crowd = server.inject(crowd).await;
    let token = tokens.member("refresh_token");
    tokio::join!(refresh(&server, &token), refresh(&server, &token), refresh(&server, &token));

    let report = server.report().await;
    assert_eq!(rules(&server).await, ["refresh-stampede"]);
    assert_eq!((report.findings[0].times, &*report.findings[0].requests), (2, &[2, 3, 4][..]));
}

#[tokio::test]
async fn many_merchants_may_be_refreshed_at_once() {
    let server = MockAuthServer::start().await;
    let mut tokens = Vec::new();
    for _ in 0..8 {
        tokens.push(server.issue_tokens(CLIENT.0, MERCHANT).await.unwrap().refresh_token);
    }
    server.clock().advance(SIXTEEN_MINUTES);
    let crowd = Scenario::respond(Outcome::hold(8)).when(When::new().grant_type("refresh_token"));
    let _crowd = server.inject(crowd).await;
    let mut tasks = tokio::task::JoinSet::new();
    for token in tokens {
        let realm = RealmHandle::clone(&server);
        tasks.spawn(async move { refresh(&realm, &token).await.ok() });
    }
    tasks.join_all().await;
    assert_eq!(rules(&server).await, [""; 0]);
}

#[tokio::test]
async fn an_expired_access_token_that_comes_again() {
    for api_errors in ["documented", "string", "rfc6750"] {
        let server = server_with(&format!("settings: {{ api_errors: {api_errors} }}")).await;
        let tokens = exchange(&server, &code(&server).await).await.ok();
        server.clock().advance(SIXTEEN_MINUTES);
        pay(&server, &tokens.member("access_token")).await;
        pay(&server, &tokens.member("access_token")).await;
        assert_eq!(rules(&server).await, ["expired-token-again"], "{api_errors}");
        assert_eq!(server.report().await.findings[0].times, 1);
    }
}

#[tokio::test]
async fn an_old_access_token() {
    let server = MockAuthServer::start().await;
    let tokens = server.issue_tokens(CLIENT.0, MERCHANT).await.unwrap();
    server.clock().advance(Duration::from_secs(500));
    refresh(&server, &tokens.refresh_token).await.ok();
    server.clock().advance(Duration::from_secs(59));
    assert_eq!(pay(&server, &tokens.access_token).await, 201);
    assert_eq!(rules(&server).await, [""; 0]);
    server.clock().advance(Duration::from_secs(2));
    assert_eq!(pay(&server, &tokens.access_token).await, 201);
    assert_eq!(rules(&server).await, ["old-access-token"]);
}

#[tokio::test]
async fn a_permanent_error_that_is_retried() {
    let server = MockAuthServer::start().await;
    let tokens = server.issue_tokens(CLIENT.0, MERCHANT).await.unwrap();
    assert!(server.revoke_grant(&server.grants().await.last().unwrap().id).await);
    for _ in 0..2 {
        assert_eq!(refresh(&server, &tokens.refresh_token).await.error(), "access_denied");
    }
    assert_eq!(rules(&server).await, [""; 0]);

    refresh(&server, &tokens.refresh_token).await;
    assert_eq!(rules(&server).await, ["retried-permanent-error"]);
    let report = server.report().await;
    assert_eq!((report.findings[0].times, &*report.findings[0].requests), (1, &[1, 2, 3][..]));
    assert_eq!(flows(&report), [(Flow::Revoked, 3)]);
    assert_eq!(
        report.coverage.errors[0].then,
        [NextStep::Retried, NextStep::Retried, NextStep::Stopped]
    );
}

#[tokio::test]
async fn retries_without_backoff() {
    let server = MockAuthServer::start().await;
    let busy = Scenario::respond(Outcome::error(ErrorCode::ServerError)).times(2);
    let _busy = server.inject(busy).await;
    let code = code(&server).await;
    for _ in 0..3 {
        exchange(&server, &code).await;
    }
    assert_eq!(rules(&server).await, ["no-backoff"]);
}

#[tokio::test]
async fn a_retry_before_the_time_of_retry_after() {
    let limit = Outcome::rate_limit(1, Duration::from_secs(60));
    let limit = || Scenario::respond(limit.clone());
    for wait in [0, 61] {
        let server = MockAuthServer::start().await;
        let _limit = server.inject(limit()).await;
        exchange(&server, &code(&server).await).await.ok();
        let code = code(&server).await;
        assert_eq!(exchange(&server, &code).await.status, 429);
        server.clock().advance(Duration::from_secs(wait));
        exchange(&server, &code).await;
        let expected: &[&str] = if wait == 0 { &["no-backoff"] } else { &[] };
        assert_eq!(rules(&server).await, expected);
    }
}

#[tokio::test]
async fn refreshes_for_every_request() {
    let server = MockAuthServer::start().await;
    let tokens = exchange(&server, &code(&server).await).await.ok();
    let token = tokens.member("refresh_token");
    refresh(&server, &token).await.ok();
    assert_eq!(rules(&server).await, [""; 0], "once may be a coincidence");
    refresh(&server, &token).await.ok();
    assert_eq!(rules(&server).await, ["refresh-too-early"]);

    let other = MockAuthServer::start().await;
    for _ in 0..3 {
        let tokens = other.issue_tokens_with(TokensRequest::new(CLIENT.0, MERCHANT)).await.unwrap();
        refresh(&other, &tokens.refresh_token).await.ok();
    }
    assert_eq!(rules(&other).await, [""; 0], "nobody presented these tokens");
}

#[tokio::test]
async fn an_authorize_request_without_state() {
    for state in ["", "&state="] {
        let server = MockAuthServer::start().await;
        let url = format!("{}{AUTHORIZE}{state}", server.base_url());
        fetch(browser().get(url)).await;
        assert_eq!(rules(&server).await, ["no-state"], "{state}");
    }
}

#[tokio::test]
async fn the_consent_page_and_its_click_are_one_request_without_state() {
    let server = MockAuthServer::start().await;
    let page = AUTHORIZE.replace("mock_consent=allow", "mock_consent=prompt");
    fetch(browser().get(server.base_url() + &page)).await.ok();
    let (path, query) = AUTHORIZE.split_once('?').unwrap();
    let click = browser().post(server.base_url() + path).header("Content-Type", FORM);
    fetch(click.body(format!("{query}&mock_decision=deny"))).await;

    assert_eq!(rules(&server).await, ["no-state"]);
    let report = server.report().await;
    assert_eq!(report.findings[0].times, 1);
    assert_eq!(flows(&report), [(Flow::ConsentDenied, 1)]);
}

#[tokio::test]
async fn parameters_and_secrets_in_urls() {
    let server = MockAuthServer::start().await;
    let post = |query: &str| form_post(server.token_url() + query).body("");
    let with_id = |request: reqwest::RequestBuilder| {
        request.header("v-c-client-correlation-id", "3f1c0f3c-5a63-4a80-8d6c-2f8f6a4c9c11")
    };
    fetch(with_id(post("?grant_type=refresh_token"))).await;
    assert_eq!(rules(&server).await, ["parameters-in-url"]);

    server.clear_requests().await;
    fetch(with_id(post("?client_secret=s3cr3t"))).await;
    assert_eq!(rules(&server).await, ["parameters-in-url", "secret-in-url"]);

    server.clear_requests().await;
    let url = format!("{}{AUTHORIZE}&state=x&client_secret=s3cr3t", server.base_url());
    fetch(browser().get(url)).await;
    assert_eq!(rules(&server).await, ["secret-in-url"]);
}

#[tokio::test]
async fn what_the_notes_say_is_a_finding_too() {
    let server = MockAuthServer::start().await;
    let form = exchange_form(&code(&server).await);
    fetch(form_post(server.token_url()).body(form)).await.ok();
    assert_eq!(rules(&server).await, ["no-correlation-id"]);

    server.clear_requests().await;
    for _ in 0..2 {
        let form = exchange_form(&code(&server).await);
        let request = form_post(server.token_url()).body(form);
        let id = "9a341edd-3ceb-4b36-b423-9088e9bad5a0";
        fetch(request.header("v-c-client-correlation-id", id)).await.ok();
    }
    assert_eq!(rules(&server).await, ["correlation-id-reused"]);
    assert_eq!(server.report().await.findings[0].requests, [2, 3]);

    server.clear_requests().await;
    let form = exchange_form(&code(&server).await) + "&scope=transactions";
    fetch(token_request(&server, form).header("x-mock-scenario", "none")).await;
    assert_eq!(rules(&server).await, ["undocumented-parameter"]);
}

#[tokio::test]
async fn basic_credentials_are_a_finding_where_they_are_not_read() {
    for (dialect, expected) in [("documented", &["basic-credentials"][..]), ("rfc6749", &[])] {
        let server = server_with(&format!("settings: {{ dialect: {dialect} }}")).await;
        let form = format!("grant_type=authorization_code&code={}", code(&server).await);
        fetch(token_request(&server, form).basic_auth(CLIENT.0, Some(CLIENT.1))).await;
        assert_eq!(rules(&server).await, expected, "{dialect}");
    }
}

#[tokio::test]
async fn where_https_is_served_each_plain_request_is_a_warning() {
    let builder = MockAuthServer::builder().tls_listen(([127, 0, 0, 1], 0));
    let server = builder.start().await.unwrap();
    let http = server.urls().iter().find(|url| url.starts_with("http:")).unwrap();
    for _ in 0..2 {
        fetch(form_post(http.clone() + "/oauth2/v3/token").body("")).await;
    }
    let findings = server.report().await.findings;
    let found = |rule: &str| findings.iter().find(|found| found.rule == rule).unwrap();
    for rule in ["plain-http", "no-client-certificate"] {
        assert_eq!((found(rule).severity, found(rule).times), (Severity::Warning, 2), "{rule}");
    }
}

#[tokio::test]
async fn unused_scenarios_are_listed_even_if_they_were_removed() {
    let server = MockAuthServer::start().await;
    let scenario = |name: &str| Scenario::respond(Outcome::error("x")).name(name);
    drop(server.inject(scenario("removed")).await);
    let never = When::new().endpoint(Endpoint::Resource);
    let _unused = server.inject(scenario("unused").when(never)).await;
    let used = server.inject(scenario("used").times(1)).await;
    exchange(&server, "code").await;
    drop(used);
    assert_eq!(server.report().await.unused_scenarios, ["removed", "unused"]);

    server.reset().await;
    assert_eq!(server.report().await.unused_scenarios, [""; 0]);
}

#[tokio::test]
async fn the_report_begins_anew_with_a_reset_and_with_a_cleared_journal() {
    let server = MockAuthServer::start().await;
    let since = server.report().await.since;
    exchange(&server, "none").await;
    assert_eq!(server.report().await.requests, 1);
    server.clear_requests().await;
    let report = server.report().await;
    assert_eq!((report.requests, report.coverage.errors.len()), (0, 0));
    assert!(report.since > since);

    exchange(&server, "none").await;
    call("POST", server.base_url() + "/_mock/reset", None).await;
    assert_eq!(server.report().await.requests, 0);
}

#[tokio::test]
async fn a_full_journal_does_not_shorten_the_report() {
    let builder = MockAuthServer::builder().journal_size(2);
    let server = builder.start().await.unwrap();
    let code = code(&server).await;
    exchange(&server, &code).await.ok();
    for _ in 0..10 {
        exchange(&server, "none").await;
    }
    exchange(&server, &code).await;
    let report = server.report().await;
    assert_eq!(report.findings[0].requests, [1, 12]);
    assert_eq!((report.requests, report.coverage.errors[0].times), (12, 11));
}

#[tokio::test]
async fn the_control_api_returns_the_report_of_each_realm() {
    let server = MockAuthServer::start().await;
    let realm = server.new_realm("other").create().unwrap();
    exchange(&realm, "none").await;
    let url = |base: String| base + "/_mock/report";
    let report: Value = call("GET", url(realm.base_url()), None).await.ok().json();
    assert_eq!((&report["requests"], &report["coverage"]["errors_of"]), (&1.into(), &11.into()));
    assert_eq!(report["coverage"]["errors"][0]["then"][0], "stopped");
    assert_eq!(report["findings"][0]["rule"], "plain-http");
    assert_eq!(report["findings"][0]["severity"], "info");
    let members = ["since", "requests", "coverage", "findings", "unused_scenarios"];
    assert_eq!(report.as_object().unwrap().keys().collect::<Vec<_>>(), members);

    assert_eq!(server.total_report().await.requests, 1);
    assert!(server.remove_realm("other").unwrap());
    assert_eq!(server.total_report().await.coverage.errors[0].times, 1, "it outlives the realm");

    let of_default = call("GET", url(server.base_url()), None).await.ok().json();
    assert_eq!(of_default["requests"], 0);
    assert_eq!(call("GET", url(server.base_url()) + "?x=1", None).await.status, 400);
}

#[tokio::test]
#[should_panic(expected = "error code-reused (1 times): A code was presented again")]
async fn assert_no_findings_lists_them() {
    let server = MockAuthServer::start().await;
    let code = code(&server).await;
    exchange(&server, &code).await.ok();
    exchange(&server, &code).await;
    server.report().await.assert_no_findings();
}
