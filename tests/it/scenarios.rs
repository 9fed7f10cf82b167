//! What an independent client sees of each outcome of a scenario.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::raw_client::RawClient;
use crate::support::{
    CLIENT, FORM, call, claims, code, exchange, exchange_form, exchange_new_code, fetch, form,
    form_post, gets_response, page, post, post_sample, refresh, server_with,
};
use serde_json::{Value, json};
use smartpay_oauth_mock::{
    Endpoint, Fault, MockAuthServer, Outcome, Scenario, When, units::SignedDuration,
};
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
            client.post_token(page::REQUEST).unwrap();
        }
        client.read_to_end()
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn a_reset_is_a_tcp_reset() {
    let (received, end) = raw(&server_that_responds("{ fault: connection_reset }").await, 1).await;
    assert!(received.is_empty());
    assert_eq!(end.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn an_empty_response_closes_without_a_byte() {
    let (received, end) = raw(&server_that_responds("{ fault: empty_response }").await, 1).await;
    assert!(received.is_empty() && end.is_ok());
}

#[tokio::test]
async fn garbage_is_not_http() {
    let server = server_that_responds("{ fault: garbage }").await;
    let (received, end) = raw(&server, 1).await;
    assert!(!received.is_empty() && !received.starts_with(b"HTTP") && end.is_ok());
    assert!(
        reqwest::Client::new().post(server.token_url()).send().await.is_ok(),
        "malformed ones are not hidden"
    );
}

#[tokio::test]
async fn a_truncated_body_ends_short_of_its_length() {
    let (received, _) = raw(&server_that_responds("{ fault: truncated_body }").await, 1).await;
    let text = String::from_utf8(received).unwrap();
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
            let request = form_post(url).timeout(Duration::from_millis(400));
            request.body("code=hang").send().await.unwrap_err().is_timeout()
        });
    }
    exchange_new_code(&server).await;
    assert!(hanging.join_all().await.into_iter().all(|timed_out| timed_out));
    let start = Instant::now();
    server.stop().await;
    assert!(start.elapsed() < Duration::from_secs(5), "a hang does not delay the stop");
}

#[tokio::test]
async fn a_fault_can_follow_responses_on_the_same_connection() {
    let server = server_that_responds("[pass, { fault: connection_reset }]").await;
    let (received, end) = raw(&server, 2).await;
    assert!(end.is_err() || received.starts_with(b"HTTP/1.1 200"));
    let server = server_that_responds("[pass, pass, { fault: empty_response }]").await;
    let (received, end) = raw(&server, 3).await;
    let responses = String::from_utf8(received).unwrap().matches("HTTP/1.1 200").count();
    assert!(end.is_ok());
    assert_eq!(responses, 2);
}

#[tokio::test]
async fn before_changes_nothing_and_after_redeems_the_code() {
    for outcome in [
        "error: server_error",
        "status: 503, body: busy",
        "status: 200, json: { hello: 1 }",
        "fault: empty_response",
        "fault: connection_reset",
        "fault: truncated_body",
    ] {
        for phase in ["before", "after"] {
            let once = format!("[{{ {outcome}, phase: {phase} }}]");
            let server = server_that_responds(&once).await;
            let code = code(&server).await;
            let request = form_post(server.token_url()).body(exchange_form(&code));
            // The response may be lost; the retry shows whether the request took effect.
            gets_response(request).await;
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
        let response = exchange_new_code(&server).await;
        let (access, refresh) = (response.member("access_token"), response.member("refresh_token"));
        let call_api = async |token: &str| {
            let request = reqwest::Client::new().post(server.base_url() + "/pts/v2/payments");
            fetch(request.bearer_auth(token)).await
        };
        let challenge = call_api(&access).await.header("www-authenticate").to_owned();
        (challenge, access, refresh, response)
    };
    let (api, access, refresh_token, response) = of("{ lifetime: -1s, which: access }").await;
    assert!(api.contains("expired"), "{api}");
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
    assert!(api.contains("lacks claims"), "{api}");
    let (api, access, ..) = of("{ kid: other }").await;
    assert!(api.contains("signature"), "{api}");
    assert_ne!(header(&access)["kid"], smartpay_oauth_mock::SigningKey::development().kid());
    let (api, access, refresh_token, _) = of("{ signature: invalid, which: access }").await;
    assert!(api.contains("signature"), "{api}");
    assert_eq!(
        access.rsplit_once('.').unwrap().1.len(),
        refresh_token.rsplit_once('.').unwrap().1.len()
    );
    let (api, access, ..) = of("{ alg: none }").await;
    assert!(api.contains("RS256"), "{api}");
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
    let response = exchange_new_code(&server).await.json();
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
        exchange_new_code(&server).await;
    }
    let response = exchange(&server, &code(&server).await).await;
    assert_eq!((response.status, response.header("retry-after")), (429, "60"));
    server.clock().advance(Duration::from_secs(60));
    exchange_new_code(&server).await;
}

#[tokio::test]
async fn held_requests_wait_for_the_last_one_or_for_a_release() {
    let server = Arc::new(MockAuthServer::start().await);
    let token = exchange_new_code(&server).await.member("refresh_token");
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
            let request = client.post(server.token_url()).body(page::REQUEST);
            request.header("Content-Type", FORM).send().await.unwrap().status().as_u16()
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
        let request =
            form_post(server.token_url()).header("x-mock-scenario", name).body(page::REQUEST);
        fetch(request).await
    };
    assert_eq!(send("tea").await.status, 418);
    assert_eq!(send("merchant_not_active").await.error(), "merchant_not_active");
    let unknown = send("coffee").await;
    assert!(unknown.description().contains("x-mock-scenario names neither"), "{}", unknown.text);
    post_sample(&server).await.ok();
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
            let status =
                request.header("Content-Type", FORM).send().await.unwrap().status().as_u16();
            assert_eq!(status == 499, name == endpoint, "{endpoint} {name}");
        }
    }
}

#[tokio::test]
async fn the_control_api_adds_shows_replaces_releases_and_removes() {
    let server = MockAuthServer::start().await;
    let request = async |method: &str, path: &str, body: Value| {
        let url = format!("{}/_mock/scenarios{path}", server.base_url());
        call(method, url, Some(body).filter(|body| !body.is_null())).await
    };
    let created =
        request("POST", "", json!({ "respond": { "error": "access_denied" }, "times": 2 })).await;
    assert_eq!(created.status, 201);
    let name = created.member("name");
    assert_eq!(exchange(&server, "x").await.error(), "access_denied");
    let state = request("GET", &format!("/{name}"), Value::Null).await.ok().json();
    assert_eq!(
        (&state["matched"], &state["remaining"], &state["held"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!(state["respond"], json!({ "error": "access_denied" }));
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
    let held = tokio::spawn(async move { post(&url, page::REQUEST).await });
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
        let request =
            form_post(server.token_url()).header("x-mock-scenario", "once").body(page::REQUEST);
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

/// `for` counts by the realm's clock, from the moment that the scenario comes into force.
#[tokio::test]
async fn a_scenario_ends_by_itself_and_starts_anew_with_a_change_a_reset_and_new_fixtures() {
    let fixtures =
        "extends: default\nscenarios: [{ name: it, respond: { error: busy }, for: 30s }]";
    let builder = MockAuthServer::builder().fixtures(fixtures).unwrap();
    let server = builder.start().await.unwrap();
    server.clock().freeze();
    let control = |path: &str| format!("{}/_mock/{path}", server.base_url());
    let error = async || refresh(&server, "none").await.error();
    let expire = async || {
        server.clock().advance(Duration::from_secs(29));
        assert_eq!(error().await, "busy");
        server.clock().advance(Duration::from_secs(1));
        assert_eq!(error().await, "invalid_request");
    };
    let state = async || {
        let request = reqwest::Client::new().get(control("scenarios/it"));
        fetch(request).await.ok().json()
    };

    assert_eq!(state().await["remaining"], Value::Null);
    expire().await;
    let ended = state().await;
    assert_eq!((&ended["remaining"], &ended["matched"]), (&json!(0), &json!(1)));
    assert!(ended["ends_at"].as_str().unwrap().ends_with('Z'), "{ended}");

    let client = reqwest::Client::new();
    let body = json!({ "respond": { "error": "busy" }, "for": "30s", "times": 5 });
    let changed = fetch(client.put(control("scenarios/it")).json(&body)).await.ok().json();
    assert_eq!(changed["remaining"], 5);
    expire().await;

    client.post(control("reset")).send().await.unwrap();
    server.clock().freeze();
    expire().await;

    server.replace_fixtures(fixtures).await.unwrap();
    expire().await;
}

#[tokio::test]
async fn a_named_scenario_whose_time_is_over_has_no_effect() {
    let server = MockAuthServer::start().await;
    server.clock().freeze();
    let brief = Scenario::respond(Outcome::error("teapot")).name("brief").disabled();
    let _brief = server.inject(brief.for_duration(Duration::from_secs(5))).await;
    for (advance, status) in [(4, 400), (1, 200)] {
        server.clock().advance(Duration::from_secs(advance));
        let request = reqwest::Client::new()
            .post(server.token_url())
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("x-mock-scenario", "brief")
            .body(crate::support::page::REQUEST);
        assert_eq!(request.send().await.unwrap().status(), status);
    }
}

/// The path is that within the realm, without the query.
#[tokio::test]
async fn path_and_method_select_requests_of_every_endpoint() {
    let server = MockAuthServer::start().await;
    let realm = server.new_realm("blue").create().unwrap();
    for (method, path) in [
        ("POST", "/oauth2/v3/token"),
        ("POST", "/oauth2/v3/introspect"),
        ("GET", "/.well-known/jwks.json"),
        ("GET", "/.well-known/oauth-authorization-server"),
        ("POST", "/pts/v2/payments"),
        ("GET", "/tss/v2/transactions/7?x=1"),
    ] {
        let when = When::new()
            .endpoint(Endpoint::Any)
            .method(method)
            .path(path.split('?').next().unwrap());
        let teapot = Scenario::respond(Outcome::text(418, "tea")).when(when);
        let guard = realm.inject(teapot).await;
        for (url, matched) in [(realm.base_url(), 1), (server.base_url(), 1)] {
            let request = reqwest::Client::new()
                .request(method.parse().unwrap(), url + path)
                .header("Content-Type", "application/x-www-form-urlencoded");
            request.send().await.unwrap();
            assert_eq!(guard.matched(), matched, "{method} {path}");
        }
    }
}
