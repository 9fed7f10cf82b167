//! The store that servers share: its address and access, what seeds it, and what it contains.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::exchange_form;
use crate::support::folder::Folder;
use crate::support::program::{Running, run, text};
use crate::support::store::{Cluster, Servers, Store};

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
    assert_eq!(tokens.number("/expires_in"), 899);

    // Whoever finds the store empty seeds it, with its own fixtures.
    servers.store().run(&["FLUSHALL"]);
    let health = reqwest::get(format!("{}/_mock/health", replica.url())).await.unwrap();
    let health: Value = health.json().await.unwrap();
    assert_eq!(health["store"]["same_fixtures"], true);
    assert_eq!(servers.tokens().await.number("/expires_in"), 4);
    let health = servers.control("GET", "/health", None).await.json();
    assert_eq!(health["store"]["same_fixtures"], false, "{health}");
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
        assert_eq!(page.number("/total"), 2);
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
