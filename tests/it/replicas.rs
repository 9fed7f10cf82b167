//! Servers that share a store are one server, whichever of them a request reaches. What a client sees is
//! the same as with one server that has its state in memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::folder::Folder;
use crate::support::program::{Running, run, text};
use crate::support::store::{Cluster, Servers, Store};
use crate::support::{HttpResponse, exchange_form, refresh_form};

/// Sends forms to the servers at the same time.
async fn at_once(servers: &Arc<Servers>, forms: Vec<String>) -> Vec<HttpResponse> {
    let mut tasks = JoinSet::new();
    for form in forms {
        let servers = Arc::clone(servers);
        tasks.spawn(async move { servers.token(form).await });
    }
    tasks.join_all().await
}

fn count(responses: &[HttpResponse], status: u16) -> usize {
    responses.iter().filter(|response| response.status == status).count()
}

fn number(response: &HttpResponse, pointer: &str) -> u64 {
    response.json().pointer(pointer).and_then(Value::as_u64).expect(pointer)
}

#[tokio::test]
async fn a_code_is_exchanged_once_by_a_thousand_clients() {
    for servers in Servers::both("once") {
        let servers = Arc::new(servers);
        let code = servers.code().await;

        let responses = at_once(&servers, vec![exchange_form(&code); 1_000]).await;

        assert_eq!(count(&responses, 200), 1);
        for refused in responses.iter().filter(|response| response.status != 200) {
            assert!(refused.description().contains("already used"), "{}", refused.text);
        }
    }
}

#[tokio::test]
async fn a_list_of_500_errors_meets_exactly_500_requests() {
    for servers in Servers::both("list") {
        let servers = Arc::new(servers);
        let token = servers.tokens().await.member("refresh_token");
        let scenario = json!({
            "when": { "grant_type": "refresh_token" },
            "respond": vec![json!({ "error": "server_error" }); 500],
        });
        servers.control("PUT", "/scenarios/busy", Some(scenario)).await;

        let responses = at_once(&servers, vec![refresh_form(&token); 700]).await;

        assert_eq!((count(&responses, 500), count(&responses, 200)), (500, 200));
        let state = servers.control("GET", "/scenarios/busy", None).await;
        assert_eq!(number(&state, "/matched"), 700, "the ordinary response is the end of the list");
        let page = servers.control("GET", "/requests?error=server_error", None).await;
        assert_eq!(number(&page, "/total"), 500);
        servers.control("DELETE", "/scenarios/busy", None).await;
        assert_eq!(servers.refresh(&token).await.status, 200);
    }
}

#[tokio::test]
async fn a_revoked_grant_is_dead_at_every_server_in_the_very_next_call() {
    for servers in Servers::both("revoked") {
        for _ in 0..200 {
            let tokens = servers.tokens().await;
            let access_token = tokens.member("access_token");
            assert_eq!(servers.api(&access_token).await.status, 200);
            let grants = servers.control("GET", "/grants", None).await.json();
            let live = grants["grants"].as_array().expect("grants").iter();
            let mut newest = live
                .filter(|grant| grant["client_id"] == "v6TJH1IqhM" && grant["revoked"] == false);
            let id = newest.next_back().expect("a grant")["id"].as_str().expect("an ID").to_owned();

            servers.control("DELETE", &format!("/grants/{id}"), None).await;

            for _ in &servers.replicas {
                assert_eq!(servers.api(&access_token).await.status, 401);
                let refused = servers.refresh(&tokens.member("refresh_token")).await;
                assert_eq!(refused.error(), "access_denied", "{}", refused.text);
            }
        }
    }
}

#[tokio::test]
async fn a_replay_and_a_rotation_are_known_everywhere() {
    for servers in Servers::both("rotation") {
        let fixtures = json!({ "extends": "default", "settings": {
            "refresh_policy": "rotate", "reuse_detection": "revoke_grant", "code_replay": "revoke",
        } });
        servers.control("PUT", "/fixtures", Some(fixtures)).await.ok();

        let first = servers.tokens().await.member("refresh_token");
        let second = servers.refresh(&first).await.ok().member("refresh_token");
        assert_ne!(first, second);
        assert!(servers.refresh(&first).await.description().contains("replaced"));
        assert!(servers.refresh(&second).await.description().contains("had been replaced"));

        let code = servers.code().await;
        let tokens = servers.exchange(&code).await.ok();
        assert!(servers.exchange(&code).await.description().contains("revoked its grant"));
        assert_eq!(servers.api(&tokens.member("access_token")).await.status, 401);
    }
}

#[tokio::test]
async fn control_calls_hold_for_every_request_after_their_response() {
    for servers in Servers::both("control") {
        let tokens = servers.tokens().await;
        let token = tokens.member("refresh_token");
        let status = |status: &str| Some(json!({ "status": status }));

        for _ in 0..20 {
            servers.control("PATCH", "/clients/v6TJH1IqhM", status("inactive")).await.ok();
            assert_ne!(servers.refresh(&token).await.status, 200, "the client is inactive");
            servers.control("PATCH", "/clients/v6TJH1IqhM", status("active")).await.ok();
            assert_eq!(servers.refresh(&token).await.status, 200);

            servers.control("PATCH", "/merchants/rahulrama", status("inactive")).await.ok();
            assert_eq!(servers.refresh(&token).await.error(), "merchant_not_active");
            servers.control("PATCH", "/merchants/rahulrama", status("active")).await.ok();
        }

        assert_eq!(servers.api(&tokens.member("access_token")).await.status, 200);
        servers.control("POST", "/clock/advance", Some(json!({ "by": "16m" }))).await.ok();
        assert_eq!(servers.api(&tokens.member("access_token")).await.status, 401, "expired");
        servers.control("DELETE", "/clock", None).await.ok();
        assert_eq!(servers.api(&tokens.member("access_token")).await.status, 200);

        servers.control("POST", "/reset", None).await;
        let grants = servers.control("GET", "/grants", None).await.json();
        let mut clients = grants["grants"].as_array().expect("grants").iter();
        assert!(clients.all(|grant| grant["client_id"] != "v6TJH1IqhM"), "{grants}");
        let entries = servers.control("GET", "/requests", None).await;
        assert_eq!(number(&entries, "/total"), 0);
    }
}

#[tokio::test]
async fn concurrent_edits_at_different_servers_are_all_kept() {
    for servers in Servers::both("edits") {
        let servers = Arc::new(servers);
        let mut tasks = JoinSet::new();
        for n in 0..24 {
            let servers = Arc::clone(&servers);
            tasks.spawn(async move {
                let client = json!({ "secret": "s", "redirect_urls": ["https://a.example"] });
                servers.control("PUT", &format!("/clients/client-{n}"), Some(client)).await.status
            });
        }
        let statuses = tasks.join_all().await;

        assert_eq!(statuses, [201; 24]);
        let clients = servers.control("GET", "/clients", None).await.json();
        let ids = clients["clients"].as_array().expect("clients").iter();
        let added =
            ids.filter(|client| client["id"].as_str().is_some_and(|id| id.contains("client-")));
        assert_eq!(added.count(), 24);
    }
}

#[tokio::test]
async fn requests_that_a_scenario_holds_wait_for_each_other() {
    for servers in Servers::both("hold") {
        let servers = Arc::new(servers);
        let token = servers.tokens().await.member("refresh_token");
        let hold = json!({
            "when": { "grant_type": "refresh_token" }, "respond": { "hold": { "until": 6 } },
        });
        servers.control("PUT", "/scenarios/meet", Some(hold)).await;
        let five = tokio::spawn({
            let (servers, form) = (Arc::clone(&servers), refresh_form(&token));
            async move { at_once(&servers, vec![form; 5]).await }
        });
        wait_for_held(&servers, 5).await;
        let page = servers.control("GET", "/requests", None).await.json();
        let without_response = page["requests"].as_array().expect("requests").iter();
        let in_flight = without_response.filter(|request| request["outcome"].is_null());
        assert_eq!(in_flight.count(), 5, "they are in the journal");

        assert_eq!(servers.refresh(&token).await.status, 200, "the sixth releases all");
        assert_eq!(count(&five.await.expect("responses"), 200), 5);
        let expected = json!({ "match": { "scenario": "meet" }, "count": { "exactly": 6 } });
        let verified = servers.control("POST", "/requests/verify", Some(expected)).await;
        assert_eq!((number(&verified, "/matched"), number(&verified, "/overlapped")), (6, 6));

        let three = tokio::spawn({
            let (servers, form) = (Arc::clone(&servers), refresh_form(&token));
            async move { at_once(&servers, vec![form; 3]).await }
        });
        wait_for_held(&servers, 3).await;
        let released = servers.control("POST", "/scenarios/meet/release", None).await;
        assert_eq!(number(&released, "/released"), 3);
        assert_eq!(count(&three.await.expect("responses"), 200), 3);
    }
}

async fn wait_for_held(servers: &Servers, expected: u64) {
    let start = Instant::now();
    loop {
        let state = servers.control("GET", "/scenarios/meet", None).await;
        if number(&state, "/held") == expected {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{}", state.text);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn rate_limits_and_draws_count_the_requests_of_all_servers() {
    let mut draws = Vec::new();
    for servers in Servers::both("counted") {
        let token = servers.tokens().await.member("refresh_token");
        let when = json!({ "grant_type": "refresh_token" });
        let limit = json!({ "rate_limit": { "requests": 4, "per": "60s" } });
        let scenario = json!({ "when": when, "respond": limit });
        servers.control("PUT", "/scenarios/limited", Some(scenario)).await;
        let mut statuses = Vec::new();
        for _ in 0..7 {
            statuses.push(servers.refresh(&token).await.status);
        }
        assert_eq!(statuses, [200, 200, 200, 200, 429, 429, 429]);
        servers.control("DELETE", "/scenarios/limited", None).await;

        let scenario = json!({
            "when": when, "respond": { "error": "server_error" }, "probability": 0.5, "seed": 42,
        });
        servers.control("PUT", "/scenarios/drawn", Some(scenario)).await;
        let mut statuses = Vec::new();
        for _ in 0..200 {
            statuses.push(servers.refresh(&token).await.status);
        }
        draws.push(statuses);
    }
    assert!(draws.iter().all(|statuses| *statuses == draws[0]), "the same draws as in memory");
}

#[tokio::test]
async fn a_realm_is_one_at_all_servers_until_it_is_removed() {
    for servers in Servers::both("realms") {
        let hosts = json!({ "hosts": ["pay.example"] });
        assert_eq!(servers.control("PUT", "/realms/blue", Some(hosts.clone())).await.status, 201);
        let taken = servers.control("PUT", "/realms/green", Some(hosts)).await;
        assert_eq!(taken.status, 409, "{}", taken.text);

        let request = json!({ "client_id": "v6TJH1IqhM", "merchant_id": "rahulrama" });
        let url = servers.url("/realms/blue/_mock/codes");
        let code = crate::support::call("POST", url, Some(request)).await.member("code");
        let by_path = servers.url("/realms/blue/oauth2/v3/token");
        let exchanged = crate::support::post(&by_path, exchange_form(&code)).await;
        assert_eq!(exchanged.status, 200, "{}", exchanged.text);
        assert_ne!(servers.exchange(&code).await.status, 200, "not in the default realm");

        let by_host = reqwest::Client::new()
            .post(servers.url("/oauth2/v3/token"))
            .header("host", "pay.example")
            .header("content-type", "application/x-www-form-urlencoded");
        let replayed = crate::support::fetch(by_host.body(exchange_form(&code))).await;
        assert!(replayed.description().contains("already used"), "{}", replayed.text);

        let realms = servers.control("GET", "/realms", None).await.json();
        let names = realms["realms"].as_array().expect("realms").iter().map(|realm| &realm["name"]);
        assert_eq!(names.collect::<Vec<_>>(), ["default", "blue"]);

        assert_eq!(servers.control("DELETE", "/realms/blue", None).await.status, 204);
        for _ in &servers.replicas {
            let url = servers.url("/realms/blue/oauth2/v3/token");
            assert_eq!(crate::support::post(&url, exchange_form("x")).await.status, 404);
        }
    }
}

#[tokio::test]
async fn the_journal_and_the_report_are_those_of_all_servers() {
    for servers in Servers::both("journal") {
        let servers = Arc::new(servers);
        for n in 1..=30 {
            servers.exchange("unknown").await;
            let page = servers.control("GET", "/requests", None).await;
            assert_eq!(
                number(&page, "/total"),
                n,
                "each is there when its client has the response"
            );
            assert_eq!(number(&page, &format!("/requests/{}/id", n - 1)), n);
        }

        let waiting = tokio::spawn({
            let servers = Arc::clone(&servers);
            let expected = json!({ "match": { "endpoint": "token" }, "count": { "exactly": 31 } });
            async move { servers.control("POST", "/requests/verify?wait=30s", Some(expected)).await }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        servers.exchange("unknown").await;
        assert_eq!(waiting.await.expect("a response").json()["satisfied"], true);

        let report = servers.control("GET", "/report", None).await;
        assert_eq!(number(&report, "/requests"), 31);
        servers.control("DELETE", "/requests", None).await;
        let page = servers.control("GET", "/requests", None).await;
        assert_eq!(number(&page, "/total"), 0);
    }
}

#[tokio::test]
async fn a_restart_of_everything_keeps_everything() {
    let Some(mut servers) = Servers::sharing("restart") else { return };
    let code = servers.code().await;
    let tokens = servers.tokens().await;
    let scenario =
        json!({ "when": { "code": "*" }, "respond": { "error": "server_error" }, "times": 2 });
    servers.control("PUT", "/scenarios/twice", Some(scenario)).await;
    servers.control("POST", "/clock/advance", Some(json!({ "by": "5m" }))).await.ok();
    servers.control("PUT", "/realms/blue", None).await;
    assert_eq!(servers.exchange(&code).await.status, 500);

    servers.kill_all();
    servers.store_mut().kill();
    servers.store_mut().restart();
    servers.start();

    assert_eq!(servers.exchange(&code).await.status, 500, "the second of two");
    assert_eq!(servers.exchange(&code).await.status, 200);
    assert_eq!(servers.refresh(&tokens.member("refresh_token")).await.status, 200);
    let clock = servers.control("GET", "/clock", None).await;
    let offset_ms = clock.json()["offset_ms"].as_i64().expect("an offset");
    assert!((300_000 - 1_000..=300_000 + 1_000).contains(&offset_ms), "{offset_ms}");
    let realms = servers.control("GET", "/realms", None).await.json();
    assert_eq!(realms["realms"][1]["name"], "blue");
    let page = servers.control("GET", "/requests", None).await;
    assert_eq!(number(&page, "/total"), 5, "{}", page.text);
    let report = servers.control("GET", "/report", None).await.json();
    assert_eq!(report["requests"], 5);
    let again = servers.control("GET", "/report", None).await.json();
    assert_eq!(report["since"], again["since"], "that of the first request, at each server");
}

#[tokio::test]
async fn a_store_that_is_away_fails_requests_and_comes_back() {
    let Some(servers) = Servers::sharing("away") else { return };
    let tokens = servers.tokens().await;
    let (access, refresh) = (tokens.member("access_token"), tokens.member("refresh_token"));
    let code = servers.code().await;

    servers.store().signal("-STOP");
    let start = Instant::now();
    let response = servers.refresh(&refresh).await;
    assert_eq!((response.status, response.error().as_str()), (500, "server_error"));
    // Within 2 s; a loaded machine may take longer.
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(servers.api(&access).await.status, 503);
    assert_eq!(
        servers.control("POST", "/clock/advance", Some(json!({ "by": "1h" }))).await.status,
        503
    );
    let health = servers.control("GET", "/health", None).await;
    assert_eq!((health.status, health.member("status").as_str()), (503, "unavailable"));
    assert!(!health.json()["store"]["reason"].is_null(), "{}", health.text);
    let command = run(&["health", "--server", servers.replicas[0].url()]);
    assert_eq!(command.status.code(), Some(1));
    let reason = format!("the store at 127.0.0.1:{} is not available", servers.store().port);
    assert!(text(&command.stderr).contains(&reason), "{}", text(&command.stderr));
    servers.store().signal("-CONT");

    for replica in &servers.replicas {
        while reqwest::get(format!("{}/_mock/health", replica.url())).await.unwrap().status() != 200
        {
        }
    }
    assert_eq!(servers.exchange(&code).await.status, 200, "nothing was changed meanwhile");
    assert_eq!(servers.api(&access).await.status, 200, "nor was the clock");
    for replica in &servers.replicas {
        let log = replica.log();
        let lines = |text: &str| log.lines().filter(|line| line.contains(text)).count();
        assert!(lines("is not available") <= 1, "{log}");
        assert_eq!(lines("is available again"), lines("is not available"), "{log}");
    }
}

#[tokio::test]
async fn no_exchange_succeeds_twice_while_servers_and_store_are_killed() {
    let Some(mut servers) = Servers::sharing("killed") else { return };
    let mut codes = Vec::new();
    for _ in 0..60 {
        codes.push(servers.code().await);
    }

    let urls: Vec<String> = servers
        .replicas
        .iter()
        .map(|replica| format!("{}/oauth2/v3/token", replica.url()))
        .collect();
    let mut clients = JoinSet::new();
    for (n, code) in codes.iter().enumerate() {
        let (urls, form) = (urls.clone(), exchange_form(code));
        clients.spawn(async move { persistent_exchanges(&urls, n, &form).await });
    }
    tokio::time::sleep(Duration::from_millis(150)).await;
    servers.replicas[0].child.kill().unwrap();
    servers.store_mut().kill();
    tokio::time::sleep(Duration::from_millis(300)).await;
    servers.store_mut().restart();

    let mut tokens = Vec::new();
    for successes in clients.join_all().await {
        assert!(successes.len() <= 1, "an exchange succeeded twice");
        tokens.extend(successes);
    }
    servers.replicas.remove(0);
    for token in tokens {
        assert_eq!(servers.refresh(&token).await.status, 200, "what was answered is kept");
    }
}

/// Sends an exchange again and again. Returns the refresh tokens of those that succeeded.
async fn persistent_exchanges(urls: &[String], first: usize, form: &str) -> Vec<String> {
    let client = reqwest::Client::new();
    let mut tokens = Vec::new();
    for attempt in 0..40 {
        let request = client
            .post(&urls[(first + attempt) % urls.len()])
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.to_owned());
        if let Ok(response) = request.send().await
            && response.status() == 200
            && let Ok(tokens_response) = response.json::<Value>().await
        {
            tokens.push(tokens_response["refresh_token"].as_str().expect("a token").to_owned());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokens
}

#[tokio::test]
async fn an_emptied_store_is_seeded_anew() {
    let Some(servers) = Servers::sharing("emptied") else { return };
    let tokens = servers.tokens().await;
    servers.store().run(&["FLUSHALL"]);

    for _ in &servers.replicas {
        let refreshed = servers.refresh(&tokens.member("refresh_token")).await;
        assert_eq!(refreshed.status, 200, "its claims say what it allows: {}", refreshed.text);
    }
    assert_eq!(servers.tokens().await.status, 200);
    let page = servers.control("GET", "/requests", None).await;
    assert_eq!(number(&page, "/total"), 4, "{}", page.text);
}

#[tokio::test]
async fn an_emptied_store_gets_the_whole_configuration_again() {
    let Some(store) = Store::start("whole") else { return };
    let servers = Servers::on("whole", store, 1, &[]);
    servers.store().run(&["FLUSHALL"]);
    servers.tokens().await;

    let folder = Folder::new("replica-after-emptied");
    let file = folder.write("f.yaml", "settings: { access_token_lifetime: 5s }\n");
    let arguments = ["--store", &servers.store().url(), "--fixtures", &file];
    let later = Running::start(&folder, &arguments);

    for part in ["fixtures", "scenarios"] {
        let response = reqwest::get(format!("{}/_mock/{part}", later.url())).await.unwrap();
        let found: Value = response.json().await.unwrap();
        let expected = servers.control("GET", &format!("/{part}"), None).await.json();
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn the_store_has_no_code_token_or_secret_of_a_request_in_clear() {
    let Some(servers) = Servers::sharing("secrets") else { return };
    let code = servers.code().await;
    let tokens = servers.exchange(&code).await.ok();
    let refreshed = servers.refresh(&tokens.member("refresh_token")).await.ok();
    servers.api(&refreshed.member("access_token")).await;
    servers.control("GET", "/requests", None).await;

    let dump = servers.store().dump();
    for secret in [
        code,
        tokens.member("access_token"),
        tokens.member("refresh_token"),
        refreshed.member("access_token"),
    ] {
        assert!(!dump.contains(&secret), "{secret}");
    }
}

#[tokio::test]
async fn entries_expire_by_the_clock_of_the_realm() {
    let Some(servers) = Servers::sharing("expire") else { return };
    let grants = |servers: &Servers| {
        let count = servers.store().run(&["HLEN", "smartpay-oauth-mock:{default}:grants"]);
        count.parse::<u64>().expect("a number")
    };
    let before = grants(&servers);
    servers.control("PUT", "/clock", Some(json!({ "frozen": true }))).await.ok();
    servers.tokens().await;
    assert!(grants(&servers) > before);

    // Whatever writes next removes what has expired.
    servers.control("POST", "/clock/advance", Some(json!({ "by": "1100d" }))).await.ok();
    servers.code().await;
    assert_eq!(grants(&servers), before, "the grant has gone, and those of the fixtures stay");
}

#[test]
fn impossible_and_unreachable_stores_end_the_program() {
    for url in ["http://127.0.0.1", "redis://", "127.0.0.1:6379"] {
        let output = run(&["serve", "--listen", "127.0.0.1:0", "--store", url]);
        assert_eq!(output.status.code(), Some(2), "{url}: {}", text(&output.stderr));
    }

    let unreachable = "redis://user:hunter2@127.0.0.1:1";
    let output = run(&["serve", "--listen", "127.0.0.1:0", "--store", unreachable]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("127.0.0.1:1") && !error.contains("hunter2"), "{error}");
}

#[test]
fn a_wrong_password_or_another_signing_key_is_refused() {
    let arguments = ["--requirepass", "correct"];
    let Some(store) = Store::start_with("password", &arguments) else { return };
    let serve = |arguments: &[&str]| {
        run(&[&["serve", "--listen", "127.0.0.1:0", "--store"][..], arguments].concat())
    };

    let wrong = format!("redis://:hunter2@127.0.0.1:{}", store.port);
    let output = serve(&[&wrong]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains(&format!("127.0.0.1:{}", store.port)), "{error}");
    assert!(!error.contains("hunter2"), "{error}");

    let url = format!("redis://:correct@127.0.0.1:{}", store.port);
    let folder = Folder::new("password-replica");
    let _replica = Running::start(&folder, &["--store", &url]);
    let output = serve(&[&url, "--signing-key", "generate"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("another signing key"), "{}", text(&output.stderr));

    // Another prefix is another server.
    let other = Folder::new("password-other");
    let arguments = ["--store", &url, "--store-prefix", "other", "--signing-key", "generate"];
    Running::start(&other, &arguments);
}

#[tokio::test]
async fn a_replica_with_other_fixtures_says_so_and_uses_those_of_the_store() {
    let Some(servers) = Servers::sharing("fixtures") else { return };
    let folder = Folder::new("replica-other-fixtures");
    let file =
        folder.write("f.yaml", "extends: default\nsettings: { access_token_lifetime: 5s }\n");
    let store = servers.store().url();
    let mut replica = Running::start(&folder, &["--store", &store, "--fixtures", &file]);

    replica.wait_until("warns", |replica| replica.log().contains("seeded with other fixtures"));
    let health = reqwest::get(format!("{}/_mock/health", replica.url())).await.unwrap();
    let health: Value = health.json().await.unwrap();
    assert_eq!(health["store"]["same_fixtures"], false);
    let code = servers.code().await;
    let url = format!("{}/oauth2/v3/token", replica.url());
    let tokens = crate::support::post(&url, exchange_form(&code)).await.ok();
    assert_eq!(number(&tokens, "/expires_in"), 899);

    // Whoever finds the store empty seeds it, with its own fixtures.
    servers.store().run(&["FLUSHALL"]);
    let health = reqwest::get(format!("{}/_mock/health", replica.url())).await.unwrap();
    let health: Value = health.json().await.unwrap();
    assert_eq!(health["store"]["same_fixtures"], true);
    assert_eq!(number(&servers.tokens().await, "/expires_in"), 4);
    let health = servers.control("GET", "/health", None).await.json();
    assert_eq!(health["store"]["same_fixtures"], false, "{health}");
}

#[tokio::test]
async fn a_server_with_another_key_does_not_serve_a_store_that_was_emptied() {
    let Some(servers) = Servers::sharing("other-key") else { return };
    servers.store().run(&["FLUSHALL"]);
    let folder = Folder::new("replica-other-key");
    let arguments = ["--store", &servers.store().url(), "--signing-key", "generate"];
    let _first_to_seed = Running::start(&folder, &arguments);

    let response = servers.exchange("unknown").await;
    let logs: String = servers.replicas.iter().map(Running::log).collect();
    assert_eq!((response.status, response.error().as_str()), (500, "server_error"), "{logs}");
    assert_eq!(servers.control("GET", "/grants", None).await.status, 503);
    assert!(logs.contains("another signing key"), "{logs}");
}

#[tokio::test]
async fn a_cluster_spreads_the_realms_over_its_nodes() {
    let Some(cluster) = Cluster::start("cluster") else { return };
    let folders = ["cluster-a", "cluster-b"].map(Folder::new);
    let url = cluster.url();
    let servers = folders.each_ref().map(|folder| Running::start(folder, &["--store", &url]));

    for n in 0..12 {
        let realm = format!("{}/_mock/realms/realm-{n}", servers[0].url());
        assert_eq!(crate::support::call("PUT", realm, None).await.status, 201);
        let base = format!("{}/realms/realm-{n}", servers[1].url());
        let request = json!({ "client_id": "v6TJH1IqhM", "merchant_id": "rahulrama" });
        let code = crate::support::call("POST", format!("{base}/_mock/codes"), Some(request)).await;
        let form = exchange_form(&code.member("code"));
        let elsewhere = format!("{}/realms/realm-{n}/oauth2/v3/token", servers[0].url());
        assert_eq!(crate::support::post(&elsewhere, form.clone()).await.status, 200);
        let replayed = crate::support::post(&format!("{base}/oauth2/v3/token"), form).await;
        assert!(replayed.description().contains("already used"), "{}", replayed.text);
        let page = crate::support::call("GET", format!("{base}/_mock/requests"), None).await;
        assert_eq!(number(&page, "/total"), 2);
    }
    assert_eq!(cluster.nodes_with_keys(), 3);
}

#[tokio::test]
async fn the_connection_to_the_store_can_be_encrypted() {
    let folder = Folder::new("encrypted-replica");
    let certificates = folder.path("certs");
    assert!(run(&["certs", &certificates]).status.success());
    // The store changes its directory.
    let certificates = std::fs::canonicalize(&certificates).unwrap();
    let file = |name: &str| certificates.join(name).to_string_lossy().into_owned();
    let arguments = [
        "--tls-cert-file",
        &file("server.pem"),
        "--tls-key-file",
        &file("server.key"),
        "--tls-ca-cert-file",
        &file("ca.pem"),
        "--tls-auth-clients",
        "no",
    ];
    let Some(store) = Store::start_encrypted("tls", &arguments) else { return };
    let url = format!("rediss://127.0.0.1:{}", store.port);

    let refused = run(&["serve", "--listen", "127.0.0.1:0", "--store", &url]);
    assert_eq!(refused.status.code(), Some(1), "an unknown CA: {}", text(&refused.stderr));
    let replica = Running::start(&folder, &["--store", &url, "--store-ca", &file("ca.pem")]);
    let health = reqwest::get(format!("{}/_mock/health", replica.url())).await.unwrap();
    assert_eq!(health.status(), 200);
}

#[tokio::test]
async fn changed_fixture_files_reach_all_replicas() {
    let Some(store) = Store::start("watch") else { return };
    let folders = ["watch-a", "watch-b"].map(Folder::new);
    let fixtures = |lifetime: &str| {
        format!("extends: default\nsettings: {{ access_token_lifetime: {lifetime} }}\n")
    };
    let file = folders[0].write("f.yaml", &fixtures("5m"));
    let (url, watched) = (store.url(), ["--fixtures", &file, "--watch"]);
    let arguments = [&["--store", &url][..], &watched].concat();
    let servers = folders.each_ref().map(|folder| Running::start(folder, &arguments));

    folders[0].write("f.yaml", &fixtures("7s"));

    for server in &servers {
        let start = Instant::now();
        loop {
            let fixtures = reqwest::get(format!("{}/_mock/fixtures", server.url())).await.unwrap();
            let fixtures: Value = fixtures.json().await.unwrap();
            if fixtures["settings"]["access_token_lifetime"] == "7s" {
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(30), "{fixtures}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let folder = Folder::new("watch-c");
    let later = Running::start(&folder, &arguments);
    let health = reqwest::get(format!("{}/_mock/health", later.url())).await.unwrap();
    let health: Value = health.json().await.unwrap();
    assert_eq!(health["store"]["same_fixtures"], true, "it was seeded with the changed file");
}

#[tokio::test]
async fn a_replica_that_stops_has_written_its_journal() {
    let Some(mut servers) = Servers::sharing("stops") else { return };
    let tokens = servers.tokens().await;
    for _ in 0..30 {
        servers.api(&tokens.member("access_token")).await;
    }

    for replica in &mut servers.replicas {
        replica.signal("-TERM");
    }
    for replica in &mut servers.replicas {
        assert_eq!(replica.exit_code(), Some(0));
    }
    servers.start();

    let page = servers.control("GET", "/requests", None).await;
    assert_eq!(number(&page, "/total"), 31);
}
