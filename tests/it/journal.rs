//! The journal: what a client did, and what would have happened at the real server.

use std::time::Duration;

use crate::support::raw_client::RawClient;
use crate::support::{
    CLIENT, FORM, MERCHANT, browser, call, code, exchange, exchange_form, exchange_new_code, fetch,
    form_post, gets_response, refresh, server_with, time,
};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use smartpay_oauth_mock::{Fault, MockAuthServer, Outcome, Scenario};

pub fn url(server: &MockAuthServer, path: &str) -> String {
    format!("{}/_mock/{path}", server.base_url())
}

/// Returns the journal, or a part of it.
pub async fn journal(server: &MockAuthServer, query: &str) -> Value {
    call("GET", url(server, &format!("requests{query}")), None).await.ok().json()
}

/// Returns the newest entry.
async fn newest(server: &MockAuthServer) -> Value {
    journal(server, "?limit=1").await["requests"][0].clone()
}

pub async fn verify(server: &MockAuthServer, query: &str, body: Value) -> Value {
    let url = url(server, &format!("requests/verify{query}"));
    call("POST", url, Some(body)).await.ok().json()
}

pub fn notes(entry: &Value) -> String {
    entry["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect()
}

/// Returns the first 12 hex digits of a SHA-256 digest.
pub fn sha256(text: &str) -> String {
    use aws_lc_rs::digest::{SHA256, digest};

    let digest = digest(&SHA256, text.as_bytes());
    digest.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// The method, the path, the names and values of headers and parameters, and their number.
#[tokio::test]
async fn an_entry_is_small_however_large_its_request_is() {
    let server = MockAuthServer::start().await;
    let long = "X".repeat(9_000);
    let headers: String =
        (0..90).map(|n| format!("{n}-{}: {}\r\n", "n".repeat(300), "v".repeat(50))).collect();
    let empty: String = (0..90).map(|n| format!("{n}-{}:\r\n", "n".repeat(400))).collect();
    let query: String = (0..90).map(|n| format!("&{}{n}={}", "q".repeat(200), n % 7)).collect();
    let params: String = (0..500).map(|n| format!("&p{n}{}=", "q".repeat(90))).collect();
    let form = |body: &str| {
        format!("Content-Type: {FORM}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    let requests = [
        format!("{long} /oauth2/v3/token HTTP/1.1\r\nHost: h\r\n\r\n"),
        format!("GET /{long} HTTP/1.1\r\nHost: h\r\n{headers}\r\n"),
        format!("GET /pts/v2/payments/{long}?{query} HTTP/1.1\r\nHost: h\r\n{empty}\r\n"),
        format!("GET /tss/v2/transactions/{long}?{query} HTTP/1.1\r\nHost: h\r\n{empty}\r\n"),
        format!("POST /oauth2/v3/token?{query} HTTP/1.1\r\nHost: h\r\n{}", form(&params)),
        format!(
            "POST /oauth2/v3/token HTTP/1.1\r\nHost: h\r\nv-c-client-correlation-id: {long}\r\n{}",
            form(&format!("client_id={long}&grant_type={long}&scope={long}&code={long}{params}"))
        ),
    ];
    let count = requests.len();
    for request in requests {
        let mut client = RawClient::connect(server.address());
        client.send(request).unwrap();
        client.read_response().unwrap();
    }
    let entries = journal(&server, "").await["requests"].clone();
    assert_eq!(entries.as_array().unwrap().len(), count);
    for entry in entries.as_array().unwrap() {
        let size = entry.to_string().len();
        assert!(size < 8_000, "{size}: {entry}");
    }
}

/// Only the control API's own paths are left out, in every realm.
#[tokio::test]
async fn an_entry_says_what_was_wrong_and_when_issued_tokens_expire() {
    let server = MockAuthServer::start().await;
    exchange(&server, "unknown").await;
    exchange_new_code(&server).await.ok();
    let requests = server.requests().await;

    let description = "code is unknown: the server did not issue it, or no longer has it.";
    assert_eq!(requests[0].error_description.as_deref(), Some(description));

    let access_token = &requests[1].issued_claims[0];
    let lifetime = access_token.expires_in.unwrap().duration_since(access_token.iat.unwrap());
    assert_eq!(lifetime.unwrap(), Duration::from_secs(900));
}

#[tokio::test]
async fn a_resource_whose_path_contains_that_of_the_control_api_is_recorded() {
    let fixtures = "resources: [{ path: '/api/_mock/{id}', methods: [GET] }]";
    let server = server_with(fixtures).await;
    let base = server.base_url();
    for path in ["/api/_mock/7", "/realms/nowhere/api/_mock/8", "/_mockery"] {
        fetch(reqwest::Client::new().get(format!("{base}{path}"))).await;
    }
    for path in
        ["/_mock/health", "/_mock", "/realms/nowhere/_mock/health", "/realms/default/_mock/"]
    {
        fetch(reqwest::Client::new().get(format!("{base}{path}"))).await;
    }
    let requests = journal(&server, "").await["requests"].clone();
    let paths: Vec<_> =
        requests.as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/api/_mock/7", "/realms/nowhere/api/_mock/8", "/_mockery"]);
    assert_eq!(requests[0]["endpoint"], "resource");
}

#[tokio::test]
async fn an_entry_has_everything_but_secrets() {
    let server = MockAuthServer::start().await;
    server.clock().freeze_at(time(1_619_518_736_895));
    let code = code(&server).await;
    let response = exchange(&server, &code).await.ok();
    let entry = newest(&server).await;
    for (member, expected) in [
        ("id", json!(1)),
        ("time", json!("2021-04-27T10:18:56.895Z")),
        ("realm", json!("default")),
        ("endpoint", json!("token")),
        ("method", json!("POST")),
        ("path", json!("/oauth2/v3/token")),
        ("scheme", json!("http")),
        ("certificate", Value::Null),
        ("client_id", json!(CLIENT.0)),
        ("merchant_id", json!(MERCHANT)),
        ("grant_type", json!("authorization_code")),
        ("correlation_id", Value::Null),
        (
            "params",
            json!({
                "client_id": CLIENT.0, "client_secret": "***",
                "code": { "fingerprint": sha256(&code) }, "grant_type": "authorization_code",
            }),
        ),
        (
            "headers",
            json!({
                "accept": "*/*", "content-length": entry["headers"]["content-length"],
                "content-type": "application/x-www-form-urlencoded",
                "host": server.base_url().trim_start_matches("http://"),
            }),
        ),
        (
            "outcome",
            json!({ "status": 200, "error": null, "row": null, "scenario": null, "fault": null }),
        ),
    ] {
        assert_eq!(entry[member], expected, "{member}");
    }
    assert!(entry["duration_us"].as_u64().unwrap() > 0);
    for (i, member) in [(0, "access_token"), (1, "refresh_token")] {
        let token = response.member(member);
        let jti = crate::support::claims(&token)["jti"].clone();
        let issued = json!({ "type": member, "jti": jti, "fingerprint": sha256(&token) });
        assert_eq!(entry["issued"][i], issued);
        assert!(!entry.to_string().contains(&token));
    }
    assert!(!entry.to_string().contains(CLIENT.1) && !entry.to_string().contains(&code));
}

#[tokio::test]
async fn a_token_has_the_same_fingerprint_in_every_request() {
    let server = MockAuthServer::start().await;
    let tokens = exchange_new_code(&server).await;
    let issued = newest(&server).await["issued"].clone();
    refresh(&server, &tokens.member("refresh_token")).await.ok();
    let entry = newest(&server).await;
    assert_eq!(entry["params"]["refresh_token"]["fingerprint"], issued[1]["fingerprint"]);
    assert_eq!(entry["issued"][1], issued[1], "the same refresh token again");
    let paid = reqwest::Client::new()
        .post(server.base_url() + "/pts/v2/payments?page=2")
        .bearer_auth(tokens.member("access_token"));
    assert_eq!(fetch(paid).await.status, 201);
    let entry = newest(&server).await;
    assert_eq!(entry["endpoint"], "resource");
    assert_eq!(entry["params"]["access_token"]["fingerprint"], issued[0]["fingerprint"]);
    assert_eq!(entry["params"]["page"], "2");
    assert_eq!((&entry["client_id"], &entry["merchant_id"]), (&json!(CLIENT.0), &json!(MERCHANT)));
}

/// Each way in which a request can end, with its status, error, row, scenario and fault.
#[tokio::test]
async fn outcomes_name_the_row_the_scenario_and_the_fault() {
    let server = server_with(
        "scenarios:\n\
         - { name: late, when: { code: late }, respond: { error: server_error, phase: after } }\n\
         - { name: quiet, when: { code: quiet }, respond: { fault: empty_response } }\n\
         - { name: short, when: { code: short }, respond: { status: 200, body: abc, fault: truncated_body } }\n\
         - { name: passes, when: { code: passes }, respond: [pass] }\n\
         - { name: limited, when: { code: limited }, respond: { rate_limit: { requests: 0, per: 1m } } }",
    )
    .await;
    let table = [
        ("code=x", 400, json!("invalid_request"), json!(7), Value::Null, Value::Null),
        ("code=late", 500, json!("server_error"), Value::Null, json!("late"), Value::Null),
        ("code=quiet", 0, Value::Null, Value::Null, json!("quiet"), json!("empty_response")),
        ("code=short", 200, Value::Null, Value::Null, json!("short"), json!("truncated_body")),
        ("code=passes", 400, json!("invalid_request"), json!(7), json!("passes"), Value::Null),
        (
            "code=limited",
            429,
            json!("too_many_requests"),
            Value::Null,
            json!("limited"),
            Value::Null,
        ),
        ("code=1&code=2", 400, json!("invalid_request"), json!(6), Value::Null, Value::Null),
        ("%", 400, json!("invalid_request"), json!(5), Value::Null, Value::Null),
    ];
    for (body, status, error, row, scenario, fault) in table {
        let request = form_post(server.token_url());
        let _ = request.body(body).send().await.map(drop);
        let status = if status == 0 { Value::Null } else { json!(status) };
        let expected = json!({
            "status": status, "error": error, "row": row, "scenario": scenario, "fault": fault,
        });
        assert_eq!(newest(&server).await["outcome"], expected, "{body}");
    }
    fetch(reqwest::Client::new().get(server.token_url() + "?code=1")).await;
    let entry = newest(&server).await;
    assert_eq!((&entry["outcome"]["status"], &entry["outcome"]["row"]), (&json!(405), &json!(1)));
    assert_eq!(entry["params"]["code"]["fingerprint"], sha256("1"));
    fetch(reqwest::Client::new().get(server.base_url() + "/pts/v2/payments/7")).await;
    assert_eq!(newest(&server).await["outcome"]["error"], "Authentication Failed");
}

/// Each request with a part of a note that it gets, and one of a note that it does not get.
#[tokio::test]
async fn notes_tell_what_would_happen_at_the_real_server() {
    let server = MockAuthServer::start().await;
    let post = |body: &'static str| form_post(server.token_url()).body(body);
    let good_id = "9a341edd-3ceb-4b36-b423-9088e9bad5a0";
    let authorize = format!(
        "{}?sub=oauth&client_id={}&redirect_url=https://www.example.com",
        server.authorize_url(),
        CLIENT.0
    );
    let get = |url: String| browser().get(url);
    let base = server.base_url();
    let pay = format!("{base}/tss/v2/transactions/1");
    let other_path = || form_post(format!("{base}/oauth/v3/token"));
    let table: Vec<(RequestBuilder, &str, &str)> = vec![
        (post("code=x"), "plain HTTP", "Basic"),
        (post("code=x"), "no client certificate", "state"),
        (post("code=x"), "no v-c-client-correlation-id", "36 characters"),
        (post("").header("v-c-client-correlation-id", "7"), "36 characters", "has no v-c"),
        (post("").header("v-c-client-correlation-id", good_id), "plain HTTP", "correlation"),
        (post("").basic_auth("a", Some("b")), "Basic credentials", "mock_consent"),
        (post("grantType=x"), "Did you mean grant_type?", "parameter 1"),
        (post("audience=x"), "The request has audience, which is not a documented", "Did you mean"),
        (post("redirect_uri=x"), "The request has redirect_uri, which is not", "redirect_url"),
        (post("scope=x"), "The request has scope, which is not a documented", "plain HTTP (again)"),
        (post("code_verifier=x&redirectUri=x"), "has code_verifier, which", "Did you mean"),
        (post("grant_type=refresh_token&code=x"), "was sent as code", "both code and"),
        (post("grant_type=authorization_code&code=x"), "plain HTTP", "as code"),
        (post("code=x&refresh_token=x"), "both code and refresh_token", "as code"),
        (post("client_id=a&client_secret=a&code=x"), "plain HTTP", "not a documented"),
        (other_path(), "/oauth/v3/token, which", "No endpoint"),
        (post("").header("v-c-client-correlation-id", "twice"), "36 characters", "request #"),
        (
            post("").header("v-c-client-correlation-id", "twice"),
            "is also that of request #",
            "no v-c",
        ),
        (get(pay.clone()), "no client certificate", "correlation"),
        (
            get(pay.clone()).header("v-c-client-correlation-id", "twice"),
            "plain HTTP",
            "correlation",
        ),
        (post("S3cret="), "The request has parameter 1, which", "S3cret"),
        (post("").header("x-mock-scenario", "server_error"), "selected the response", "Basic"),
        (get(format!("{authorize}&mock_consent=deny")), "mock_consent", "correlation"),
        (get(authorize.clone()), "has no state parameter", "certificate"),
        (get(format!("{authorize}&scope=users")), "has scope, which is not a", "redirect_uri"),
        (
            get(authorize.replace("redirect_url", "redirect_uri")),
            "parameter is redirect_url",
            "which is not",
        ),
        (
            get(format!("{base}/oauth2/v3/authorize?redirect_uri=x&scope=y")),
            "plain HTTP",
            "which is not",
        ),
        (browser().put(format!("{authorize}&state=1")), "plain HTTP", "state"),
        (get(format!("{authorize}&state=1")), "plain HTTP", "state"),
        (get(format!("{base}/oauth2/v3/authorize")), "/ebc2/oauth/authorize", "No endpoint"),
        (get(format!("{base}/.well-known/jwks.json")), "documents no such endpoint", "Basic"),
        (
            get(format!("{base}/.well-known/oauth-authorization-server")),
            "no such endpoint",
            "Basic",
        ),
        (
            form_post(format!("{base}/oauth2/v3/introspect")),
            "documents no such endpoint",
            "correlation",
        ),
        (
            form_post(format!("{base}/oauth2/v3/revoke")),
            "documents no such endpoint",
            "correlation",
        ),
        (get(format!("{base}/oauth/token")), "no endpoint for this method and path", "certificate"),
    ];
    for (request, has, has_not) in table {
        let described = format!("{request:?}");
        fetch(request).await;
        let notes = notes(&newest(&server).await);
        assert!(notes.contains(has), "{described}: {has}\n{notes}");
        assert!(!notes.contains(has_not), "{described}: {has_not}\n{notes}");
    }
}

#[tokio::test]
async fn a_refresh_token_in_the_place_of_a_code_is_recognized() {
    let server = MockAuthServer::start().await;
    let tokens = exchange(&server, &code(&server).await).await.ok();
    for (code, is_token) in [(tokens.member("refresh_token"), true), ("eyJraK".to_owned(), false)] {
        let response = exchange(&server, &code).await;
        assert_eq!(response.error(), "invalid_request");
        assert_eq!(response.description().contains("is a refresh token"), is_token);
        assert_eq!(notes(&newest(&server).await).contains("was sent as code"), is_token);
    }
}

/// Each way in which a secret is almost right, with what the description and the note say.
#[tokio::test]
async fn a_secret_that_is_almost_right_is_explained_without_being_told() {
    let server = server_with("clients: [{ id: c, secret: \"a+b%25c\" }]").await;
    for (sent, expected) in [
        ("a%2Bb%2525c%0A", Some("without the white space around it")),
        ("+a%2Bb%2525c", Some("without the white space around it")),
        ("a+b%2525c", Some("with its + escaped as %2B")),
        ("a+b%25c", Some("with its + escaped as %2B")),
        ("a%2Bb%25c", Some("with its + escaped as %2B")),
        ("a%2Bb%2525d", None),
    ] {
        let body =
            format!("grant_type=refresh_token&refresh_token=x&client_id=c&client_secret={sent}");
        let response = crate::support::post(&server.token_url(), body).await;
        assert_eq!(response.error(), "invalid_client", "{sent}");
        let (description, entry) = (response.description(), newest(&server).await);
        assert_eq!(entry["outcome"]["row"], 13);
        match expected {
            Some(text) => {
                assert!(description.contains(text), "{description}");
                assert!(notes(&entry).contains(text), "{entry}");
            }
            None => {
                assert!(!notes(&entry).contains("would be right") && !description.contains(';'))
            }
        }
        assert!(!entry.to_string().contains("a+b%") && !description.contains("a+b%"));
    }
    let body = "grant_type=refresh_token&refresh_token=x&client_id=c&client_secret=a%2Bb%2525c";
    let response = crate::support::post(&server.token_url(), body).await;
    assert_eq!(response.error(), "invalid_request", "the secret is right");
}

#[tokio::test]
async fn headers_are_recorded_with_credentials_masked() {
    let server = MockAuthServer::start().await;
    let request = reqwest::Client::new()
        .post(server.token_url())
        .basic_auth("a", Some("b"))
        .header("X-Test", "1")
        .header("X-Test", "2")
        .header("Cookie", "session=s3ss10n")
        .header("Proxy-Authorization", "Basic eDp5")
        .header("Referer", "https://www.example.com/cb?code=eyJraK")
        .header("X-Copy", format!("secret={}", CLIENT.1))
        .header("Content-Type", FORM)
        .body(serde_urlencoded::to_string([("client_secret", CLIENT.1)]).unwrap());
    fetch(request).await;
    let headers = newest(&server).await["headers"].clone();
    for (name, expected) in [
        ("x-test", "1, 2"),
        ("authorization", "***"),
        ("cookie", "***"),
        ("proxy-authorization", "***"),
        ("referer", "https://www.example.com/cb?***"),
        ("x-copy", "***"),
        ("content-type", "application/x-www-form-urlencoded"),
    ] {
        assert_eq!(headers[name], expected, "{name}");
    }
}

/// A method, a path, headers and parameters as long as the server reads them leave a small entry.
#[tokio::test]
async fn an_entry_of_a_huge_request_is_small() {
    let server = MockAuthServer::start().await;
    let address = server.address();
    let long = |length: usize| "X".repeat(length);
    let requests = [
        format!("{} / HTTP/1.1\r\nHost: a\r\n\r\n", long(10)),
        format!("{} /oauth2/v3/token HTTP/1.1\r\nHost: a\r\n\r\n", long(60_000)),
        format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", long(60_000)),
        format!("GET /x HTTP/1.1\r\nHost: a\r\nx-{}: {}\r\n\r\n", long(20_000), long(30_000)),
        format!(
            "GET /x HTTP/1.1\r\nHost: a\r\nv-c-client-correlation-id: {}\r\n\r\n",
            long(60_000)
        ),
    ];
    for request in requests {
        tokio::task::spawn_blocking(move || {
            let mut client = crate::support::raw_client::RawClient::connect(address);
            client.send(request).unwrap();
            client.read_response().unwrap()
        })
        .await
        .unwrap();
    }
    let all = journal(&server, "").await;
    let entries = all["requests"].as_array().unwrap();
    assert_eq!(entries.len(), 4);
    for entry in entries {
        let size = entry.to_string().len();
        assert!(size < 4_000, "{size}");
    }
}

#[tokio::test]
async fn a_lost_response_has_a_note_and_its_issued_tokens() {
    let server = MockAuthServer::start().await;
    let lost = Scenario::respond(Outcome::fault(Fault::ConnectionReset).after()).times(1);
    let _lost = server.inject(lost).await;
    let code = code(&server).await;
    let request = form_post(server.token_url()).body(exchange_form(&code));
    assert!(!gets_response(request).await);
    let entry = newest(&server).await;
    assert!(notes(&entry).contains("took effect"), "{entry}");
    assert_eq!(entry["issued"].as_array().unwrap().len(), 2);
    assert_eq!(entry["outcome"]["fault"], "connection_reset");
    assert_eq!(exchange(&server, &code).await.error(), "invalid_request");
    assert_eq!(newest(&server).await["outcome"]["row"], 16);
}

#[tokio::test]
async fn a_request_whose_client_gives_up_is_recorded() {
    let server = MockAuthServer::start().await;
    let slow = Scenario::respond(Outcome::pass().delay(Duration::from_secs(60)));
    let _slow = server.inject(slow).await;
    let request = form_post(server.token_url()).timeout(Duration::from_millis(50));
    assert!(request.send().await.is_err());
    let entry = loop {
        let entry = newest(&server).await;
        if entry["outcome"].is_object() {
            break entry;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    assert_eq!(entry["outcome"]["status"], Value::Null);
    assert!(notes(&entry).contains("closed the connection before"), "{entry}");
}
