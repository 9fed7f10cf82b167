//! The decision table of the token endpoint: each row alone, and each pair of neighboring rows in
//! their order.

use std::time::Duration;

use crate::support::{FORM, HttpResponse, MERCHANT, code, exchange, fetch, form_post, server_with};
use smartpay_oauth_mock::MockAuthServer;

/// A token request. The fault of a row changes it so that this row fails; faults of different rows
/// can be combined.
struct Request {
    method: &'static str,
    query: &'static str,
    content_type: &'static str,
    parameters: Vec<(&'static str, String)>,
    /// What precedes the parameters.
    raw: String,
}

impl Request {
    fn set(&mut self, name: &'static str, value: &str) {
        self.parameters.retain(|(key, _)| *key != name);
        self.parameters.push((name, value.to_owned()));
    }

    fn remove(&mut self, name: &str) {
        self.parameters.retain(|(key, _)| *key != name);
    }

    async fn send(self, server: &MockAuthServer) -> HttpResponse {
        let url = format!("{}{}", server.token_url(), self.query);
        let form = serde_urlencoded::to_string(&self.parameters).unwrap();
        let body = self.raw + &form;
        let request = reqwest::Client::new()
            .request(self.method.parse().unwrap(), url)
            .header("Content-Type", self.content_type)
            .body(body);
        fetch(request).await
    }
}

/// The rows at which a request can fail; 16 to 20 in their variants for codes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Method,
    Query,
    ContentType,
    BodySize,
    NotWellFormed,
    Duplicate,
    NoSecret,
    GrantType,
    NoCode,
    ClientIdForm,
    ClientUnknown,
    ClientPublic,
    WrongSecret,
    ClientInactive,
    ClientGrantType,
    CodeUnknown,
    Redirect,
    Scope,
    GrantRevoked,
    MerchantInactive,
}

use Fault::*;

/// The row, the fault, the error, the status, and a word of the description.
const TABLE: [(u8, Fault, &str, u16, &str); 20] = [
    (1, Method, "invalid_request", 405, "method must be POST"),
    (2, Query, "invalid_request", 400, "is in the URL"),
    (3, ContentType, "invalid_request", 400, "Content-Type"),
    (4, BodySize, "invalid_request", 413, "64 KiB"),
    (5, NotWellFormed, "invalid_request", 400, "malformed"),
    (6, Duplicate, "invalid_request", 400, "more than once"),
    (7, NoSecret, "invalid_request", 400, "client_secret is missing"),
    (8, GrantType, "invalid_request", 400, "grant_type must be"),
    (9, NoCode, "invalid_request", 400, "is missing"),
    (10, ClientIdForm, "invalid_client", 401, "client_id is malformed"),
    (11, ClientUnknown, "client_not_found", 404, "no such client"),
    (12, ClientPublic, "invalid_client_type", 400, "public client"),
    (13, WrongSecret, "invalid_client", 401, "client_secret is wrong"),
    (14, ClientInactive, "client_not_active", 403, "partner's account is inactive"),
    (15, ClientGrantType, "unauthorized_client", 401, "may not use"),
    (16, CodeUnknown, "invalid_request", 400, "code is unknown"),
    (17, Redirect, "invalid_redirect_uri", 400, "redirect_uri is not"),
    (18, Scope, "invalid_scope", 400, "scope"),
    (19, GrantRevoked, "access_denied", 403, "revoked"),
    (20, MerchantInactive, "merchant_not_active", 403, "account is inactive"),
];

/// Has a client for each combination of the faults of rows 12, 14 and 15, a merchant for the fault of
/// row 20, and a refresh token for each grant, active and revoked.
const FIXTURES: &str = r"
clients:
  - { id: good, secret: s }
  - { id: public, secret: s, type: public }
  - { id: inactive, secret: s, status: inactive }
  - { id: public-inactive, secret: s, type: public, status: inactive }
  - { id: limited, secret: s, grant_types: [] }
  - { id: inactive-limited, secret: s, status: inactive, grant_types: [] }
merchants:
  - { id: open }
  - { id: closed, status: inactive }
codes:
  - { code: open-good, client: good, merchant: open, reusable: true }
  - { code: closed-good, client: good, merchant: closed, reusable: true }
  - { code: open-limited, client: limited, merchant: open, reusable: true }
refresh_tokens:
  - { token: revoked-open, client: good, merchant: open, revoked: true }
  - { token: revoked-closed, client: good, merchant: closed, revoked: true }
";

/// Returns a request that would succeed without these faults.
fn request(faults: &[Fault]) -> Request {
    let has = |fault| faults.contains(&fault);
    let client = match (has(ClientPublic), has(ClientInactive), has(ClientGrantType)) {
        (true, true, _) => "public-inactive",
        (true, _, _) => "public",
        (_, true, true) => "inactive-limited",
        (_, true, _) => "inactive",
        (_, _, true) => "limited",
        _ => "good",
    };
    let mut request = Request {
        method: "POST",
        query: "",
        content_type: FORM,
        parameters: Vec::new(),
        raw: String::new(),
    };
    request.set("client_id", client);
    request.set("client_secret", "s");

    if has(GrantRevoked) {
        request.set("grant_type", "refresh_token");
        let token = if has(MerchantInactive) { "revoked-closed" } else { "revoked-open" };
        request.set("refresh_token", token);
    } else {
        request.set("grant_type", "authorization_code");
        let code = if has(MerchantInactive) { "closed-good" } else { "open-good" };
        request.set("code", code);
    }
    for fault in faults {
        match fault {
            Method => request.method = "PUT",
            Query => request.query = "?state=x",
            ContentType => request.content_type = "application/json",
            BodySize => request.raw += &format!("padding={}&", "x".repeat(64 * 1024)),
            NotWellFormed => request.raw += "state=%&",
            Duplicate => request.raw += "client_id=good&",
            NoSecret => request.remove("client_secret"),
            GrantType => request.set("grant_type", "password"),
            NoCode => request.remove("code"),
            ClientIdForm => request.set("client_id", "good!"),
            ClientUnknown => request.set("client_id", "nobody"),
            WrongSecret => request.set("client_secret", "wrong"),
            CodeUnknown => request.set("code", "unknown"),
            Redirect => request.set("redirect_uri", "https://elsewhere.example"),
            Scope => request.set("scope", "everything"),
            ClientPublic | ClientInactive | ClientGrantType | GrantRevoked | MerchantInactive => {}
        }
    }

    request
}

async fn assert_row(server: &MockAuthServer, faults: &[Fault], row: usize) {
    let (number, _, error, status, word) = TABLE[row];
    let response = request(faults).send(server).await;
    let context = format!("row {number}, {faults:?}: {}", response.text);
    assert_eq!((response.error().as_str(), response.status), (error, status), "{context}");
    assert!(response.description().contains(word), "{context}");
    assert_eq!(response.header("content-type"), "application/json;charset=UTF-8", "{context}");
    assert_eq!(response.header("cache-control"), "no-store", "{context}");
    assert_eq!(response.header("pragma"), "no-cache", "{context}");
    assert_eq!(response.header("allow"), if number == 1 { "POST" } else { "" }, "{context}");
}

#[tokio::test]
async fn without_a_fault_the_request_succeeds() {
    let server = server_with(FIXTURES).await;
    request(&[]).send(&server).await.ok();
}

#[tokio::test]
async fn each_row_fails_alone() {
    let server = server_with(FIXTURES).await;
    for (row, (_, fault, ..)) in TABLE.iter().enumerate() {
        assert_row(&server, &[*fault], row).await;
    }
}

#[tokio::test]
async fn of_two_neighboring_rows_the_first_decides() {
    let server = server_with(FIXTURES).await;
    for row in 0..TABLE.len() - 1 {
        let (first, second) = (TABLE[row].1, TABLE[row + 1].1);
        // A client id cannot be malformed and unknown at once, or unknown and registered. The next row
        // that can fail together with this one is used instead.
        let second = match (first, second) {
            (ClientIdForm, ClientUnknown) | (ClientUnknown, ClientPublic) => WrongSecret,
            (_, second) => second,
        };
        assert_row(&server, &[first, second], row).await;
    }
}

#[tokio::test]
async fn the_first_row_that_fails_decides_whatever_else_is_wrong() {
    let server = server_with(FIXTURES).await;

    // From the last row to the first, without the faults that exclude others.
    let exclusive = [ClientUnknown, ClientPublic, ClientInactive, ClientGrantType, GrantRevoked];
    let mut faults = Vec::new();
    for (row, (_, fault, ..)) in TABLE.into_iter().enumerate().rev() {
        if exclusive.contains(&fault) {
            continue;
        }
        faults.push(fault);
        // Where two faults change the same parameter, the earlier row's must win.
        let mut built: Vec<Fault> = faults.iter().rev().copied().collect();
        built.sort_by_key(|fault| *fault == NoCode || *fault == NoSecret);
        assert_row(&server, &built, row).await;
    }
}

#[tokio::test]
async fn a_failed_request_does_not_redeem_the_code() {
    let server = MockAuthServer::start().await;
    let code = code(&server).await;
    let url = server.token_url();
    let base = format!("grant_type=authorization_code&code={code}&client_id=v6TJH1IqhM");
    for wrong in ["&client_secret=wrong", "&client_secret=v6TJH1IqhM-secret&scope=everything"] {
        assert_ne!(crate::support::post(&url, base.clone() + wrong).await.status, 200);
    }
    exchange(&server, &code).await.ok();
    let again = exchange(&server, &code).await;
    assert_eq!(again.error(), "invalid_request");
    assert!(again.description().contains("already used"));
}

#[tokio::test]
async fn a_code_expires_after_ten_minutes_and_belongs_to_its_client() {
    let server = MockAuthServer::start().await;
    let late = code(&server).await;
    let foreign = server.issue_code("8l57hYffFb", MERCHANT).await.unwrap();
    let response = exchange(&server, &foreign).await;
    assert!(response.description().contains("another client"), "{}", response.text);
    server.clock().advance(Duration::from_secs(599));
    let soon = code(&server).await;
    server.clock().advance(Duration::from_secs(1));
    let response = exchange(&server, &late).await;
    assert_eq!(response.error(), "invalid_request");
    assert!(response.description().contains("expired"), "{}", response.text);
    exchange(&server, &soon).await.ok();
}

/// With the verifier and the challenge of RFC 7636, appendix B.
#[tokio::test]
async fn a_code_with_a_challenge_needs_its_verifier() {
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    for (dialect, error) in [("documented", "invalid_request"), ("rfc6749", "invalid_grant")] {
        let server = server_with(&format!(
            "settings: {{ dialect: {dialect} }}\n\
             codes: [{{ code: c, client: good, merchant: open, code_challenge: {CHALLENGE} }}]\n\
             {}",
            FIXTURES.replace("codes:", "ignored:").split("ignored:").next().unwrap()
        ))
        .await;

        let send = async |verifier: Option<&str>| {
            let mut request = request(&[]);
            request.set("code", "c");
            if let Some(verifier) = verifier {
                request.set("code_verifier", verifier);
            }
            request.send(&server).await
        };

        for wrong in [None, Some(CHALLENGE), Some("short")] {
            let response = send(wrong).await;
            assert_eq!(response.error(), error, "{}", response.text);
            assert!(response.description().contains("code_verifier"), "{}", response.text);
        }
        send(Some(VERIFIER)).await.ok();
    }
}

#[tokio::test]
async fn a_replayed_code_revokes_its_grant_if_the_fixture_says_so() {
    for (setting, error) in [("fail", "-"), ("revoke", "access_denied")] {
        let server = server_with(&format!("settings: {{ code_replay: {setting} }}")).await;
        let code = code(&server).await;
        let response = exchange(&server, &code).await.ok();
        assert_eq!(exchange(&server, &code).await.error(), "invalid_request");
        let refreshed = crate::support::refresh(&server, &response.member("refresh_token")).await;
        assert_eq!(refreshed.error(), error, "{setting}");
    }
}

#[tokio::test]
async fn the_rfc_dialect_changes_rows_8_16_17_and_19_and_nothing_else() {
    let fixtures = format!("settings: {{ dialect: rfc6749 }}\n{FIXTURES}");
    let server = server_with(&fixtures).await;
    for (number, fault, error, status, _) in TABLE {
        let (error, status) = match number {
            8 => ("unsupported_grant_type", 400),
            16 | 19 => ("invalid_grant", 400),
            _ => (error, status),
        };
        let response = request(&[fault]).send(&server).await;
        assert_eq!((response.error().as_str(), response.status), (error, status), "row {number}");
        let challenge = response.header("www-authenticate");
        assert_eq!(challenge.starts_with("Basic "), status == 401, "row {number}");
    }
}

#[tokio::test]
async fn basic_credentials_are_accepted_under_the_rfc_dialect_only() {
    let send = async |server: &MockAuthServer, header: &str, body: &str| {
        let request = form_post(server.token_url())
            .header("Authorization", header.to_owned())
            .body(body.to_owned());
        fetch(request).await
    };
    use base64::{Engine, engine::general_purpose::STANDARD};
    let good = format!("Basic {}", STANDARD.encode("8l57hYffFb:yourClient%53ecret"));
    let body = "grant_type=authorization_code&code=eyJraK";

    let documented = MockAuthServer::start().await;
    let response = send(&documented, &good, body).await;
    assert_eq!(response.error(), "invalid_request");
    assert!(
        response.description().contains("Authorization header is not read"),
        "{}",
        response.text
    );
    assert_eq!(response.header("www-authenticate"), "");

    let rfc = server_with("settings: { dialect: rfc6749 }").await;
    send(&rfc, &good, body).await.ok();
    let wrong = format!("Basic {}", STANDARD.encode("8l57hYffFb:wrong"));
    let response = send(&rfc, &wrong, body).await;
    assert_eq!((response.error().as_str(), response.status), ("invalid_client", 401));
    assert!(response.header("www-authenticate").starts_with("Basic "));

    for (header, more) in [
        (good.as_str(), "&client_secret=yourClientSecret"),
        (good.as_str(), "&client_id=another"),
        ("Basic !", ""),
        ("Basic Og==", ""),
    ] {
        let response = send(&rfc, header, &format!("{body}{more}")).await;
        assert_eq!(response.error(), "invalid_request", "{header} {more}");
    }
}

/// A scenario matches the client of HTTP Basic, and its 401 has a challenge, too.
#[tokio::test]
async fn scenarios_follow_the_dialect() {
    let server = server_with(
        "settings: { dialect: rfc6749 }\n\
         scenarios: [{ when: { client_id: 8l57hYffFb }, respond: { error: invalid_client } }]",
    )
    .await;
    let request = form_post(server.token_url())
        .basic_auth("8l57hYffFb", Some("yourClientSecret"))
        .body("grant_type=authorization_code&code=eyJraK");
    let response = fetch(request).await;
    assert_eq!((response.error().as_str(), response.status), ("invalid_client", 401));
    assert!(response.header("www-authenticate").starts_with("Basic "));
}

#[tokio::test]
async fn a_scenario_matches_the_merchant_of_the_code_or_of_the_token_by_grant_type() {
    let server = server_with(
        "merchants: [{ id: m }, { id: n }]\n\
         codes: [{ code: both, client: 8l57hYffFb, merchant: m, reusable: true }]\n\
         refresh_tokens: [{ token: both, client: 8l57hYffFb, merchant: n }]\n\
         scenarios: [{ when: { merchant_id: n }, respond: { error: server_error } }]",
    )
    .await;
    let send = async |grant_type: &str| {
        let body = format!(
            "client_id=8l57hYffFb&client_secret=yourClientSecret&code=both&grant_type={grant_type}"
        );
        crate::support::post(&server.token_url(), body).await.status
    };
    assert_eq!((send("authorization_code").await, send("refresh_token").await), (200, 500));
}

#[tokio::test]
async fn every_error_is_a_500_if_the_fixture_says_so_unless_it_is_overridden() {
    let fixtures = format!(
        "settings: {{ error_status: always_500 }}\n\
         errors: {{ client_not_found: {{ status: 410, description: Gone. }} }}\n{FIXTURES}"
    );
    let server = server_with(&fixtures).await;
    for (number, fault, error, _, _) in TABLE {
        let response = request(&[fault]).send(&server).await;
        let status = if error == "client_not_found" { 410 } else { 500 };
        assert_eq!((response.error().as_str(), response.status), (error, status), "row {number}");
    }
    assert_eq!(request(&[ClientUnknown]).send(&server).await.description(), "Gone.");
}
