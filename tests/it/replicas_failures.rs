//! Servers that share a store, when servers or the store end, stop or come back.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::exchange_form;
use crate::support::folder::Folder;
use crate::support::program::{Running, run, text};
use crate::support::store::{Servers, Store};

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
    assert_eq!(page.number("/total"), 5, "{}", page.text);
    let report = servers.control("GET", "/report", None).await.json();
    assert_eq!(report["requests"], 5);
    let again = servers.control("GET", "/report", None).await.json();
    assert_eq!(report["since"], again["since"], "that of the first request, at each server");
}

#[tokio::test]
async fn a_store_that_is_away_fails_requests_and_comes_back() {
    let Some(mut servers) = Servers::sharing("away") else { return };
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
    for replica in &mut servers.replicas {
        let lines = |replica: &Running, text: &str| replica.log().matches(text).count();
        replica.wait_until("says once that the store was away, and is back", |replica| {
            let away = lines(replica, "is not available");
            away <= 1 && lines(replica, "is available again") == away
        });
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
    assert_eq!(page.number("/total"), 4, "{}", page.text);
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
    assert_eq!(page.number("/total"), 31);
}
