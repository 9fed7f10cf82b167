//! What an independent client sees of each outcome of a scenario.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::raw_client::RawClient;
use crate::support::{CLIENT, HttpResponse, claims, code, exchange, form, refresh, server_with};
use serde_json::{Value, json};
use smartpay_oauth_mock::{Fault, MockAuthServer, Outcome, Scenario, When, units::SignedDuration};
use tokio::task::JoinSet;

/// Starts a server with one scenario for token requests.
async fn server_that_responds(respond: &str) -> MockAuthServer {
    server_with(&format!("scenarios: [{{ name: it, respond: {respond} }}]")).await
}

/// The sample request over a raw socket: everything that comes until the connection ends, and how
/// it ends.
async fn raw(server: &MockAuthServer, requests: usize) -> (Vec<u8>, io::Result<()>) {
    let address = server.address();
    tokio::task::spawn_blocking(move || {
        let mut client = RawClient::connect(address);
        for _ in 0..requests {
            client.post_token(crate::support::page::REQUEST).unwrap();
        }
        client.read_to_end()
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn a_reset_is_a_tcp_reset() {
    let (seen, end) = raw(&server_that_responds("{ fault: connection_reset }").await, 1).await;
    assert!(seen.is_empty());
    assert_eq!(end.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn an_empty_response_closes_without_a_byte() {
    let (seen, end) = raw(&server_that_responds("{ fault: empty_response }").await, 1).await;
    assert!(seen.is_empty() && end.is_ok());
}

#[tokio::test]
async fn garbage_is_not_http() {
    let server = server_that_responds("{ fault: garbage }").await;
    let (seen, end) = raw(&server, 1).await;
    assert!(!seen.is_empty() && !seen.starts_with(b"HTTP") && end.is_ok());
    assert!(
        reqwest::Client::new().post(server.token_url()).send().await.is_ok(),
        "malformed ones are not hidden"
    );
}

#[tokio::test]
async fn a_truncated_body_ends_short_of_its_length() {
    let (seen, _) = raw(&server_that_responds("{ fault: truncated_body }").await, 1).await;
    let text = String::from_utf8(seen).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
    assert_eq!(body.len(), length.parse::<usize>().unwrap() / 2);
    assert!(body.starts_with("{\"access_token\""));
}

#[tokio::test]
async fn a_slow_body_is_complete_and_arrives_byte_by_byte() {
    let server =
        server_that_responds("{ error: server_error, fault: slow_body, interval: 2ms }").await;
    let start = Instant::now();
    let response = exchange(&server, "eyJraK").await;
    assert_eq!(response.error(), "server_error");
    assert!(start.elapsed() >= Duration::from_millis(2 * response.text.len() as u64));
}

#[tokio::test]
async fn a_hang_lasts_until_the_client_gives_up_and_does_not_block_others() {
    let server =
        server_with("scenarios: [{ when: { code: hang }, respond: { fault: hang } }]").await;
    let mut hanging = JoinSet::new();
    for _ in 0..50 {
        let url = server.token_url();
        hanging.spawn(async move {
            let request = reqwest::Client::new().post(url).timeout(Duration::from_millis(400));
            let request = request.header("Content-Type", "application/x-www-form-urlencoded");
            request.body("code=hang").send().await.unwrap_err().is_timeout()
        });
    }
    exchange(&server, &code(&server).await).await.ok();
    assert!(hanging.join_all().await.into_iter().all(|timed_out| timed_out));
    let start = Instant::now();
    server.stop().await;
    assert!(start.elapsed() < Duration::from_secs(5), "a hang does not delay the stop");
}

#[tokio::test]
async fn a_fault_can_follow_responses_on_the_same_connection() {
    let server = server_that_responds("[pass, { fault: connection_reset }]").await;
    let (seen, end) = raw(&server, 2).await;
    assert!(end.is_err() || seen.starts_with(b"HTTP/1.1 200"));
    let server = server_that_responds("[pass, pass, { fault: empty_response }]").await;
    let (seen, end) = raw(&server, 3).await;
    let responses = String::from_utf8(seen).unwrap().matches("HTTP/1.1 200").count();
    assert!(end.is_ok());
    assert_eq!(responses, 2);
}

#[tokio::test]
async fn before_changes_nothing_and_after_redeems_the_code() {
    for outcome in [
        "{ error: server_error }",
        "{ status: 503, body: busy }",
        "{ status: 200, json: { hello: 1 } }",
        "{ fault: empty_response }",
        "{ fault: connection_reset }",
        "{ fault: truncated_body }",
    ] {
        for phase in ["before", "after"] {
            let once = format!(
                "[{}]",
                outcome.replace(" }", &format!(", phase: {phase} }}")).replacen(
                    &format!("hello: 1, phase: {phase} }}, phase: {phase} }}"),
                    &format!("hello: 1 }}, phase: {phase} }}"),
                    1,
                )
            );
            let server = server_that_responds(&once).await;
            let code = code(&server).await;
            let body = serde_urlencoded::to_string([
                ("grant_type", "authorization_code"),
                ("client_id", CLIENT.0),
                ("client_secret", CLIENT.1),
                ("code", &code),
            ])
            .unwrap();
            let request = reqwest::Client::new()
                .post(server.token_url())
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(body);
            // The response may be lost; the retry shows whether the request took effect.
            if let Ok(response) = request.send().await {
                let _ = response.bytes().await;
            }
            let retry = exchange(&server, &code).await;
            assert_eq!(retry.status == 200, phase == "before", "{once}: {}", retry.text);
        }
    }
}

#[tokio::test]
async fn a_literal_response_is_sent_unchanged() {
    let server =
        server_that_responds("{ status: 418, headers: { X-Tea: green }, json: { b: 1, a: [2] } }")
            .await;
    let response = exchange(&server, "x").await;
    assert_eq!((response.status, response.header("x-tea")), (418, "green"));
    assert_eq!(response.text, r#"{"b":1,"a":[2]}"#);
    let server = server_that_responds(
        "{ status: 502, body: \"<h1>Bad gateway</h1>\", headers: { Content-Type: text/html } }",
    )
    .await;
    let response = exchange(&server, "x").await;
    assert_eq!((response.status, response.header("content-type")), (502, "text/html"));
    assert_eq!(response.text, "<h1>Bad gateway</h1>");
}

#[tokio::test]
async fn tokens_can_be_altered_in_every_way() {
    let of = async |alteration: &str| {
        let server = server_that_responds(&format!("{{ token: {alteration} }}")).await;
        let response = exchange(&server, &code(&server).await).await.ok();
        let (access, refresh) = (response.member("access_token"), response.member("refresh_token"));
        let call_api = async |token: &str| {
            let request = reqwest::Client::new().post(server.base_url() + "/pts/v2/payments");
            let answer = request.bearer_auth(token).send().await.unwrap();
            HttpResponse::read(answer).await
        };
        (call_api(&access).await, access, refresh, response)
    };
    let (api, access, refresh_token, response) = of("{ lifetime: -1s, which: access }").await;
    assert!(api.header("www-authenticate").contains("expired"), "{}", api.text);
    assert_eq!(response.json()["expires_in"], 0);
    let life = |token: &str| {
        claims(token)["expires_in"].as_i64().unwrap() - claims(token)["iat"].as_i64().unwrap()
    };
    assert_eq!((life(&access), life(&refresh_token)), (-1000, 31_535_999_999));
    let (api, access, ..) =
        of("{ claims: { merchant_id: someone-else, tier: 1 }, drop: [grant_time] }").await;
    assert_eq!(
        (&claims(&access)["merchant_id"], &claims(&access)["tier"]),
        (&json!("someone-else"), &json!(1))
    );
    assert!(claims(&access).get("grant_time").is_none());
    assert!(api.header("www-authenticate").contains("lacks claims"), "{}", api.text);
    let (api, access, ..) = of("{ kid: other }").await;
    assert!(api.header("www-authenticate").contains("signature"), "{}", api.text);
    assert_ne!(header(&access)["kid"], smartpay_oauth_mock::SigningKey::development().kid());
    let (api, access, refresh_token, _) = of("{ signature: invalid, which: access }").await;
    assert!(api.header("www-authenticate").contains("signature"), "{}", api.text);
    assert_eq!(
        access.rsplit_once('.').unwrap().1.len(),
        refresh_token.rsplit_once('.').unwrap().1.len()
    );
    let (api, access, ..) = of("{ alg: none }").await;
    assert!(api.header("www-authenticate").contains("RS256"), "{}", api.text);
    assert_eq!(header(&access)["alg"], "none");
    assert!(access.ends_with('.'));
}

fn header(token: &str) -> Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap())
        .unwrap()
}

#[tokio::test]
async fn the_json_of_a_response_can_be_altered() {
    let server = server_that_responds(
        "{ response: { set: { expires_in: 1, more: true }, drop: [refresh_token] } }",
    )
    .await;
    let response = exchange(&server, &code(&server).await).await.ok().json();
    assert_eq!((&response["expires_in"], &response["more"]), (&json!(1), &json!(true)));
    assert!(response.get("refresh_token").is_none());
    assert_eq!(
        exchange(&server, "unknown").await.error(),
        "invalid_request",
        "errors are not altered"
    );
}

#[tokio::test]
async fn a_rate_limit_counts_by_the_realms_clock() {
    let server = server_that_responds("{ rate_limit: { requests: 2, per: 1m } }").await;
    server.clock().freeze();
    for _ in 0..2 {
        exchange(&server, &code(&server).await).await.ok();
    }
    let response = exchange(&server, &code(&server).await).await;
    assert_eq!((response.status, response.header("retry-after")), (429, "60"));
    server.clock().advance(Duration::from_secs(60));
    exchange(&server, &code(&server).await).await.ok();
}

#[tokio::test]
async fn held_requests_wait_for_the_last_one_or_for_a_release() {
    let server = Arc::new(MockAuthServer::start().await);
    let token = exchange(&server, &code(&server).await).await.ok().member("refresh_token");
    let when = When::new().grant_type("refresh_token");
    let guard = server.inject(Scenario::respond(Outcome::hold(8)).when(when.clone())).await;
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let (server, token) = (Arc::clone(&server), token.clone());
        clients.spawn(async move { refresh(&server, &token).await.status });
    }
    assert!(clients.join_all().await.iter().all(|status| *status == 200));
    assert_eq!((guard.matched(), guard.held()), (8, 0));
    drop(guard);
    let guard = server.inject(Scenario::respond(Outcome::hold(100)).when(when)).await;
    let other = Arc::clone(&server);
    let waiting = tokio::spawn(async move { refresh(&other, &token).await.status });
    while guard.held() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(guard.release(), 1);
    assert_eq!(waiting.await.unwrap(), 200);
}

#[tokio::test]
async fn a_scenario_of_500_errors_gives_1000_requests_exactly_500() {
    let server = Arc::new(MockAuthServer::start().await);
    let _guard = server.inject(Scenario::respond(Outcome::error("server_error")).times(500)).await;
    let client = reqwest::Client::new();
    let mut clients = JoinSet::new();
    for _ in 0..1_000 {
        let (server, client) = (Arc::clone(&server), client.clone());
        clients.spawn(async move {
            let request = client.post(server.token_url()).body(crate::support::page::REQUEST);
            let request = request.header("Content-Type", "application/x-www-form-urlencoded");
            request.send().await.unwrap().status().as_u16()
        });
    }
    let statuses = clients.join_all().await;
    let count = |expected| statuses.iter().filter(|status| **status == expected).count();
    assert_eq!((count(500), count(200)), (500, 500));
}

#[tokio::test]
async fn a_request_can_name_a_scenario_or_an_error_code() {
    let server = server_with(
        "scenarios: [{ name: tea, enabled: false, respond: { error: teapot, status: 418 } }]",
    )
    .await;
    let send = async |name: &str| {
        let request = reqwest::Client::new()
            .post(server.token_url())
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("x-mock-scenario", name)
            .body(crate::support::page::REQUEST);
        HttpResponse::read(request.send().await.unwrap()).await
    };
    assert_eq!(send("tea").await.status, 418);
    assert_eq!(send("merchant_not_active").await.error(), "merchant_not_active");
    let unknown = send("coffee").await;
    assert!(unknown.description().contains("x-mock-scenario names neither"), "{}", unknown.text);
    crate::support::post(&server.token_url(), crate::support::page::REQUEST).await.ok();
}

#[tokio::test]
async fn an_injected_scenario_is_removed_with_its_guard() {
    let server = MockAuthServer::start().await;
    let guard = server.inject(Scenario::respond(Outcome::fault(Fault::EmptyResponse))).await;
    let lost = form(&server, &[("code", "x")]);
    assert!(
        tokio::spawn(async { reqwest::get("http://127.0.0.1:1").await.is_err() }).await.unwrap()
    );
    drop(guard);
    assert_eq!(lost.await.status, 400);
    assert_eq!(SignedDuration::from_ms(-1).as_ms(), -1);
}

#[tokio::test]
async fn every_endpoint_can_have_scenarios() {
    for endpoint in ["token", "authorize", "resource", "introspect", "revoke", "jwks"] {
        let server = server_with(&format!(
            "scenarios: [{{ when: {{ endpoint: {endpoint} }}, respond: {{ status: 499, body: hit }} }}]"
        ))
        .await;
        let base = server.base_url();
        let client = reqwest::Client::new();
        let requests = [
            ("token", client.post(format!("{base}/oauth/v3/token"))),
            (
                "authorize",
                client.get(format!(
                    "{base}/ebc2/oauth/authorize?sub=oauth&client_id={}&redirect_url=https://www.example.com",
                    CLIENT.0
                )),
            ),
            ("resource", client.post(format!("{base}/pts/v2/payments"))),
            ("introspect", client.post(format!("{base}/oauth2/v3/introspect"))),
            ("revoke", client.post(format!("{base}/oauth2/v3/revoke"))),
            ("jwks", client.get(format!("{base}/.well-known/jwks.json"))),
        ];
        for (name, request) in requests {
            let request = request.header("Content-Type", "application/x-www-form-urlencoded");
            let status = request.send().await.unwrap().status().as_u16();
            assert_eq!(status == 499, name == endpoint, "{endpoint} {name}");
        }
    }
}

#[tokio::test]
async fn the_control_api_adds_shows_replaces_releases_and_removes() {
    let server = MockAuthServer::start().await;
    let client = reqwest::Client::new();
    let url = |path: &str| format!("{}/_mock/scenarios{path}", server.base_url());
    let request = async |method: &str, path: &str, body: Value| {
        let mut builder = client.request(method.parse().unwrap(), url(path));
        if !body.is_null() {
            builder = builder.json(&body);
        }
        HttpResponse::read(builder.send().await.unwrap()).await
    };
    let made =
        request("POST", "", json!({ "respond": { "error": "access_denied" }, "times": 2 })).await;
    assert_eq!(made.status, 201);
    let name = made.member("name");
    assert_eq!(exchange(&server, "x").await.error(), "access_denied");
    let shown = request("GET", &format!("/{name}"), Value::Null).await.ok().json();
    assert_eq!(
        (&shown["matched"], &shown["remaining"], &shown["held"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!(shown["respond"], json!({ "error": "access_denied" }));
    let put = json!({ "respond": ["pass", { "delay": "1ms" }], "then": "repeat" });
    assert_eq!(request("PUT", &format!("/{name}"), put).await.ok().json()["matched"], 0);
    let all = request("GET", "", Value::Null).await.ok().json();
    assert_eq!(all["scenarios"][0]["name"], *name);
    assert_eq!(all["scenarios"].as_array().unwrap().len(), 12);
    let released = request("POST", &format!("/{name}/release"), Value::Null).await.ok();
    assert_eq!(released.json(), json!({ "released": 0 }));
    assert_eq!(request("DELETE", &format!("/{name}"), Value::Null).await.status, 204);
    assert_eq!(request("GET", &format!("/{name}"), Value::Null).await.status, 404);
    assert_eq!(request("DELETE", "", Value::Null).await.status, 204);
    assert_eq!(request("GET", "", Value::Null).await.ok().json(), json!({ "scenarios": [] }));
    for (body, pointer) in [
        (json!({ "respond": { "eror": "x" } }), "/respond/eror"),
        (json!({ "respond": "pass", "when": { "client_id": "nobody" } }), "/when/client_id"),
        (json!({ "respond": "pass", "times": 0 }), "/times"),
        (json!({ "respond": { "fault": "explode" } }), "/respond/fault"),
        (json!({ "respond": "pass", "colour": 1 }), "/colour"),
        (json!({}), ""),
    ] {
        let response = request("POST", "", body.clone()).await;
        assert_eq!(response.status, 422, "{body}: {}", response.text);
        assert_eq!(response.json()["errors"][0]["pointer"], pointer, "{body}: {}", response.text);
    }
    let again = json!({ "name": "same", "respond": "pass" });
    assert_eq!(request("POST", "", again.clone()).await.status, 201);
    assert_eq!(request("POST", "", again).await.status, 409);
    assert_eq!(
        request("GET", "", Value::Null).await.ok().json()["scenarios"].as_array().unwrap().len(),
        1
    );
}

/// A scenario that replaces another by its name releases the requests that the other holds.
#[tokio::test]
async fn a_replaced_scenario_releases_the_requests_that_it_holds() {
    let server = MockAuthServer::start().await;
    let hold = || Scenario::respond(Outcome::hold(9)).name("hold");
    let first = server.inject(hold()).await;
    let url = server.token_url();
    let held =
        tokio::spawn(
            async move { crate::support::post(&url, crate::support::page::REQUEST).await },
        );
    while first.held() == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let second = server.inject(hold()).await;
    held.await.unwrap().ok();
    // The guard of the first scenario does not affect the second.
    drop(first);
    assert_eq!(server.scenarios().await[0].scenario.name.as_deref(), Some("hold"));
    assert_eq!(second.matched(), 0);
}

/// A request that names an exhausted scenario gets the ordinary response.
#[tokio::test]
async fn an_exhausted_scenario_that_is_named_has_no_effect() {
    let server = MockAuthServer::start().await;
    let once = Scenario::respond(Outcome::error("teapot")).name("once").times(1);
    let _once = server.inject(once).await;
    for status in [400, 200] {
        let request = reqwest::Client::new()
            .post(server.token_url())
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("x-mock-scenario", "once")
            .body(crate::support::page::REQUEST);
        assert_eq!(request.send().await.unwrap().status(), status);
    }
    let all = server.requests().await;
    let scenario = |n: usize| all[n].outcome.as_ref().unwrap().scenario.as_deref();
    assert_eq!((scenario(0), scenario(1)), (Some("once"), None));
    assert!(all[1].notes.concat().contains("has no matches left"));
}

#[tokio::test]
async fn the_metadata_document_can_have_scenarios() {
    let server = MockAuthServer::start().await;
    let url = server.base_url() + "/.well-known/oauth-authorization-server";
    for endpoint in [smartpay_oauth_mock::Endpoint::Metadata, smartpay_oauth_mock::Endpoint::Any] {
        let teapot =
            Scenario::respond(Outcome::text(418, "tea")).when(When::new().endpoint(endpoint));
        let _teapot = server.inject(teapot).await.expect(1);
        assert_eq!(reqwest::get(&url).await.unwrap().status(), 418);
    }
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 200);
}
