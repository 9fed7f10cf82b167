//! The control API: codes, tokens, grants, clock, realms, fixtures, access and problem details.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use crate::support::{
    CLIENT, HttpResponse, MERCHANT, claims, exchange, exchange_new_code, fetch, post_sample,
    refresh, time,
};
use serde_json::{Value, json};
use smartpay_oauth_mock::MockAuthServer;

async fn call(
    server: &MockAuthServer,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> HttpResponse {
    crate::support::call(method, format!("{}/_mock/{path}", server.base_url()), body).await
}

fn assert_problem(response: &HttpResponse, status: u16, pointer: &str) {
    assert_eq!(response.status, status, "{}", response.text);
    assert_eq!(response.header("content-type"), "application/problem+json");
    let problem = response.json();
    assert_eq!(problem["status"], status);
    assert!(problem["title"].is_string() && problem["detail"].is_string(), "{}", response.text);
    if !pointer.is_empty() {
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{}", response.text);
    }
}

#[tokio::test]
async fn a_code_is_issued_without_a_browser() {
    let server = MockAuthServer::start().await;
    server.clock().freeze_at(time(1_619_518_736_895));
    let request = json!({
        "client_id": CLIENT.0, "merchant_id": MERCHANT, "scopes": ["users"],
        "redirect_url": "https://www.example.com", "code": "my-code",
    });
    let issued = call(&server, "POST", "codes", Some(request)).await;
    assert_eq!(issued.status, 201);
    assert_eq!(
        issued.json(),
        json!({ "code": "my-code", "expires_at": "2021-04-27T10:28:56.895Z" })
    );
    let response = exchange(&server, "my-code").await.ok();
    assert_eq!(claims(&response.member("access_token"))["scopes"], json!(["users"]));
    let again = json!({ "client_id": CLIENT.0, "merchant_id": MERCHANT, "code": "eyJraK" });
    assert_problem(&call(&server, "POST", "codes", Some(again)).await, 409, "/code");
    let random = json!({ "client_id": CLIENT.0, "merchant_id": MERCHANT });
    let random = call(&server, "POST", "codes", Some(random)).await.member("code");
    exchange(&server, &random).await.ok();
}

#[tokio::test]
async fn tokens_are_issued_without_a_flow() {
    let server = MockAuthServer::start().await;
    let request = json!({ "client_id": CLIENT.0, "merchant_id": MERCHANT });
    let tokens = call(&server, "POST", "tokens", Some(request)).await;
    assert_eq!((tokens.status, &tokens.json()["expires_in"]), (201, &json!(899)));
    refresh(&server, &tokens.member("refresh_token")).await.ok();
}

#[tokio::test]
async fn grants_are_listed_and_revoked() {
    let server = MockAuthServer::start().await;
    let token = exchange_new_code(&server).await.member("refresh_token");
    let grants = call(&server, "GET", "grants", None).await.ok().json();
    let ours: Vec<&Value> = grants["grants"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|grant| grant["client_id"] == CLIENT.0)
        .collect();
    assert_eq!(ours.len(), 1);
    assert_eq!((&ours[0]["merchant_id"], &ours[0]["revoked"]), (&json!(MERCHANT), &json!(false)));
    let path = format!("grants/{}", ours[0]["id"].as_str().unwrap());
    assert_eq!(call(&server, "DELETE", &path, None).await.status, 204);
    assert_eq!(refresh(&server, &token).await.error(), "access_denied");
    assert_problem(&call(&server, "DELETE", "grants/0000000000", None).await, 404, "");
    assert_problem(&call(&server, "DELETE", "grants/nonsense", None).await, 404, "");
}

#[tokio::test]
async fn the_clock_is_set_advanced_frozen_and_reset() {
    let server = MockAuthServer::start().await;
    let set = json!({ "now": "2021-04-27T10:18:56.895Z", "frozen": true });
    let clock = call(&server, "PUT", "clock", Some(set)).await.ok().json();
    assert_eq!(
        (&clock["now"], &clock["frozen"]),
        (&json!("2021-04-27T10:18:56.895Z"), &json!(true))
    );
    let clock =
        call(&server, "POST", "clock/advance", Some(json!({ "by": "16m" }))).await.ok().json();
    assert_eq!(clock["now"], "2021-04-27T10:34:56.895Z");
    assert_eq!(call(&server, "GET", "clock", None).await.ok().json()["now"], clock["now"]);
    let clock = call(&server, "PUT", "clock", Some(json!({ "frozen": false }))).await.ok().json();
    assert_eq!(clock["frozen"], false);
    let clock = call(&server, "DELETE", "clock", None).await.ok().json();
    assert_eq!(clock["offset_ms"], 0);
    let clock =
        call(&server, "PUT", "clock", Some(json!({ "offset_ms": 60_000 }))).await.ok().json();
    assert!((59_990..=60_010).contains(&clock["offset_ms"].as_i64().unwrap()), "{clock}");
}

#[tokio::test]
async fn realms_are_created_listed_and_deleted() {
    let server = MockAuthServer::start().await;
    let base = server.base_url();
    let request = json!({
        "fixtures": { "clients": [{ "id": "only", "secret": "s" }], "merchants": [{ "id": "m" }] },
        "hosts": ["pay.test"], "listen": true,
    });
    let created = call(&server, "PUT", "realms/blue", Some(request)).await;
    assert_eq!(created.status, 201);
    let created = created.json();
    assert_eq!(created["url"], format!("{base}/realms/blue"));
    assert_eq!(created["token_url"], format!("{base}/realms/blue/oauth2/v3/token"));
    assert_eq!(created["hosts"], json!(["pay.test"]));
    let own = created["http"].as_str().unwrap();
    assert_eq!(reqwest::get(format!("{own}/_mock/health")).await.unwrap().status(), 200);
    let request = json!({ "client_id": "only", "merchant_id": "m" });
    let url = format!("{base}/realms/blue/_mock/codes");
    let issued = reqwest::Client::new().post(url).json(&request).send().await.unwrap();
    assert_eq!(issued.status(), 201);
    assert_problem(&call(&server, "POST", "codes", Some(request)).await, 422, "/client_id");
    assert_eq!(call(&server, "PUT", "realms/blue", Some(json!({}))).await.status, 200);
    let listed = call(&server, "GET", "realms", None).await.ok().json();
    assert_eq!(listed["realms"].as_array().unwrap().len(), 2);
    assert_eq!(call(&server, "DELETE", "realms/blue", None).await.status, 204);
    assert_problem(&call(&server, "DELETE", "realms/blue", None).await, 404, "");
    assert_problem(&call(&server, "DELETE", "realms/default", None).await, 409, "");
}

#[tokio::test]
async fn a_problem_names_the_wrong_member_and_nothing_changes() {
    let server = MockAuthServer::start().await;
    let table = [
        ("POST", "codes", json!({ "client_id": "x", "merchant_id": MERCHANT }), "/client_id"),
        ("POST", "codes", json!({ "client_id": CLIENT.0, "merchant_id": "x" }), "/merchant_id"),
        ("POST", "codes", json!({ "client_id": CLIENT.0 }), ""),
        ("POST", "codes", json!({ "client_id": 1, "merchant_id": MERCHANT }), "/client_id"),
        ("POST", "codes", json!({ "clientid": CLIENT.0, "merchant_id": MERCHANT }), "/clientid"),
        (
            "POST",
            "codes",
            json!({ "client_id": CLIENT.0, "merchant_id": MERCHANT, "scopes": ["fly"] }),
            "/scopes",
        ),
        (
            "POST",
            "codes",
            json!({ "client_id": CLIENT.0, "merchant_id": MERCHANT, "redirect_url": "x" }),
            "/redirect_url",
        ),
        ("POST", "tokens", json!([]), ""),
        ("POST", "clock/advance", json!({ "by": "16" }), "/by"),
        ("POST", "clock/advance", json!({ "by": "-1s" }), "/by"),
        ("POST", "clock/advance", json!({}), ""),
        ("PUT", "clock", json!({ "now": "yesterday" }), "/now"),
        ("PUT", "clock", json!({ "now": "1969-12-31T23:59:59Z" }), "/now"),
        ("PUT", "clock", json!({ "now": "9000-01-01T00:00:01Z", "frozen": true }), "/now"),
        ("PUT", "clock", json!({ "offset_ms": i64::MIN }), "/offset_ms"),
        ("PUT", "clock", json!({ "offset_ms": i64::MAX }), "/offset_ms"),
        ("PUT", "clock", json!({ "now": "2021-04-27T10:18:56Z", "offset_ms": 1 }), "/offset_ms"),
        ("PUT", "realms/Blue", json!({}), ""),
        ("PUT", "realms/blue", json!({ "hosts": ["a:80"] }), "/hosts"),
        (
            "PUT",
            "realms/blue",
            json!({ "fixtures": { "clients": [{ "id": "a", "secrt": "b" }] } }),
            "/fixtures/clients/0/secrt",
        ),
    ];
    for (method, path, body, pointer) in table {
        assert_problem(&call(&server, method, path, Some(body)).await, 422, pointer);
    }
    assert_problem(&call(&server, "GET", "nowhere", None).await, 404, "");
    let unknown = reqwest::Client::new().get(server.base_url() + "/realms/nope/_mock/clock");
    assert_problem(&fetch(unknown).await, 404, "");
    let missing = call(&server, "POST", "clock/advance", Some(json!({}))).await.json();
    assert_eq!(missing["errors"].as_array().unwrap().len(), 1, "{missing}");
    let offset = call(&server, "PUT", "clock", Some(json!({ "offset_ms": "5" }))).await.json();
    assert_eq!(offset["detail"], "/offset_ms: expected a whole number, found a string");
    assert_problem(&call(&server, "PATCH", "clock", None).await, 405, "");
    let send = async |kind: &str, body: Vec<u8>| {
        let url = format!("{}/_mock/codes", server.base_url());
        let request = reqwest::Client::new().post(url).header("Content-Type", kind).body(body);
        fetch(request).await
    };
    assert_problem(&send("application/json", b"{".to_vec()).await, 400, "");
    assert_problem(&send("application/json", b"client_id: x".to_vec()).await, 400, "");
    assert_problem(&send("application/json", vec![0xff]).await, 400, "");
    assert_problem(&send("text/plain", b"{}".to_vec()).await, 415, "");
    assert_problem(&send("application/json", vec![b' '; 20_000_000]).await, 413, "");
    assert_eq!(call(&server, "GET", "clock", None).await.ok().json()["offset_ms"], 0);
    assert_eq!(call(&server, "GET", "realms", None).await.ok().json()["realms"][1], Value::Null);
}

#[tokio::test]
async fn clients_and_merchants_change_while_the_server_runs() {
    let server = MockAuthServer::start().await;
    let patched =
        call(&server, "PATCH", "clients/v6TJH1IqhM", Some(json!({ "status": "inactive" }))).await;
    assert_eq!((patched.status, patched.member("status").as_str()), (200, "inactive"));
    let code = crate::support::code(&server).await;
    assert_eq!(exchange(&server, &code).await.error(), "client_not_active");
    call(&server, "PATCH", "clients/v6TJH1IqhM", Some(json!({ "status": null }))).await.ok();
    exchange(&server, &code).await.ok();

    let path = "merchants/rahulrama";
    call(&server, "PATCH", path, Some(json!({ "status": "inactive" }))).await.ok();
    let code = crate::support::code(&server).await;
    assert_eq!(exchange(&server, &code).await.error(), "merchant_not_active");
    call(&server, "PUT", path, Some(json!({ "name": "Again" }))).await.ok();
    exchange(&server, &code).await.ok();

    let created = call(&server, "PUT", "clients/new", Some(json!({ "secret": "s" }))).await;
    assert_eq!((created.status, created.member("id").as_str()), (201, "new"));
    assert!(server.issue_code("new", MERCHANT).await.is_ok());
    let listed = call(&server, "GET", "clients", None).await.ok().json();
    assert_eq!(listed["clients"].as_array().unwrap().len(), 8);
    assert_eq!(call(&server, "DELETE", "clients/8l57hYffFb", None).await.status, 204);
    let gone = post_sample(&server).await;
    assert_eq!(gone.error(), "client_not_found");
    for (method, path, body, status, pointer) in [
        ("GET", "clients/nobody", None, 404, ""),
        ("DELETE", "merchants/nobody", None, 404, ""),
        ("PATCH", "clients/nobody", Some(json!({})), 404, ""),
        ("PATCH", "clients/new", Some(json!({ "colour": 1 })), 422, "/colour"),
        ("PATCH", "clients/new", Some(json!({ "status": "dead" })), 422, "/status"),
        ("PATCH", "clients/new", Some(json!({ "id": "other" })), 422, "/id"),
        ("PUT", "clients/a%20b", Some(json!({ "secret": "s" })), 422, "/id"),
        ("PUT", "clients/x", Some(json!({})), 422, ""),
    ] {
        assert_problem(&call(&server, method, path, body).await, status, pointer);
    }
}

#[tokio::test]
async fn fixtures_are_returned_replaced_and_reset() {
    let server = MockAuthServer::start().await;
    let token = exchange_new_code(&server).await.member("refresh_token");
    let set = call(&server, "GET", "fixtures", None).await.ok().json();
    assert_eq!(set["clients"][0]["id"], "8l57hYffFb");
    // The response can be sent back, and changes nothing.
    let put = call(&server, "PUT", "fixtures", Some(set.clone())).await.ok();
    assert_eq!(put.json(), set);
    refresh(&server, &token).await.ok();
    let wrong = json!({ "clients": [{ "id": "a", "secrt": "b" }] });
    assert_problem(&call(&server, "PUT", "fixtures", Some(wrong)).await, 422, "/clients/0/secrt");
    assert_eq!(call(&server, "GET", "fixtures", None).await.ok().json(), set);
    let other =
        json!({ "clients": [{ "id": "only", "secret": "s" }], "merchants": [{ "id": "m" }] });
    call(&server, "PUT", "fixtures", Some(other)).await.ok();
    assert_eq!(post_sample(&server).await.error(), "client_not_found");
    call(&server, "POST", "clock/advance", Some(json!({ "by": "1h" }))).await.ok();
    assert_eq!(call(&server, "POST", "reset", None).await.status, 204);
    assert_eq!(server.clock().offset().as_ms(), 0);
    post_sample(&server).await.ok();
    let grants = call(&server, "GET", "grants", None).await.ok().json();
    assert!(
        grants["grants"].as_array().unwrap().iter().all(|grant| grant["client_id"] != CLIENT.0)
    );
}

#[tokio::test]
async fn fixtures_may_be_yaml_and_errors_have_a_line_and_a_column() {
    let server = MockAuthServer::start().await;
    let put = async |kind: &str, body: &'static str| {
        let url = format!("{}/_mock/fixtures", server.base_url());
        let request = reqwest::Client::new().put(url).header("Content-Type", kind);
        fetch(request.body(body)).await
    };

    for kind in ["application/yaml", "Application/YAML; charset=utf-8", "text/yaml"] {
        let yaml = "\u{feff}extends: default # as in a file\nclients: [{ id: mine, secret: s }]\n";
        let fixtures = put(kind, yaml).await.ok().json();
        let clients = fixtures["clients"].as_array().unwrap();
        assert!(clients.iter().any(|client| client["id"] == "mine"), "{kind}");
    }
    let before = call(&server, "GET", "fixtures", None).await.json();

    let wrong = put("application/yaml", "clients:\n  - id: a\n    secrt: s\n").await;
    assert_problem(&wrong, 422, "/clients/0/secrt");
    let error = &wrong.json()["errors"][0];
    assert_eq!((&error["line"], &error["column"]), (&json!(3), &json!(5)));

    let json = put("application/json", "{\"settings\":\n {\"dialect\": 7}}").await.json();
    let error = &json["errors"][0];
    assert_eq!((&error["line"], &error["column"]), (&json!(2), &json!(14)));

    let unclosed = put("application/yaml", "clients: }").await.json();
    assert_eq!(unclosed["status"], 422);
    assert_eq!(unclosed["errors"][0]["line"], 1);
    assert_problem(&put("application/toml", "a = 1").await, 415, "");
    assert_eq!(call(&server, "GET", "fixtures", None).await.json(), before);
}

#[tokio::test]
async fn the_fixtures_of_a_realm_may_be_a_text_in_yaml() {
    let server = MockAuthServer::start().await;
    let yaml = "clients: [{ id: only, secret: s }]\nmerchants: [{ id: m }]";
    let request = json!({ "fixtures": yaml });
    assert_eq!(call(&server, "PUT", "realms/blue", Some(request)).await.status, 201);
    let request = json!({ "client_id": "only", "merchant_id": "m" });
    let url = format!("{}/realms/blue/_mock/codes", server.base_url());
    let issued = fetch(reqwest::Client::new().post(url).json(&request)).await;
    assert_eq!(issued.status, 201);

    let request = json!({ "fixtures": "clients:\n- {id: a, secret: s, colour: red}" });
    let wrong = call(&server, "PUT", "realms/green", Some(request)).await;
    assert_problem(&wrong, 422, "/fixtures/clients/0/colour");
    let error = &wrong.json()["errors"][0];
    assert_eq!((&error["line"], &error["column"]), (&json!(2), &json!(22)));

    // The text of an object is not the one that was sent, so there is no line.
    let request = json!({ "fixtures": { "clients": [{ "id": "a" }] } });
    let wrong = call(&server, "PUT", "realms/green", Some(request)).await.json();
    assert_eq!(wrong["errors"][0].get("line"), None);
    let request = json!({ "fixtures": 7 });
    let wrong = call(&server, "PUT", "realms/green", Some(request)).await;
    assert_problem(&wrong, 422, "/fixtures");
}

#[tokio::test]
async fn a_scenario_that_is_disabled_and_enabled_keeps_its_progress() {
    let server = MockAuthServer::start().await;
    let busy = json!({ "name": "busy", "respond": { "error": "server_error" }, "times": 3 });
    call(&server, "POST", "scenarios", Some(busy)).await;
    assert_eq!(post_sample(&server).await.error(), "server_error");

    let enable = async |enabled: bool| {
        call(&server, "PATCH", "scenarios/busy", Some(json!({ "enabled": enabled }))).await.ok()
    };
    assert_eq!(enable(false).await.json()["remaining"], 2);
    post_sample(&server).await.ok();
    assert_eq!(enable(true).await.json()["matched"], 1);
    assert_eq!(post_sample(&server).await.error(), "server_error");

    let unknown = Some(json!({ "enabled": true }));
    assert_problem(&call(&server, "PATCH", "scenarios/none", unknown).await, 404, "");
    let wrong = Some(json!({ "enabled": 1 }));
    assert_problem(&call(&server, "PATCH", "scenarios/busy", wrong).await, 422, "/enabled");
}

#[tokio::test]
async fn codes_are_inspected_like_tokens() {
    let server = MockAuthServer::start().await;
    let inspect = async |token: &str| {
        call(&server, "POST", "inspect", Some(json!({ "token": token }))).await.ok().json()
    };
    let code = crate::support::code(&server).await;

    let fresh = inspect(&code).await;
    assert_eq!((&fresh["type"], &fresh["valid"]), (&json!("authorization_code"), &json!(true)));
    assert_eq!(fresh["claims"]["client_id"], CLIENT.0);
    assert!(fresh["times"]["expires_in"].is_string(), "{fresh}");

    crate::support::exchange(&server, &code).await.ok();
    assert_eq!(inspect(&code).await["reason"], "The code was exchanged already.");
    let expired = crate::support::code(&server).await;
    server.clock().advance(std::time::Duration::from_secs(660));
    assert_eq!(inspect(&expired).await["valid"], false);
    assert_eq!(inspect("eyJraK").await["valid"], true);
}

#[tokio::test]
async fn a_token_is_inspected_with_its_grant() {
    let server = MockAuthServer::start().await;
    let tokens = server.issue_tokens(CLIENT.0, MERCHANT).await.unwrap();
    let inspect = async |token: &str| {
        call(&server, "POST", "inspect", Some(json!({ "token": token }))).await.ok().json()
    };
    let good = inspect(&tokens.access_token).await;
    assert_eq!((&good["valid"], &good["type"]), (&json!(true), &json!("access_token")));
    assert_eq!(good["claims"]["client_id"], CLIENT.0);
    server.clock().advance(std::time::Duration::from_secs(3600));
    assert!(
        inspect(&tokens.access_token).await["reason"].as_str().unwrap().starts_with("It expired")
    );
    let grant = server.grants().await.pop().unwrap();
    server.revoke_grant(&grant.id).await;
    let revoked = inspect(&tokens.refresh_token).await;
    assert_eq!(revoked["valid"], false);
    assert!(revoked["reason"].as_str().unwrap().contains("revoked"), "{revoked}");
    assert_eq!(inspect("nonsense").await["valid"], false);
}

#[tokio::test]
async fn the_control_api_can_require_a_token_or_be_off() {
    let locked = MockAuthServer::builder().control_token("t0ken").start().await.unwrap();
    let get = async |server: &MockAuthServer, path: &str, authorization: &str| {
        let request = reqwest::Client::new().get(format!("{}/_mock/{path}", server.base_url()));
        let request = request.header("Authorization", authorization);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(get(&locked, "clock", "").await, 401);
    assert_eq!(get(&locked, "clock", "Bearer other").await, 401);
    assert_eq!(get(&locked, "clock", "Bearer t0ken").await, 200);
    assert!(!format!("{locked:?}").contains("t0ken"));
    let off = MockAuthServer::builder().without_control().start().await.unwrap();
    assert_eq!((get(&off, "clock", "").await, get(&off, "health", "").await), (404, 200));
    off.clock().advance(std::time::Duration::from_secs(1));
}

/// Every 404 is a problem document, and names the control API only while there is one.
#[tokio::test]
async fn unknown_paths_and_realms_get_problem_documents_that_suit_whether_the_api_is_on() {
    let on = MockAuthServer::start().await;
    let off = MockAuthServer::builder().without_control().start().await.unwrap();
    for (server, is_on) in [(&on, true), (&off, false)] {
        for path in [
            "/_mock",
            "/_mock/",
            "/_mock/nothing",
            "/_mock/realms/nothing/more",
            "/realms/nowhere",
            "/realms/nowhere/_mock",
            "/realms/nowhere/_mock/health",
            "/realms/nowhere/oauth2/v3/token",
        ] {
            let response =
                fetch(reqwest::Client::new().get(format!("{}{path}", server.base_url()))).await;
            assert_eq!(response.status, 404, "{path}");
            assert_eq!(response.header("content-type"), "application/problem+json", "{path}");
            let problem = response.json();
            let names_api = response.text.contains("_mock") || response.text.contains("control");
            assert_eq!(names_api, is_on, "{path}: {problem}");
            assert_eq!(problem["status"], 404);
        }
    }
}

/// Other containers reach a server by any alias. A browser could be showing a page whose own name was
/// made to resolve to the server.
#[tokio::test]
async fn browsers_must_name_the_server_on_any_listener() {
    const FIREFOX: (&str, &str) = ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0");
    let builder = MockAuthServer::builder().listen(([0, 0, 0, 0], 0)).tls().tls_host("tls.test");
    let server = builder.control_host("Mock.Test.").control_host("10.9.8.7").start().await.unwrap();
    server.new_realm("blue").host("pay.test").create().unwrap();
    let port = server.http_url().unwrap().rsplit(':').next().unwrap().to_owned();
    let get = async |address: IpAddr, headers: &[(&str, &str)]| {
        let url = format!("http://{}/_mock/clock", SocketAddr::new(address, port.parse().unwrap()));
        let request = reqwest::Client::new().get(url);
        let request = headers.iter().fold(request, |r, (name, value)| r.header(*name, *value));
        request.send().await.unwrap().status().as_u16()
    };
    let loopback = IpAddr::from([127, 0, 0, 1]);

    let foreign = ("Host", "evil.example:8080");
    assert_eq!(get(loopback, &[foreign]).await, 200, "another container");
    assert_eq!(get(loopback, &[foreign, ("User-Agent", "curl/8.0 Mozilla/5.0")]).await, 200);
    for header in [
        FIREFOX,
        ("Origin", "http://evil.example:8080"),
        ("Sec-Fetch-Site", "same-origin"),
        ("Sec-Fetch-Mode", "cors"),
    ] {
        assert_eq!(get(loopback, &[foreign, header]).await, 403, "{header:?}");
    }

    for (host, status) in [
        ("localhost", 200),
        ("LOCALHOST.:8080", 200),
        ("127.0.0.1", 200),
        ("127.1", 200),
        ("[::1]:8080", 200),
        ("blue.localhost", 200),
        ("pay.test", 200),
        ("tls.test", 200),
        ("mock.test", 200),
        ("MOCK.TEST:8080", 200),
        ("10.9.8.7:8080", 200),
        ("10.9.8.6", 403),
        ("0.0.0.0", 403),
        ("mock.test.evil.example", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
    ] {
        assert_eq!(get(loopback, &[("Host", host), FIREFOX]).await, status, "{host}");
    }

    // The address that the connection came in on, and no other one.
    let Some(own) = own_address() else { return };
    assert_eq!(get(own, &[FIREFOX]).await, 200);
    assert_eq!(get(loopback, &[("Host", &own.to_string()), FIREFOX]).await, 403);
}

/// Returns the address of this machine on a network, if it has one.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    // Sends nothing, but selects the interface. The address is one for documentation.
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|address| !address.is_loopback())
}

/// Requests of a page on another site, and of one whose own name resolves to this machine.
#[tokio::test]
async fn pages_of_other_sites_and_foreign_hosts_are_refused() {
    let server = MockAuthServer::start().await;
    server.new_realm("blue").host("pay.test").create().unwrap();
    let own = server.base_url();
    let long = format!("{}.example", "a".repeat(300));
    let host = format!("evil.example:{}", server.address().port());
    let table: [(&[(&str, &str)], u16); 12] = [
        (&[], 200),
        (&[("Origin", &own)], 200),
        (&[("Sec-Fetch-Site", "same-origin")], 200),
        (&[("Sec-Fetch-Site", "none")], 200),
        (&[("Host", "localhost")], 200),
        (&[("Host", "pay.test")], 200),
        (&[("Origin", "https://evil.example")], 403),
        (&[("Origin", "null")], 403),
        (&[("Sec-Fetch-Site", "cross-site")], 403),
        (&[("Host", &host)], 403),
        (&[("Host", "a~b.evil.example")], 403),
        (&[("Host", &long)], 403),
    ];
    for (headers, status) in table {
        let mut request = reqwest::Client::new().get(format!("{own}/_mock/clock"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{headers:?}");
        assert!(response.headers().get("access-control-allow-origin").is_none());
    }
}

/// Pointers refer to the request's body, also where the server reads it as part of a larger one.
#[tokio::test]
async fn pointers_refer_to_the_request_body() {
    let server = MockAuthServer::start().await;
    for (method, path, body, pointer) in [
        (
            "POST",
            "scenarios",
            json!({ "respond": { "hold": { "until": 0 } } }),
            "/respond/hold/until",
        ),
        ("POST", "scenarios", json!({ "respond": ["pass", { "times": 1 }] }), "/respond/1/times"),
        (
            "PUT",
            "fixtures",
            json!({ "extends": "default", "clients": [{ "id": "a", "secret": "b", "bogus": 1 }] }),
            "/clients/0/bogus",
        ),
        (
            "PUT",
            "fixtures",
            json!({ "extends": "default", "codes": [{ "code": "c", "client": "x", "merchant": "rahulrama" }] }),
            "/codes/0/client",
        ),
        (
            "PUT",
            "realms/blue",
            json!({ "fixtures": { "extends": "default", "merchants": [{ "id": "m", "status": "odd" }] } }),
            "/fixtures/merchants/0/status",
        ),
        ("PATCH", "clients/v6TJH1IqhM", json!({ "status": "odd" }), "/status"),
    ] {
        let response = call(&server, method, path, Some(body)).await;
        assert_problem(&response, 422, pointer);
        let problem = response.json();
        assert_eq!(problem["errors"].as_array().unwrap().len(), 1, "{problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with(&format!("{pointer}: ")), "{detail}");
    }
}

/// Unknown parameters and wrong values are refused by name; every filter is known.
#[tokio::test]
async fn a_query_takes_the_parameters_of_its_operation_only() {
    let server = MockAuthServer::start().await;
    for (method, path, status, detail) in [
        ("GET", "requests?limit=1&after=0&endpoint=token&status=400&error=*&scenario=*", 200, ""),
        ("GET", "requests?client_id=*&merchant_id=*&grant_type=*&correlation_id=*", 200, ""),
        ("GET", "requests?colour=red", 400, "colour: "),
        ("GET", "requests?wait=1s", 400, "wait: "),
        ("GET", "requests?limit=ten", 400, "limit: expected a whole number of 0 or more."),
        ("GET", "requests?status=70000", 400, "status: expected a whole number from 0 to 65535."),
        ("GET", "requests?endpoint=nowhere", 400, "endpoint: "),
        ("GET", "requests?limit=1&limit=2", 400, "A query parameter"),
        ("GET", "events?limit=1", 400, "limit: "),
        ("DELETE", "requests?client_id=x", 400, "client_id: "),
        ("POST", "requests/verify?wait=301s", 400, "wait: "),
        ("POST", "requests/verify?after=1", 400, "after: "),
    ] {
        let response = call(&server, method, path, None).await;
        if status == 200 {
            response.ok();
            continue;
        }
        assert_problem(&response, status, "");
        let problem = response.json();
        assert!(problem["detail"].as_str().unwrap().starts_with(detail), "{problem}");
    }
}

#[tokio::test]
async fn the_ca_certificate_is_plain_text_on_request() {
    let server = MockAuthServer::builder().tls().start().await.unwrap();
    let url = server.http_url().unwrap() + "/_mock/ca.pem";
    for (accept, content_type) in [
        ("*/*", "application/x-pem-file"),
        ("application/x-pem-file, text/plain", "application/x-pem-file"),
        ("text/plain", "text/plain"),
    ] {
        let response = reqwest::Client::new().get(&url).header("Accept", accept).send().await;
        let response = response.unwrap();
        assert_eq!(response.headers()["content-type"], content_type, "{accept}");
        assert!(response.text().await.unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    }
}
