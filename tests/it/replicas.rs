//! Servers that share a store are one server, whichever of them a request reaches. What a client sees is
//! the same as with one server that has its state in memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::store::Servers;
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
        assert_eq!(state.number("/matched"), 700, "the ordinary response is the end of the list");
        let page = servers.control("GET", "/requests?error=server_error", None).await;
        assert_eq!(page.number("/total"), 500);
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
        assert_eq!(entries.number("/total"), 0);
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
        assert_eq!((verified.number("/matched"), verified.number("/overlapped")), (6, 6));

        let three = tokio::spawn({
            let (servers, form) = (Arc::clone(&servers), refresh_form(&token));
            async move { at_once(&servers, vec![form; 3]).await }
        });
        wait_for_held(&servers, 3).await;
        let released = servers.control("POST", "/scenarios/meet/release", None).await;
        assert_eq!(released.number("/released"), 3);
        assert_eq!(count(&three.await.expect("responses"), 200), 3);
    }
}

async fn wait_for_held(servers: &Servers, expected: u64) {
    let start = Instant::now();
    loop {
        let state = servers.control("GET", "/scenarios/meet", None).await;
        if state.number("/held") == expected {
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
            assert_eq!(page.number("/total"), n, "each is there when its client has the response");
            assert_eq!(page.number(&format!("/requests/{}/id", n - 1)), n);
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
        assert_eq!(report.number("/requests"), 31);
        servers.control("DELETE", "/requests", None).await;
        let page = servers.control("GET", "/requests", None).await;
        assert_eq!(page.number("/total"), 0);
    }
}
