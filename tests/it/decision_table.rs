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

/// The response to a row: the error and the status.
type ErrorAndStatus = (&'static str, u16);

/// The row, the fault, the response in the documented dialect and in that of RFC 6749, and a word of
/// the description.
const TABLE: [(u8, Fault, [ErrorAndStatus; 2], &str); 20] = [
    (1, Method, [("invalid_request", 405); 2], "method must be POST"),
    (2, Query, [("invalid_request", 400); 2], "is in the URL"),
    (3, ContentType, [("invalid_request", 400); 2], "Content-Type"),
    (4, BodySize, [("invalid_request", 413); 2], "64 KiB"),
    (5, NotWellFormed, [("invalid_request", 400); 2], "malformed"),
    (6, Duplicate, [("invalid_request", 400); 2], "more than once"),
    (7, NoSecret, [("invalid_request", 400), CLIENT_ERROR], "client_secret is missing"),
    (
        8,
        GrantType,
        [("invalid_request", 400), ("unsupported_grant_type", 400)],
        "grant_type must be",
    ),
    (9, NoCode, [("invalid_request", 400); 2], "is missing"),
    (10, ClientIdForm, [CLIENT_ERROR; 2], "client_id is malformed"),
    (11, ClientUnknown, [("client_not_found", 404), CLIENT_ERROR], "no such client"),
    (12, ClientPublic, [("invalid_client_type", 400), CLIENT_ERROR], "public client"),
    (13, WrongSecret, [CLIENT_ERROR; 2], "client_secret is wrong"),
    (
        14,
        ClientInactive,
        [("client_not_active", 403), CLIENT_ERROR],
        "partner's account is inactive",
    ),
    (
        15,
        ClientGrantType,
        [("unauthorized_client", 401), ("unauthorized_client", 400)],
        "may not use",
    ),
    (16, CodeUnknown, [("invalid_request", 400), GRANT_ERROR], "code is unknown"),
    (17, Redirect, [("invalid_redirect_uri", 400), GRANT_ERROR], "redirect_uri is not"),
    (18, Scope, [("invalid_scope", 400); 2], "scope"),
    (19, GrantRevoked, [("access_denied", 403), GRANT_ERROR], "revoked"),
    (20, MerchantInactive, [("merchant_not_active", 403), GRANT_ERROR], "account is inactive"),
];

const CLIENT_ERROR: ErrorAndStatus = ("invalid_client", 401);
const GRANT_ERROR: ErrorAndStatus = ("invalid_grant", 400);

/// The dialects, in the order in the table.
const DIALECTS: [&str; 2] = ["documented", "rfc6749"];

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

/// A server for each dialect, and its index in the table.
async fn servers() -> [(usize, MockAuthServer); 2] {
    let [documented, rfc6749] =
        DIALECTS.map(|dialect| format!("settings: {{ dialect: {dialect} }}\n{FIXTURES}"));
    [(0, server_with(&documented).await), (1, server_with(&rfc6749).await)]
}

async fn assert_row(server: &MockAuthServer, dialect: usize, faults: &[Fault], row: usize) {
    let (number, _, responses, word) = TABLE[row];
    let response = request(faults).send(server).await;
    let seen = format!("{}, row {number}, {faults:?}: {}", DIALECTS[dialect], response.text);
    assert_eq!((response.error().as_str(), response.status), responses[dialect], "{seen}");
    assert!(response.description().contains(word), "{seen}");
    assert_eq!(response.header("content-type"), "application/json;charset=UTF-8", "{seen}");
    assert_eq!(response.header("cache-control"), "no-store", "{seen}");
    assert_eq!(response.header("pragma"), "no-cache", "{seen}");
    assert_eq!(response.header("allow"), if number == 1 { "POST" } else { "" }, "{seen}");
    let has_challenge = response.header("www-authenticate").starts_with("Basic ");
    assert_eq!(has_challenge, number == 7 && dialect == 1, "only without credentials: {seen}");
}

#[tokio::test]
async fn without_a_fault_the_request_succeeds() {
    for (_, server) in servers().await {
        request(&[]).send(&server).await.ok();
    }
}

#[tokio::test]
async fn each_row_fails_alone() {
    for (dialect, server) in servers().await {
        for (row, (_, fault, ..)) in TABLE.iter().enumerate() {
            assert_row(&server, dialect, &[*fault], row).await;
        }
    }
}

#[tokio::test]
async fn of_two_neighboring_rows_the_first_decides() {
    for (dialect, server) in servers().await {
        for row in 0..TABLE.len() - 1 {
            let (first, second) = (TABLE[row].1, TABLE[row + 1].1);
            // A client id cannot be malformed and unknown at once, or unknown and registered. The next
            // row that can fail together with this one is used instead.
            let second = match (first, second) {
                (ClientIdForm, ClientUnknown) | (ClientUnknown, ClientPublic) => WrongSecret,
                (_, second) => second,
            };
            assert_row(&server, dialect, &[first, second], row).await;
        }
    }
}

#[tokio::test]
async fn the_first_row_that_fails_decides_whatever_else_is_wrong() {
    for (dialect, server) in servers().await {
        // The faults that can be combined with any other, from the last to the first.
        let mut faults = Vec::new();
        for fault in [
            MerchantInactive,
            Scope,
            Redirect,
            CodeUnknown,
            WrongSecret,
            ClientIdForm,
            NoCode,
            GrantType,
            NoSecret,
            Duplicate,
            NotWellFormed,
            BodySize,
            ContentType,
            Query,
            Method,
        ] {
            faults.push(fault);
            // Where two faults change the same parameter, the earlier row's must win.
            let in_order: Vec<Fault> = faults.iter().rev().copied().collect();
            let row = TABLE.iter().position(|(_, known, ..)| *known == fault).unwrap();
            let mut built = in_order.clone();
            built.sort_by_key(|fault| *fault == NoCode || *fault == NoSecret);
            assert_row(&server, dialect, &built, row).await;
        }
    }
}

/// RFC 6749, section 3.1.
#[tokio::test]
async fn a_parameter_without_a_value_counts_as_missing() {
    let server = server_with(FIXTURES).await;
    for name in ["grant_type", "client_id", "client_secret", "code"] {
        let mut request = request(&[]);
        request.set(name, "");
        let response = request.send(&server).await;
        assert_eq!((response.error().as_str(), response.status), ("invalid_request", 400));
        let start = format!("{name} is missing from the body, or empty");
        assert!(response.description().starts_with(&start), "{}", response.text);
    }

    let mut request = request(&[]);
    for name in ["refresh_token", "redirect_uri", "redirect_url", "scope", "code_verifier"] {
        request.set(name, "");
    }
    request.send(&server).await.ok();
}

#[tokio::test]
async fn a_client_id_has_1_to_64_characters_of_a_limited_set() {
    let server = server_with(FIXTURES).await;
    for (client_id, error) in [
        ("AZaz09._-", "client_not_found"),
        (&"x".repeat(64), "client_not_found"),
        (&"x".repeat(65), "invalid_client"),
        ("a b", "invalid_client"),
        ("a/b", "invalid_client"),
        ("\u{e9}", "invalid_client"),
        ("\0", "invalid_client"),
    ] {
        let mut request = request(&[]);
        request.set("client_id", client_id);
        assert_eq!(request.send(&server).await.error(), error, "{client_id:?}");
    }
}

/// A code is for one of the client's redirect URLs, or for any of them if it was issued without one.
#[tokio::test]
async fn a_redirect_url_is_the_one_of_the_code_or_any_registered_one() {
    let server = server_with(
        "clients: [{ id: c, secret: s, redirect_urls: [https://one.example, https://two.example] }]\n\
         merchants: [{ id: m }]\n\
         codes:\n\
         - { code: one, client: c, merchant: m, reusable: true, redirect_url: https://one.example }\n\
         - { code: any, client: c, merchant: m, reusable: true }",
    )
    .await;
    for (code, url, is_accepted) in [
        ("one", "https://one.example", true),
        ("one", "https://two.example", false),
        ("any", "https://one.example", true),
        ("any", "https://two.example", true),
        ("any", "https://three.example", false),
    ] {
        for name in ["redirect_uri", "redirect_url"] {
            let mut request = request(&[]);
            request.set("client_id", "c");
            request.set("code", code);
            request.set(name, url);
            let expected = if is_accepted { "-" } else { "invalid_redirect_uri" };
            assert_eq!(request.send(&server).await.error(), expected, "{code} {name} {url}");
        }
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

/// A stolen code must not pass by a verifier that nothing was compared with.
#[tokio::test]
async fn a_code_without_a_challenge_refuses_a_verifier_wherever_it_came_from() {
    for (dialect, server) in servers().await {
        let issued = server.issue_code("good", "open").await.unwrap();
        for code in ["open-good", &issued] {
            let mut request = request(&[]);
            request.set("code", code);
            request.set("code_verifier", &"x".repeat(43));
            let response = request.send(&server).await;
            let expected = [("invalid_request", 400), GRANT_ERROR][dialect];
            assert_eq!((response.error().as_str(), response.status), expected, "{code}");
            assert!(response.description().contains("code_verifier"), "{}", response.text);
        }
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

/// RFC 6749, section 5.2: who used HTTP Basic, or sent no secret, is told of HTTP Basic.
#[tokio::test]
async fn a_failed_authentication_has_a_challenge_where_basic_was_used_or_nothing_was_sent() {
    let [_, (_, server)] = servers().await;
    let rest = "grant_type=authorization_code&code=open-good";
    for (basic, body, expected, has_challenge) in [
        (None, String::new(), CLIENT_ERROR, true),
        (None, rest.to_owned(), CLIENT_ERROR, true),
        (None, format!("{rest}&client_id=good"), CLIENT_ERROR, true),
        (None, format!("{rest}&client_id=good&client_secret="), CLIENT_ERROR, true),
        (None, format!("{rest}&client_id=good&client_secret=wrong"), CLIENT_ERROR, false),
        (None, format!("{rest}&client_id=nobody&client_secret=s"), CLIENT_ERROR, false),
        (None, format!("{rest}&client_secret=s"), ("invalid_request", 400), false),
        (None, "client_id=good&client_secret=s".to_owned(), ("invalid_request", 400), false),
        (Some(("good", "wrong")), rest.to_owned(), CLIENT_ERROR, true),
        (Some(("good", "")), rest.to_owned(), CLIENT_ERROR, true),
        (Some(("nobody", "s")), rest.to_owned(), CLIENT_ERROR, true),
        (Some(("inactive", "s")), rest.to_owned(), CLIENT_ERROR, true),
        (Some(("", "")), rest.to_owned(), CLIENT_ERROR, true),
        (Some(("", "s")), rest.to_owned(), ("invalid_request", 400), false),
        (Some(("good", "s")), String::new(), ("invalid_request", 400), false),
        (Some(("limited", "s")), rest.to_owned(), ("unauthorized_client", 400), false),
    ] {
        let mut request = reqwest::Client::new()
            .post(server.token_url())
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body.clone());
        if let Some((id, secret)) = basic {
            request = request.basic_auth(id, Some(secret));
        }
        let response = fetch(request).await;
        let seen = format!("{basic:?} {body}: {}", response.text);
        assert_eq!((response.error().as_str(), response.status), expected, "{seen}");
        let challenge = response.header("www-authenticate");
        assert_eq!(challenge.starts_with("Basic "), has_challenge, "{seen}");
    }
}

/// RFC 7662, section 2.3, and RFC 7009, section 2.2.1.
#[tokio::test]
async fn introspection_and_revocation_without_credentials_are_a_401_under_the_rfc_dialect() {
    for (dialect, server) in servers().await {
        for path in ["introspect", "revoke"] {
            let url = format!("{}/oauth2/v3/{path}", server.base_url());
            let response = crate::support::post(&url, "token=x").await;
            let expected = [("invalid_request", 400), CLIENT_ERROR][dialect];
            assert_eq!((response.error().as_str(), response.status), expected, "{path}");
            let challenge = response.header("www-authenticate");
            assert_eq!(challenge.starts_with("Basic "), dialect == 1, "{path}");
        }
    }
}

#[tokio::test]
async fn the_fixture_overrides_the_statuses_of_either_dialect() {
    for dialect in DIALECTS {
        let server = server_with(&format!(
            "settings: {{ dialect: {dialect} }}\n\
             errors: {{ invalid_client: {{ status: 418, description: Tea. }}, invalid_grant: {{ status: 409 }} }}\n\
             {FIXTURES}"
        ))
        .await;
        let response = request(&[WrongSecret]).send(&server).await;
        assert_eq!((response.status, response.description().as_str()), (418, "Tea."));
        let response = request(&[CodeUnknown]).send(&server).await;
        assert_eq!(response.status, if dialect == "rfc6749" { 409 } else { 400 });
    }
}

/// An injected error keeps its code. Its status is the dialect's for that code.
#[tokio::test]
async fn an_injected_error_has_the_status_of_the_dialect_unless_it_sets_one() {
    for (code, status, expected) in [
        ("access_denied", "", [403, 400]),
        ("client_not_found", "", [404, 400]),
        ("unauthorized_client", "", [401, 400]),
        ("invalid_client", "", [401, 401]),
        ("server_error", "", [500, 500]),
        ("slow_down", "", [400, 400]),
        ("access_denied", ", status: 409", [409, 409]),
    ] {
        for (dialect, expected) in DIALECTS.into_iter().zip(expected) {
            let server = server_with(&format!(
                "settings: {{ dialect: {dialect} }}\n\
                 scenarios: [{{ respond: {{ error: {code}{status} }} }}]\n{FIXTURES}"
            ))
            .await;
            let response = request(&[]).send(&server).await;
            let seen = (response.error(), response.status);
            assert_eq!(seen, (code.to_owned(), expected), "{dialect}");
        }
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
    for (number, fault, [(error, _), _], _) in TABLE {
        let response = request(&[fault]).send(&server).await;
        let status = if error == "client_not_found" { 410 } else { 500 };
        assert_eq!((response.error().as_str(), response.status), (error, status), "row {number}");
    }
    assert_eq!(request(&[ClientUnknown]).send(&server).await.description(), "Gone.");
}
