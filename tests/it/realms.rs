//! Realms: isolated servers within one, selected by path, host or port.

use std::time::Duration;

use crate::support::{
    CLIENT, HttpResponse, MERCHANT, exchange, exchange_form, fetch, form_post, page, post, refresh,
    server_with, time,
};
use smartpay_oauth_mock::{MockAuthServer, RealmHandle};

async fn get(url: &str, headers: &[(&str, &str)]) -> HttpResponse {
    let mut request = reqwest::Client::new().get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    fetch(request).await
}

async fn issuer(url: &str, headers: &[(&str, &str)]) -> String {
    get(&format!("{url}/.well-known/oauth-authorization-server"), headers)
        .await
        .ok()
        .member("issuer")
}

#[tokio::test]
async fn two_realms_with_the_same_client_are_isolated() {
    let server = MockAuthServer::start().await;
    let blue = server.new_realm("blue").create().unwrap();
    let green = server.new_realm("green").create().unwrap();

    let code = blue.issue_code(CLIENT.0, MERCHANT).await.unwrap();
    assert!(exchange(&green, &code).await.description().contains("code is unknown"));

    let tokens = exchange(&blue, &code).await.ok();
    let token = tokens.member("refresh_token");
    let response = refresh(&green, &token).await;
    assert!(response.description().contains("another realm"), "{}", response.text);

    refresh(&blue, &token).await.ok();
    let bearer = format!("Bearer {}", tokens.member("access_token"));
    let pay = async |realm: &RealmHandle| {
        let request = reqwest::Client::new().post(realm.base_url() + "/pts/v2/payments");
        request.header("Authorization", &bearer).send().await.unwrap().status().as_u16()
    };
    assert_eq!((pay(&blue).await, pay(&green).await, pay(&server).await), (201, 401, 401));

    // Both have the three grants of the fixtures.
    assert_eq!((blue.grants().await.len(), green.grants().await.len()), (4, 3));

    blue.clock().advance(Duration::from_secs(3_600));
    let ahead = blue.clock().now().duration_since(green.clock().now()).unwrap();
    assert!(ahead.as_millis() > 3_500_000);
    assert_eq!(pay(&blue).await, 401, "an hour has passed there");

    // All realms sign with the same key.
    let keys = async |realm: &RealmHandle| {
        get(&(realm.base_url() + "/.well-known/jwks.json"), &[]).await.text
    };
    assert_eq!(keys(&blue).await, keys(&green).await);
}

#[tokio::test]
async fn a_token_is_valid_in_its_realm_only_also_after_a_restart() {
    let before = MockAuthServer::start().await;
    let token = before.new_realm("blue").create().unwrap().issue_tokens(CLIENT.0, MERCHANT).await;
    let token = token.unwrap().refresh_token;
    drop(before);
    let after = MockAuthServer::start().await;
    let blue = after.new_realm("blue").create().unwrap();
    let green = after.new_realm("green").create().unwrap();
    assert_eq!(refresh(&green, &token).await.error(), "invalid_request");
    assert_eq!(refresh(&after, &token).await.error(), "invalid_request");
    refresh(&blue, &token).await.ok();
}

#[tokio::test]
async fn a_realm_that_replaces_one_of_the_same_name_accepts_its_tokens() {
    let server = MockAuthServer::start().await;
    let first = server.new_realm("blue").create().unwrap();
    let tokens = first.issue_tokens(CLIENT.0, MERCHANT).await.unwrap();
    let grant = first.grants().await.pop().unwrap();
    assert!(first.revoke_grant(&grant.id).await);
    assert_eq!(refresh(&first, &tokens.refresh_token).await.error(), "access_denied");

    // As after a restart, the revocation is forgotten.
    let second = server.new_realm("blue").create().unwrap();
    refresh(&second, &tokens.refresh_token).await.ok();
}

#[tokio::test]
async fn a_realm_has_its_own_fixtures_or_those_of_the_server() {
    let server = server_with("clients: [{ id: mine, secret: s }]").await;
    let same = server.new_realm("same").create().unwrap();
    assert!(same.issue_code("mine", MERCHANT).await.is_ok());
    let other = server
        .new_realm("other")
        .fixtures("clients: [{ id: theirs, secret: s }]\nmerchants: [{ id: m }]")
        .unwrap()
        .create()
        .unwrap();
    assert!(other.issue_code("mine", "m").await.is_err());
    assert!(other.issue_code("theirs", "m").await.is_ok());
}

#[tokio::test]
async fn a_request_selects_its_realm_by_port_then_path_then_host() {
    let server = MockAuthServer::start().await;
    let base = server.base_url();
    let port = server.address().port();
    let blue = server.new_realm("blue").host("pay.test").own_port().create().unwrap();
    server.new_realm("green").create().unwrap();
    let own = blue.base_url();
    assert_ne!(own, base);

    // The issuer is the base URL that the request used.
    assert_eq!(issuer(&base, &[]).await, base);
    assert_eq!(issuer(&own, &[]).await, own);
    assert_eq!(issuer(&format!("{own}/realms/blue"), &[]).await, own);
    assert_eq!(issuer(&format!("{base}/realms/blue"), &[]).await, format!("{base}/realms/blue"));

    let well_known = format!("{base}/.well-known/oauth-authorization-server/realms/blue");
    assert_eq!(get(&well_known, &[]).await.member("issuer"), format!("{base}/realms/blue"));
    assert_eq!(issuer(&base, &[("Host", "pay.test")]).await, "http://pay.test");

    let named = format!("BLUE.localhost:{port}");
    assert_eq!(issuer(&base, &[("Host", &named)]).await, format!("http://{named}"));

    // Only the selected realm knows the code.
    let knows = async |url: &str, host: &str| {
        let code = blue.issue_code(CLIENT.0, MERCHANT).await.unwrap();
        let mut request = form_post(format!("{url}/oauth2/v3/token"));
        if !host.is_empty() {
            request = request.header("Host", host);
        }
        request.body(exchange_form(&code)).send().await.unwrap().status() == 200
    };
    assert!(knows(&own, "").await && knows(&own, "green.localhost").await, "the port comes first");
    assert!(knows(&format!("{base}/realms/blue"), "green.localhost").await, "then the path");
    assert!(
        knows(&base, "pay.test").await && knows(&base, "blue.localhost").await,
        "then the host"
    );
    assert!(!knows(&base, "").await && !knows(&base, "green.localhost").await);
    assert!(!knows(&format!("{base}/realms/default"), "").await);
}

#[tokio::test]
async fn an_unknown_or_removed_realm_is_a_404_with_the_reason() {
    let server = MockAuthServer::start().await;
    let base = server.base_url();
    let response = get(&format!("{base}/realms/nowhere/oauth2/v3/token"), &[]).await;
    assert_eq!(response.status, 404);
    assert_eq!(response.header("content-type"), "application/problem+json");
    assert!(response.member("detail").contains("no realm \"nowhere\""), "{}", response.text);
    assert_eq!(get(&base, &[("Host", "nowhere.localhost")]).await.status, 404);

    let blue = server.new_realm("blue").own_port().create().unwrap();
    assert_eq!(get(&format!("{base}/realms/blue/"), &[]).await.status, 200);
    assert_eq!(get(&blue.base_url(), &[]).await.status, 200);
    assert_eq!(get(&format!("{}/realms/green/", blue.base_url()), &[]).await.status, 404);
    assert!(server.remove_realm("blue").unwrap());
    assert_eq!(get(&format!("{base}/realms/blue/"), &[]).await.status, 404);

    let mut refused = false;

    for _ in 0..200 {
        // The connection is refused, or another test's server has the port by now, without such a realm.
        let url = format!("{}/realms/blue/", blue.base_url());
        refused = reqwest::get(url).await.map_or(true, |response| response.status() == 404);
        if refused {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    assert!(refused, "its port is closed");
    assert!(server.remove_realm("default").is_err());
}

#[tokio::test]
async fn urls_follow_a_trusted_proxy_and_always_the_public_url() {
    let forwarded = [
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "mock.example, inner"),
        ("X-Forwarded-Prefix", "/auth/"),
    ];
    let plain = MockAuthServer::start().await;
    assert_eq!(issuer(&plain.base_url(), &forwarded).await, plain.base_url());

    let trusting = MockAuthServer::builder().trust_forwarded().start().await.unwrap();
    trusting.new_realm("blue").create().unwrap();
    let base = trusting.base_url();
    assert_eq!(issuer(&base, &forwarded).await, "https://mock.example/auth");
    assert_eq!(
        issuer(&format!("{base}/realms/blue"), &forwarded).await,
        "https://mock.example/auth/realms/blue"
    );

    let nonsense = [
        ("X-Forwarded-Proto", "javascript"),
        ("X-Forwarded-Host", "a\"b"),
        ("X-Forwarded-Prefix", "x"),
    ];
    assert_eq!(issuer(&base, &nonsense).await, base);

    let public =
        MockAuthServer::builder().public_url("https://mock.example/").start().await.unwrap();
    public.new_realm("blue").create().unwrap();
    let base = public.base_url();
    assert_eq!(issuer(&base, &[]).await, "https://mock.example");
    assert_eq!(
        issuer(&base, &[("Host", "blue.localhost")]).await,
        "https://mock.example/realms/blue"
    );
}

/// A port counts where the host has none, unless it is the scheme's own or none at all.
#[tokio::test]
async fn the_port_and_the_scheme_of_a_trusted_proxy_are_read_leniently() {
    let server = MockAuthServer::builder().trust_forwarded().start().await.unwrap();
    let base = server.base_url();
    for (proto, host, port, expected) in [
        ("HTTPS", "mock.example", "8443", "https://mock.example:8443"),
        ("https", "mock.example", "8443, 80", "https://mock.example:8443"),
        ("Https", "mock.example", "443", "https://mock.example"),
        ("http", "mock.example", "443", "http://mock.example:443"),
        ("HTTP", "mock.example", "80", "http://mock.example"),
        ("https", "mock.example:9443", "8443", "https://mock.example:9443"),
        ("https", "[::1]", "8443", "https://[::1]:8443"),
        ("https", "mock.example", "0", "https://mock.example"),
        ("https", "mock.example", "65536", "https://mock.example"),
        ("https", "mock.example", "+81", "https://mock.example"),
        ("https", "mock.example", "port", "https://mock.example"),
        ("https", "mock.example", "", "https://mock.example"),
    ] {
        let headers =
            [("X-Forwarded-Proto", proto), ("X-Forwarded-Host", host), ("X-Forwarded-Port", port)];
        assert_eq!(issuer(&base, &headers).await, expected, "{headers:?}");
    }

    // A proxy that passes the client's Host on.
    let headers = [("Host", "mock.example"), ("X-Forwarded-Port", "8080")];
    assert_eq!(issuer(&base, &headers).await, "http://mock.example:8080");
    let distrusting = MockAuthServer::start().await;
    assert_eq!(issuer(&distrusting.base_url(), &headers).await, "http://mock.example");
}

/// Behind a trusted HTTPS proxy, scheme and host are those of the proxy's headers.
#[tokio::test]
async fn the_scheme_and_host_of_a_trusted_proxy_apply_everywhere() {
    let server = MockAuthServer::builder()
        .fixtures("extends: default\nsettings: { require_https: true }")
        .unwrap()
        .trust_forwarded()
        .start()
        .await
        .unwrap();
    server.new_realm("blue").host("blue.example").create().unwrap();
    let base = server.base_url();
    let https = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "blue.example")];
    let status = async |headers: &[(&str, &str)]| {
        let mut request = form_post(format!("{base}/oauth2/v3/token"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(page::REQUEST).send().await.unwrap().status().as_u16()
    };
    assert_eq!((status(&https).await, status(&[]).await), (200, 400));

    // The host that the client used selects the realm, and its origin is the server's own.
    let clock = format!("{base}/_mock/clock/advance");
    let request = reqwest::Client::new()
        .post(clock)
        .header("X-Forwarded-Host", "blue.example")
        .header("Origin", "https://blue.example")
        .json(&serde_json::json!({ "by": "1h" }));
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(server.clock().offset().as_ms(), 0, "it was blue's clock");
}

#[tokio::test]
async fn realms_are_listed_with_urls_that_work_for_the_client() {
    let server = MockAuthServer::start().await;
    let blue = server.new_realm("blue").own_port().create().unwrap();
    server.new_realm("green").create().unwrap();
    let listed = get(&(blue.base_url() + "/_mock/realms"), &[]).await.ok().json();
    for realm in listed["realms"].as_array().unwrap() {
        let url = realm["url"].as_str().unwrap();
        assert_eq!(get(url, &[]).await.status, 200, "{realm}");
    }
}

/// Creating and removing realms at the same time leaves no port open.
#[tokio::test(flavor = "multi_thread")]
async fn a_realms_port_never_outlives_it() {
    let server = std::sync::Arc::new(server_with("clients: [{ id: race, secret: s }]").await);
    let mut makers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let server = std::sync::Arc::clone(&server);
        makers.spawn(async move {
            let mut ports = Vec::new();
            for _ in 0..25 {
                if let Ok(realm) = server.new_realm("race").own_port().create() {
                    ports.push(realm.base_url());
                }
                let _ = server.remove_realm("race");
            }
            ports
        });
    }

    let ports: Vec<String> = makers.join_all().await.into_iter().flatten().collect();
    let _ = server.remove_realm("race");
    assert!(ports.len() >= 100);

    // Another test's server may have the port by now, but it does not know this client.
    let body = serde_json::json!({ "client_id": "race", "merchant_id": MERCHANT });
    let ours = async |port: &str| {
        let request = reqwest::Client::new().post(format!("{port}/_mock/codes")).json(&body);
        request.send().await.is_ok_and(|response| response.status() == 201)
    };

    for port in ports {
        let mut tries = 0;
        while ours(&port).await {
            tries += 1;
            assert!(tries < 200, "{port} still answers");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn stopping_finishes_requests_in_flight_on_the_port_of_a_realm() {
    let server = MockAuthServer::start().await;
    let slow = "extends: default\nscenarios: [{ respond: { delay: 400ms } }]";
    let blue = server.new_realm("blue").fixtures(slow).unwrap().own_port().create().unwrap();
    let url = blue.token_url();
    let request = tokio::spawn(async move { post(&url, page::REQUEST).await.status });
    tokio::time::sleep(Duration::from_millis(150)).await;
    server.stop().await;
    assert_eq!(request.await.unwrap(), 200);
}

/// Expired state is purged, but a revocation is kept as long as a token of the grant is unexpired.
#[tokio::test]
async fn a_revoked_grant_stays_revoked_however_many_grants_follow() {
    let settings =
        "settings: { access_token_lifetime: 1d, refresh_token_lifetime: 1m, refresh_grace: 0s }";
    let long_access = server_with(settings).await;
    let tokens = long_access.issue_tokens(CLIENT.0, MERCHANT).await.unwrap();
    let grant = long_access.grants().await.pop().unwrap();
    assert!(long_access.revoke_grant(&grant.id).await);

    // After a restart only the access token is revoked; the refresh token must be revoked with it.
    let before = MockAuthServer::start().await;
    let old = before.issue_tokens(CLIENT.0, MERCHANT).await.unwrap();
    drop(before);

    let after = MockAuthServer::start().await;
    let form =
        format!("client_id={}&client_secret={}&token={}", CLIENT.0, CLIENT.1, old.access_token);
    assert_eq!(post(&(after.base_url() + "/oauth2/v3/revoke"), form).await.status, 200);

    for server in [&long_access, &after] {
        server.clock().advance(Duration::from_secs(16 * 60));
        for _ in 0..4_200 {
            // Issuing a code purges nothing, but issuing tokens inserts grants.
            server.issue_tokens(CLIENT.0, MERCHANT).await.unwrap();
        }
    }

    let pay = reqwest::Client::new().post(long_access.base_url() + "/pts/v2/payments");
    assert_eq!(pay.bearer_auth(&tokens.access_token).send().await.unwrap().status(), 401);
    assert_eq!(refresh(&after, &old.refresh_token).await.error(), "access_denied");
}

#[tokio::test]
async fn dates_follow_the_clock_of_the_realm() {
    let server = MockAuthServer::start().await;
    let blue = server.new_realm("blue").create().unwrap();
    blue.clock().freeze_at(time(1_619_518_736_895));
    let url = blue.base_url() + "/.well-known/jwks.json";
    assert_eq!(get(&url, &[]).await.header("date"), "Tue, 27 Apr 2021 10:18:56 GMT");
    let url = server.base_url() + "/.well-known/jwks.json";
    assert_ne!(get(&url, &[]).await.header("date"), "Tue, 27 Apr 2021 10:18:56 GMT");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_thousand_realms_take_less_than_20_mb() {
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/statm").unwrap();
        let pages: usize = status.split_whitespace().nth(1).unwrap().parse().unwrap();
        pages * 4096
    };
    let server = MockAuthServer::start().await;
    let before = resident();
    for i in 0..1_000 {
        server.new_realm(format!("realm-{i}")).create().unwrap();
    }

    let cost = resident().saturating_sub(before);
    assert!(cost < 20_000_000, "{cost} bytes");

    let last = format!("{}/realms/realm-999", server.base_url());
    post(&(last + "/oauth2/v3/token"), page::REQUEST).await.ok();
}
