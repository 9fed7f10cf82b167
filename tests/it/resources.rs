//! The API behind the access token, introspection and revocation.

use std::time::Duration;

use crate::support::{
    CLIENT, HttpResponse, MERCHANT, fetch, post, post_sample, refresh, server_with,
};
use smartpay_oauth_mock::fixture::{AccountStatus, Merchant};
use smartpay_oauth_mock::{MockAuthServer, SigningKey, TokenResponse};

const FIXTURES: &str = r#"
resources:
  - path: /pts/v2/payments/{id}
    methods: [GET, DELETE]
    respond: { status: 200, json: { id: "{id}", links: ["/pts/v2/payments/{id}"] } }
  - path: /reports
    methods: [GET]
    scope: reporting
    respond: { status: 206, headers: { X-Total: "1" }, body: "one line" }
  - path: /plain
"#;

async fn call(
    server: &MockAuthServer,
    method: &str,
    path: &str,
    authorization: &str,
) -> HttpResponse {
    let mut request =
        reqwest::Client::new().request(method.parse().unwrap(), server.base_url() + path);
    if !authorization.is_empty() {
        request = request.header("Authorization", authorization);
    }
    fetch(request).await
}

async fn tokens(server: &MockAuthServer) -> TokenResponse {
    server.issue_tokens(CLIENT.0, MERCHANT).await.unwrap()
}

async fn post_token(server: &MockAuthServer, endpoint: &str, token: &str) -> HttpResponse {
    let form = [("client_id", CLIENT.0), ("client_secret", CLIENT.1), ("token", token)];
    let url = format!("{}/oauth2/v3/{endpoint}", server.base_url());
    post(&url, serde_urlencoded::to_string(form).unwrap()).await
}

#[tokio::test]
async fn a_valid_token_gets_the_response_of_the_fixture() {
    let server = server_with(FIXTURES).await;
    let good = format!("Bearer {}", tokens(&server).await.access_token);
    let response = call(&server, "GET", "/pts/v2/payments/7048", &good).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.text, r#"{"id":"7048","links":["/pts/v2/payments/7048"]}"#);
    let response = call(&server, "GET", "/reports", &good.replace("Bearer", "bEARER")).await;
    assert_eq!(
        (response.status, response.text.as_str(), response.header("x-total")),
        (206, "one line", "1")
    );
    let response = call(&server, "POST", "/plain", &good).await;
    assert_eq!((response.status, response.member("status").as_str()), (201, "AUTHORIZED"));
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused_before_the_token_is_checked() {
    let server = server_with(FIXTURES).await;
    let response = call(&server, "PUT", "/pts/v2/payments/7048", "").await;
    assert_eq!((response.status, response.header("allow")), (405, "GET, DELETE"));
    assert_eq!(response.member("message"), "This path supports only: GET, DELETE.");
    for path in ["/pts/v2/payments/", "/pts/v2/payments/1/2"] {
        assert_eq!(call(&server, "GET", path, "").await.status, 404, "{path}");
    }

    let response = call(&server, "GET", "/nowhere", "").await;
    assert_eq!(response.status, 404);
    assert!(response.text.starts_with("There is no endpoint for GET at this path. "));
}

#[tokio::test]
async fn every_other_token_is_refused_as_in_rfc_6750() {
    let server = server_with(&format!("settings: {{ api_errors: rfc6750 }}\n{FIXTURES}")).await;
    let key = SigningKey::generate().unwrap();
    let other_key = MockAuthServer::builder().signing_key(key).start().await.unwrap();
    let old = tokens(&server).await;
    server.clock().advance(Duration::from_secs(900));
    let good = tokens(&server).await;
    let revoked = tokens(&server).await;
    assert_eq!(post_token(&server, "revoke", &revoked.access_token).await.status, 200);

    let bearer = |token: &str| format!("Bearer {token}");
    let table = [
        (String::new(), "", "missing"),
        ("Basic abc".to_owned(), "", "missing"),
        ("Bearer".to_owned(), "invalid_token", "must be Bearer"),
        (format!("Bearer {} x", good.access_token), "invalid_token", "must be Bearer"),
        (bearer("nonsense"), "invalid_token", "malformed"),
        (bearer(&tokens(&other_key).await.access_token), "invalid_token", "signature"),
        (bearer(&old.access_token), "invalid_token", "expired"),
        (bearer(&revoked.access_token), "invalid_token", "revoked"),
        (bearer(&good.refresh_token), "invalid_token", "refresh token"),
    ];

    for (authorization, error, reason) in table {
        let response = call(&server, "GET", "/pts/v2/payments/1", &authorization).await;
        assert_eq!(response.status, 401, "{reason}: {}", response.text);
        let challenge = response.header("www-authenticate");
        assert!(challenge.starts_with("Bearer realm="), "{challenge}");
        assert_eq!(challenge.contains("error="), !error.is_empty(), "{challenge}");
        assert!(challenge.contains(error), "{challenge}");
        assert!(response.description().contains(reason), "{reason}: {}", response.text);
    }
}

/// The vendor's own body of a 401, by what is wrong with the token.
#[tokio::test]
async fn the_documented_401_says_whether_a_refresh_helps() {
    let server = MockAuthServer::start().await;
    let other_key = MockAuthServer::builder()
        .signing_key(SigningKey::generate().unwrap())
        .start()
        .await
        .unwrap();
    let blue = server.new_realm("blue").create().unwrap();
    let expired = tokens(&server).await.access_token;
    let expired_and_revoked = tokens(&server).await.access_token;
    post_token(&server, "revoke", &expired_and_revoked).await.ok();
    let expired_elsewhere = blue.issue_tokens(CLIENT.0, MERCHANT).await.unwrap().access_token;
    server.clock().advance(Duration::from_secs(900));
    blue.clock().advance(Duration::from_secs(900));
    let valid = tokens(&server).await;
    let elsewhere = blue.issue_tokens(CLIENT.0, MERCHANT).await.unwrap().access_token;
    let revoked = tokens(&server).await.access_token;
    post_token(&server, "revoke", &revoked).await.ok();

    let wrongly_signed = format!("{}AAAAAAAA", &expired[..expired.len() - 8]);

    let unauthenticated = "Authentication Failed";
    let table = [
        ("", unauthenticated),
        ("nonsense", unauthenticated),
        (&tokens(&other_key).await.access_token, unauthenticated),
        (&valid.refresh_token, unauthenticated),
        (&wrongly_signed, unauthenticated),
        (&expired, "ACCESS_TOKEN_EXPIRED"),
        (&expired_and_revoked, "ACCESS_TOKEN_EXPIRED"),
        (&expired_elsewhere, "ACCESS_TOKEN_EXPIRED"),
        (&elsewhere, "UNAUTHORIZED_PARTNER"),
        (&revoked, "UNAUTHORIZED_PARTNER"),
    ];
    for form in ["documented", "string"] {
        let settings = format!("extends: default\nsettings: {{ api_errors: {form} }}");
        server.replace_fixtures(&settings).await.unwrap();

        for (token, expected) in &table {
            let authorization = format!("Bearer {token}");
            let authorization = if token.is_empty() { "" } else { &authorization };
            let response = call(&server, "POST", "/pts/v2/payments", authorization).await;
            assert_eq!(response.status, 401, "{}", response.text);
            assert!(response.header("www-authenticate").starts_with("Bearer "));

            let object = serde_json::json!({ "error": expected, "error_description": expected });
            let rmsg = match form {
                _ if *expected == unauthenticated => unauthenticated.into(),
                "string" => object.to_string().into(),
                _ => object,
            };
            assert_eq!(response.json(), serde_json::json!({ "response": { "rmsg": rmsg } }));
        }
    }
}

#[tokio::test]
async fn a_token_of_an_inactive_client_or_merchant_is_refused() {
    let server = MockAuthServer::start().await;
    let bearer = format!("Bearer {}", tokens(&server).await.access_token);
    let rmsg = async || {
        let response = call(&server, "POST", "/pts/v2/payments", &bearer).await;
        response.json()["response"]["rmsg"]["error"].as_str().unwrap_or("-").to_owned()
    };

    server.update_client(CLIENT.0, |client| client.status = AccountStatus::Inactive).await.unwrap();
    assert_eq!(rmsg().await, "UNAUTHORIZED_PARTNER");
    server.update_client(CLIENT.0, |client| client.status = AccountStatus::Active).await.unwrap();
    assert_eq!(rmsg().await, "-");
    let inactive = |merchant: &mut Merchant| merchant.status = AccountStatus::Inactive;
    server.update_merchant(MERCHANT, inactive).await.unwrap();
    assert_eq!(rmsg().await, "UNAUTHORIZED_PARTNER");

    // One that is gone counts as inactive.
    for gone in ["client", "merchant"] {
        server.reset().await;
        assert_eq!(rmsg().await, "-");
        match gone {
            "client" => server.remove_client(CLIENT.0).await.unwrap(),
            _ => server.remove_merchant(MERCHANT).await.unwrap(),
        };
        assert_eq!(rmsg().await, "UNAUTHORIZED_PARTNER", "{gone}");
    }
}

#[tokio::test]
async fn every_response_of_the_api_has_the_headers_of_the_vendors() {
    let server = server_with(
        "scenarios: [{ when: { endpoint: resource, header: { x-fail: yes } }, \
         respond: { error: server_error, headers: { Content-Type: text/plain } } }]",
    )
    .await;
    let bearer = format!("Bearer {}", tokens(&server).await.access_token);
    let mut ids = Vec::new();
    for (method, path, authorization, status) in [
        ("POST", "/pts/v2/payments", bearer.as_str(), 201),
        ("POST", "/pts/v2/payments", "", 401),
        ("DELETE", "/pts/v2/payments", "", 405),
        ("GET", "/pts/v2/nothing", "", 404),
        ("GET", "/tss/v2/transactions/7", bearer.as_str(), 200),
    ] {
        let response = call(&server, method, path, authorization).await;
        assert_eq!(response.status, status, "{path}");
        assert_eq!(response.header("content-type"), "application/hal+json", "{path}");
        assert_eq!(response.header("cache-control"), "no-cache, no-store, must-revalidate");
        ids.push(response.header("v-c-correlation-id").to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5, "each response has an id of its own: {ids:?}");

    let missing = call(&server, "GET", "/tss/v2/nothing", "").await;
    assert_eq!(missing.text, r#"{"message":"The requested resource does not exist"}"#);
    let request =
        reqwest::Client::new().post(server.base_url() + "/pts/v2/payments").header("x-fail", "yes");
    let injected = fetch(request).await;
    assert_eq!((injected.status, injected.header("content-type")), (500, "text/plain"));
    assert!(!injected.header("v-c-correlation-id").is_empty());
}

#[tokio::test]
async fn the_calls_of_the_vendors_sdks_are_built_in_each_with_an_id_of_its_own() {
    let server = MockAuthServer::start().await;
    let bearer = format!("Bearer {}", tokens(&server).await.access_token);
    let mut ids = Vec::new();
    for (path, member) in [
        ("/pts/v2/payments", "id"),
        ("/pts/v2/payments", "id"),
        ("/pts/v2/payments/7/captures", "id"),
        ("/pts/v2/payments/7/refunds", "id"),
        ("/pts/v2/payments/7/reversals", "id"),
        ("/pts/v2/payments/7/voids", "id"),
        ("/tss/v2/searches", "searchId"),
    ] {
        let response = call(&server, "POST", path, &bearer).await;
        assert_eq!(response.status, 201, "{path}");
        let id = response.member(member);
        assert!(id.len() == 22 && id.bytes().all(|b| b.is_ascii_digit()), "{path}: {id}");
        ids.push(id);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 7);

    for path in ["/pts/v2/payments/a%20b", "/tss/v2/transactions/a%20b"] {
        let response = call(&server, "GET", path, &bearer).await;
        assert_eq!((response.status, response.member("id").as_str()), (200, "a b"), "{path}");
    }
}

#[tokio::test]
async fn a_token_without_the_scope_is_a_403() {
    let server = server_with(&format!(
        "{FIXTURES}\nclients: [{{ id: v6TJH1IqhM, scopes: [transactions] }}]"
    ))
    .await;
    let good = format!("Bearer {}", tokens(&server).await.access_token);
    let response = call(&server, "GET", "/reports", &good).await;
    assert_eq!((response.status, response.error().as_str()), (403, "insufficient_scope"));
    assert!(response.header("www-authenticate").contains("scope=\"reporting\""));
}

#[tokio::test]
async fn a_scenario_can_replace_the_response_of_a_resource() {
    let server = server_with(
        "scenarios: [{ when: { endpoint: resource, client_id: v6TJH1IqhM }, times: 1, \
         respond: { error: server_error, status: 503 } }]",
    )
    .await;
    let good = format!("Bearer {}", tokens(&server).await.access_token);
    assert_eq!(call(&server, "POST", "/pts/v2/payments", "").await.status, 401);
    assert_eq!(call(&server, "POST", "/pts/v2/payments", &good).await.status, 503);
    assert_eq!(call(&server, "POST", "/pts/v2/payments", &good).await.status, 201);
}

#[tokio::test]
async fn introspection_returns_the_current_state_of_a_token() {
    let server = MockAuthServer::start().await;
    let tokens = tokens(&server).await;
    let access = post_token(&server, "introspect", &tokens.access_token).await.ok().json();
    assert_eq!(access["active"], true);
    assert_eq!(
        (&access["client_id"], &access["merchant_id"]),
        (&CLIENT.0.into(), &MERCHANT.into())
    );
    assert_eq!(access["token_type"], "bearer");
    assert_eq!(access["iss"], server.base_url());
    assert_eq!(access["exp"].as_i64().unwrap() - access["iat"].as_i64().unwrap(), 900);

    let refresh_token = post_token(&server, "introspect", &tokens.refresh_token).await.ok().json();
    assert_eq!(refresh_token["token_type"], "refresh_token");

    let inactive = serde_json::json!({ "active": false });
    assert_eq!(post_token(&server, "introspect", "nonsense").await.ok().json(), inactive);

    // Tokens of the fixtures.
    let literal = post_token(&server, "introspect", "eyJraK").await.ok().json();
    assert_eq!((&literal["active"], &literal["merchant_id"]), (&true.into(), &MERCHANT.into()));
    assert_eq!(post_token(&server, "introspect", "revoked-token").await.ok().json(), inactive);

    server.clock().advance(Duration::from_secs(900));
    assert_eq!(post_token(&server, "introspect", &tokens.access_token).await.ok().json(), inactive);
    assert_eq!(
        post_token(&server, "introspect", &tokens.refresh_token).await.ok().json()["active"],
        true
    );
}

#[tokio::test]
async fn revoking_either_token_revokes_the_grant_and_unknown_ones_are_no_error() {
    for which in ["access", "refresh"] {
        let server = MockAuthServer::start().await;
        let tokens = tokens(&server).await;
        let token = if which == "access" { &tokens.access_token } else { &tokens.refresh_token };
        assert_eq!(post_token(&server, "revoke", "nonsense").await.status, 200);
        assert_eq!(post_token(&server, "revoke", token).await.status, 200);
        for token in [&tokens.access_token, &tokens.refresh_token] {
            assert_eq!(
                post_token(&server, "introspect", token).await.json()["active"],
                false,
                "{which}"
            );
        }
        assert_eq!(refresh(&server, &tokens.refresh_token).await.error(), "access_denied");
        let bearer = format!("Bearer {}", tokens.access_token);
        assert_eq!(call(&server, "POST", "/pts/v2/payments", &bearer).await.status, 401);
    }
}

#[tokio::test]
async fn the_client_is_authenticated_as_at_the_token_endpoint() {
    let server = MockAuthServer::start().await;
    let tokens = tokens(&server).await;
    for endpoint in ["introspect", "revoke"] {
        let url = format!("{}/oauth2/v3/{endpoint}", server.base_url());
        for (body, error) in [
            (String::new(), "invalid_request"),
            ("client_id=nobody&client_secret=x&token=y".into(), "client_not_found"),
            ("client_id=v6TJH1IqhM&client_secret=x&token=y".into(), "invalid_client"),
            ("client_id=v6TJH1IqhM&client_secret=v6TJH1IqhM-secret".into(), "invalid_request"),
            ("token=a&token=b".into(), "invalid_request"),
        ] {
            assert_eq!(post(&url, body).await.error(), error, "{endpoint}");
        }
        assert_eq!(post(&format!("{url}?token=x"), "").await.error(), "invalid_request");
    }

    let other = format!(
        "client_id=8l57hYffFb&client_secret=yourClientSecret&token={}",
        tokens.refresh_token
    );
    let response = post(&(server.base_url() + "/oauth2/v3/revoke"), other).await;
    assert!(response.description().contains("another client"), "{}", response.text);

    refresh(&server, &tokens.refresh_token).await.ok();
}

#[tokio::test]
async fn plain_http_is_refused_everywhere_if_the_fixture_requires_https() {
    let server = server_with("settings: { require_https: true }").await;
    let token = tokens(&server).await.access_token;
    let responses = [
        post_sample(&server).await,
        call(&server, "POST", "/pts/v2/payments", &format!("Bearer {token}")).await,
        post_token(&server, "introspect", &token).await,
        {
            let request = reqwest::Client::new().get(server.authorize_url());
            fetch(request.header("Accept", "application/json")).await
        },
    ];

    for response in responses {
        assert_eq!((response.status, response.error().as_str()), (400, "invalid_request"));
        assert!(response.description().contains("HTTPS"), "{}", response.text);
    }

    assert_eq!(call(&server, "GET", "/_mock/health", "").await.status, 200);
}
