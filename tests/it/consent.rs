//! The authorize endpoint: validation, the consent page and the redirect.

use crate::support::{
    CLIENT, HttpResponse, browser, claims, exchange, exchange_form, fetch, post, server_with,
    server_with_only,
};
use smartpay_oauth_mock::MockAuthServer;

const GOOD: [(&str, &str); 3] =
    [("sub", "oauth"), ("client_id", CLIENT.0), ("redirect_url", "https://www.example.com")];

/// Returns the query with these parameters changed. An empty value removes one.
fn with<'a>(changes: &[(&'a str, &'a str)]) -> String {
    let kept = GOOD.iter().filter(|(name, _)| !changes.iter().any(|(other, _)| other == name));
    let all: Vec<(&str, &str)> = kept
        .copied()
        .chain(changes.iter().copied())
        .filter(|(_, value)| !value.is_empty())
        .collect();
    serde_urlencoded::to_string(all).unwrap()
}

async fn authorize(server: &MockAuthServer, query: &str) -> HttpResponse {
    let request = browser().get(format!("{}?{query}", server.authorize_url()));
    fetch(request.header("Accept", "text/html")).await
}

/// Returns the URL and the parameters of a redirect.
fn redirected(response: &HttpResponse) -> (String, Vec<(String, String)>) {
    assert!([302, 303].contains(&response.status), "{} {}", response.status, response.text);
    let location = response.header("location");
    let (url, query) = location.split_once('?').unwrap_or((location, ""));
    (url.to_owned(), serde_urlencoded::from_str(query).unwrap())
}

#[tokio::test]
async fn errors_are_a_page_or_json_until_the_redirect_url_is_validated() {
    let server = MockAuthServer::start().await;
    let table = [
        (with(&[("client_id", "")]), "invalid_request", 400),
        (with(&[("client_id", "a b")]), "invalid_client", 401),
        (with(&[("client_id", "nobody")]), "client_not_found", 404),
        (with(&[("redirect_url", "")]), "invalid_request", 400),
        (with(&[("redirect_url", "https://www.example.com/")]), "invalid_redirect_uri", 400),
        (with(&[]) + "&client_id=other", "invalid_request", 400),
        (with(&[]) + "&x=1&x=2", "invalid_request", 400),
        (with(&[]) + "&state=%zz", "invalid_request", 400),
    ];
    for (query, code, status) in table {
        let page = authorize(&server, &query).await;
        assert_eq!(page.status, status, "{query}");
        assert!(page.header("content-type").starts_with("text/html"), "{query}");
        assert!(page.text.contains(&format!("<code id=\"code\">{code}</code>")), "{}", page.text);
        assert_eq!(page.header("location"), "");
        let request = reqwest::Client::new()
            .get(format!("{}?{query}", server.authorize_url()))
            .header("Accept", "application/json");
        let json = fetch(request).await;
        assert_eq!((json.status, json.error().as_str()), (status, code), "{query}");
    }
}

#[tokio::test]
async fn later_errors_are_a_redirect_to_the_partner() {
    let server = server_with(
        "clients:\n  - { id: v6TJH1IqhM, scopes: [users, keys] }\n  \
         - { id: refresher, secret: s, grant_types: [refresh_token], redirect_urls: [https://www.example.com] }",
    )
    .await;
    let long = "x".repeat(129);
    let table = [
        (with(&[("sub", "")]), "invalid_request"),
        (with(&[("sub", "OAUTH")]), "invalid_request"),
        (with(&[("client_id", "public-client")]), "invalid_client_type"),
        (with(&[("client_id", "inactive-client")]), "client_not_active"),
        (with(&[("client_id", "refresher")]), "unauthorized_client"),
        (with(&[("scope", "users  keys")]), "invalid_scope"),
        (with(&[("scope", "payouts")]), "invalid_scope"),
        (with(&[("code_challenge", "short")]), "invalid_request"),
        (with(&[("code_challenge", &long)]), "invalid_request"),
        (with(&[("code_challenge_method", "S256")]), "invalid_request"),
        (with(&[("code_challenge_method", "S512")]), "invalid_request"),
        (with(&[("mock_consent", "maybe")]), "invalid_request"),
        (with(&[("mock_merchant", "nobody")]), "invalid_request"),
        (with(&[("mock_consent", "allow"), ("mock_merchant", "nobody")]), "invalid_request"),
        (
            with(&[("mock_consent", "allow"), ("mock_merchant", "inactive-merchant")]),
            "merchant_not_active",
        ),
    ];

    for (query, code) in table {
        let (url, parameters) =
            redirected(&authorize(&server, &(query.clone() + "&state=s+1")).await);
        assert_eq!(url, "https://www.example.com", "{query}");
        let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["error", "error_description", "state"], "{query}");
        assert_eq!((parameters[0].1.as_str(), parameters[2].1.as_str()), (code, "s 1"), "{query}");
        let (_, parameters) = redirected(&authorize(&server, &query).await);
        assert_eq!(parameters.len(), 2, "no state unless it was sent");
    }
}

/// Each request has the fault of its row and those of all rows below it.
#[tokio::test]
async fn the_first_check_that_fails_decides() {
    let server = server_with(
        "clients:\n  \
         - { id: public, secret: s, type: public, status: inactive, grant_types: [], redirect_urls: [https://a.example] }\n  \
         - { id: inactive, secret: s, status: inactive, grant_types: [], redirect_urls: [https://a.example] }\n  \
         - { id: limited, secret: s, grant_types: [], redirect_urls: [https://a.example] }\n  \
         - { id: good, secret: s, redirect_urls: [https://a.example] }",
    )
    .await;
    let rows = [
        ("%zz", "client_id=a%20b&state=&state=", "malformed"),
        ("", "client_id=a%20b&state=&state=", "state occurs more than once"),
        ("", "", "client_id is missing"),
        ("client_id=a%20b", "", "client_id is malformed"),
        ("client_id=nobody", "", "no such client"),
        ("client_id=public", "", "redirect_url is missing"),
        ("client_id=public", "redirect_url=https://b.example", "redirect_url is not registered"),
        ("client_id=public", "redirect_url=https://a.example&sub=x", "sub must be"),
        ("client_id=public", "redirect_url=https://a.example&sub=oauth", "public client"),
        ("client_id=inactive", "redirect_url=https://a.example&sub=oauth", "account is inactive"),
        ("client_id=limited", "redirect_url=https://a.example&sub=oauth", "may not request"),
    ];
    // What is wrong with every request, to be found last.
    let rest = "scope=+&code_challenge=short&mock_consent=maybe&mock_merchant=nobody";
    for (first, second, description) in rows {
        let query = format!("{first}&{second}&{rest}");
        let response = authorize(&server, &query).await;
        let location = response.header("location").replace('+', " ");
        let shown = if response.status == 302 { &location } else { &response.text };
        assert!(shown.contains(description), "{query}: {shown}");
    }

    let good = "client_id=good&redirect_url=https://a.example&sub=oauth";
    let faults: Vec<&str> = rest.split('&').collect();
    for (first, description) in
        ["scope", "code_challenge", "mock_consent", "mock_merchant"].into_iter().enumerate()
    {
        let query = format!("{good}&{}", faults[first..].join("&"));
        let (_, parameters) = redirected(&authorize(&server, &query).await);
        assert!(parameters[1].1.starts_with(description), "{query}: {parameters:?}");
    }
}

#[tokio::test]
async fn the_page_names_the_partner_and_the_permissions_and_has_security_headers() {
    let server = MockAuthServer::start().await;
    let page =
        authorize(&server, &with(&[("scope", "reporting users"), ("state", "x")])).await.ok();
    for part in [
        "Sample partner asks to connect to your account",
        "View reporting",
        "View users",
        "This is a mock",
        "Rahul Rama Ltd",
        "name=\"state\" value=\"x\"",
        "value=\"allow\"",
        "value=\"deny\"",
    ] {
        assert!(page.text.contains(part), "{part} is not in {}", page.text);
    }

    assert!(!page.text.contains("View payouts"));

    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(policy.contains("form-action 'self' http: https:;"), "{policy}");
    assert!(!policy.contains("unsafe"));
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.text.contains("aria-describedby=\"obstacle\">Allow"), "the merchant can grant");
}

/// The page of the error shows what came and what would be right, as text.
#[tokio::test]
async fn the_page_of_an_unregistered_redirect_url_shows_it_and_the_registered_ones() {
    let server = server_with(
        "clients: [{ id: v6TJH1IqhM, redirect_urls: [https://a.example/x, https://b.example] }, \
         { id: none, secret: s }]",
    )
    .await;
    let sent = "https://a.example/x/?<script>alert(1)</script>";
    let page = authorize(&server, &with(&[("redirect_url", sent)])).await;
    assert_eq!(page.status, 400);
    assert!(!page.text.contains("<script>"), "{}", page.text);
    let escaped = "https://a.example/x/?&#60;script&#62;alert(1)&#60;/script&#62;</code>";
    assert!(page.text.contains(escaped), "{}", page.text);
    for registered in ["<li>https://a.example/x</li>", "<li>https://b.example</li>"] {
        assert!(page.text.contains(registered), "{registered}: {}", page.text);
    }

    let page = authorize(&server, &with(&[("client_id", "none")])).await;
    assert!(page.text.contains("id=\"registered\">None."), "{}", page.text);
    // Other errors have no such part.
    let page = authorize(&server, &with(&[("client_id", "nobody")])).await;
    assert!(!page.text.contains("Registered"), "{}", page.text);
}

#[tokio::test]
async fn allow_is_disabled_with_the_reason_if_the_merchant_may_not_grant() {
    let server = MockAuthServer::start().await;
    for (merchant, reason) in [
        ("limited-merchant", "does not have the privilege"),
        ("inactive-merchant", "account is inactive"),
    ] {
        let page = authorize(&server, &with(&[("mock_merchant", merchant)])).await.ok();
        let disabled = "value=\"allow\" aria-describedby=\"obstacle\" disabled>";
        assert!(page.text.contains(disabled), "{}", page.text);
        let shown = page.text.split("role=\"alert\">").nth(1).unwrap_or_default();
        assert!(shown.split("</p>").next().unwrap_or_default().contains(reason), "{}", page.text);
    }

    let fixtures =
        "clients: [{ id: v6TJH1IqhM, secret: s, redirect_urls: [https://www.example.com] }]";
    let page = authorize(&server_with_only(fixtures).await, &with(&[])).await.ok();
    assert!(page.text.contains("fixtures have no merchant"), "{}", page.text);
}

#[tokio::test]
async fn allow_redirects_with_a_code_for_that_url_and_deny_without_one() {
    let server = MockAuthServer::start().await;
    let allow = authorize(&server, &with(&[("mock_consent", "allow"), ("state", "a=b&c")])).await;
    let (_, parameters) = redirected(&allow);
    assert_eq!(parameters[1], ("state".to_owned(), "a=b&c".to_owned()));

    let code = parameters[0].1.clone();
    let wrong = exchange_form(&code) + "&redirect_uri=https%3A%2F%2Fwww.example.com%2F";
    assert_eq!(post(&server.token_url(), wrong).await.error(), "invalid_redirect_uri");

    exchange(&server, &code).await.ok();

    let deny = authorize(&server, &with(&[("mock_consent", "deny"), ("state", "x")])).await;
    assert_eq!(deny.header("location"), "https://www.example.com");

    let rfc = server_with("settings: { deny_redirect: rfc6749, consent: deny }").await;
    let (_, parameters) = redirected(&authorize(&rfc, &with(&[("state", "x")])).await);
    assert_eq!(parameters[0], ("error".to_owned(), "access_denied".to_owned()));
    assert_eq!(parameters[2], ("state".to_owned(), "x".to_owned()));

    // A denial does not prevent a later attempt.
    redirected(&authorize(&rfc, &with(&[("mock_consent", "allow")])).await);
}

#[tokio::test]
async fn consent_allow_uses_the_first_active_merchant_that_may_grant() {
    let server = server_with_only(
        "settings: { consent: allow }\n\
         clients: [{ id: v6TJH1IqhM, secret: v6TJH1IqhM-secret, redirect_urls: [https://www.example.com] }]\n\
         merchants: [{ id: a, status: inactive }, { id: b, can_grant: false }, { id: c }, { id: d }]",
    )
    .await;
    for (more, merchant) in [("", "c"), ("d", "d")] {
        let (_, parameters) =
            redirected(&authorize(&server, &with(&[("mock_merchant", more)])).await);
        let response = exchange(&server, &parameters[0].1).await.ok();
        assert_eq!(claims(&response.member("access_token"))["merchant_id"], merchant);
    }
}

#[tokio::test]
async fn a_merchant_without_privileges_is_redirected_as_after_deny() {
    let server = MockAuthServer::start().await;
    for parameters in [
        [("mock_consent", "allow"), ("mock_merchant", "limited-merchant"), ("state", "s")],
        [("mock_consent", "deny"), ("mock_merchant", "rahulrama"), ("state", "s")],
    ] {
        let response = authorize(&server, &with(&parameters)).await;
        assert_eq!(response.status, 302, "{}", response.text);
        assert_eq!(response.header("location"), "https://www.example.com");
    }

    // An inactive account is another matter, and the partner is told.
    let inactive = [("mock_consent", "allow"), ("mock_merchant", "inactive-merchant")];
    let (_, parameters) = redirected(&authorize(&server, &with(&inactive)).await);
    assert_eq!(parameters[0], ("error".to_owned(), "merchant_not_active".to_owned()));
}

/// The verifier and the challenges of RFC 7636, appendix B.
#[tokio::test]
async fn a_challenge_of_either_method_works_at_both_endpoints() {
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let server = server_with("settings: { consent: allow }").await;
    let vendor = format!("{}?{}", server.authorize_url(), with(&[]));
    let base = server.base_url();
    let rfc = format!("{base}/oauth2/v3/authorize?response_type=code&client_id={}", CLIENT.0);
    let s256 = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    let plain = format!("{VERIFIER}&code_challenge_method=plain");

    for url in [vendor, rfc] {
        for challenge in [s256, &plain, VERIFIER] {
            let visit = browser().get(format!("{url}&code_challenge={challenge}"));
            let (_, parameters) = redirected(&fetch(visit).await);
            let form = exchange_form(&parameters[0].1);
            let other = VERIFIER.replace('d', "e");
            for (verifier, error) in [(other.as_str(), "invalid_request"), (VERIFIER, "-")] {
                let body = format!("{form}&code_verifier={verifier}");
                assert_eq!(post(&server.token_url(), body).await.error(), error, "{challenge}");
            }
        }
    }
}

#[tokio::test]
async fn a_code_is_43_letters_and_digits() {
    let server = server_with("settings: { consent: allow }").await;
    let (_, parameters) = redirected(&authorize(&server, &with(&[])).await);
    let consented = parameters[0].1.clone();

    for code in [consented, crate::support::code(&server).await] {
        assert!(code.len() == 43 && code.bytes().all(|b| b.is_ascii_alphanumeric()), "{code}");
    }
}

#[tokio::test]
async fn a_code_can_look_like_a_token_and_be_as_long() {
    let server = server_with("settings: { code_form: jwt, consent: allow }").await;
    let (_, parameters) = redirected(&authorize(&server, &with(&[])).await);
    let consented = parameters[0].1.clone();

    for code in [consented, crate::support::code(&server).await] {
        assert!((850..950).contains(&code.len()), "{}", code.len());
        assert_eq!(code.split('.').count(), 3);
        exchange(&server, &code).await.ok();
    }
}

/// Input that would send a code to another host, or put a script into the page.
#[tokio::test]
async fn only_registered_urls_are_redirected_to_and_all_output_is_escaped() {
    let server = MockAuthServer::start().await;
    for evil in [
        "https://evil.example",
        "https://www.example.com.evil.example",
        "https://www.example.com@evil.example",
        "https://user:pass@www.example.com",
        "https://www.example.com#fragment",
        "https://www.example.com\\@evil.example",
        "https://www.example.com%2f..",
        "https://www.example.com/../",
        "HTTPS://www.example.com",
        "https://WWW.example.com",
        "http://www.example.com",
        "//www.example.com",
        "https://www.example.com:443",
        "https://www.example.com ",
        "\thttps://www.example.com",
        "javascript:alert(1)",
        "https://www.example.com\r\nLocation: https://evil.example",
        "<script>alert(1)</script>",
    ] {
        for consent in ["", "allow", "deny"] {
            let query = with(&[("redirect_url", evil), ("mock_consent", consent)]);
            let response = authorize(&server, &query).await;
            assert_eq!(response.status, 400, "{evil}");
            assert_eq!(response.header("location"), "", "{evil}");
            // The page shows it as text: it is no link, and no markup.
            let outside = response.text.split("<code id=\"sent\">").next().unwrap_or_default();
            assert!(!outside.contains(evil.trim()), "{evil}");
            assert!(!response.text.contains("<script") && !response.text.contains("<a "), "{evil}");
        }
    }

    let script = "\"><script>alert(1)</script><a b='";

    for name in ["state", "scope", "code_challenge", "client_id", "mock_merchant", "unknown"] {
        let response = authorize(&server, &with(&[(name, script)])).await;
        assert!(!response.text.contains("<script>alert"), "{name}: {}", response.text);
        assert!(!response.header("location").contains('<'), "{name}");
    }

    let server = server_with(
        "clients: [{ id: v6TJH1IqhM, name: \"<b>Bold</b> & 'co' \\\"x\\\"\" }]\n\
         merchants: [{ id: rahulrama, name: \"<i>\" }]",
    )
    .await;
    let page = authorize(&server, &with(&[("state", script)])).await.ok().text;
    assert!(!page.contains("<b>") && !page.contains("<i>"), "{page}");
    assert_eq!(page.matches("<script").count(), 1, "its own: {page}");
}

#[tokio::test]
async fn other_methods_and_bodies_are_refused() {
    let server = MockAuthServer::start().await;
    let client = reqwest::Client::new();
    let put = client.put(server.authorize_url()).send().await.unwrap();
    assert_eq!(
        (put.status().as_u16(), put.headers()["allow"].to_str().unwrap()),
        (405, "GET, POST")
    );
    let body = client
        .post(format!("{}?sub=oauth", server.authorize_url()))
        .header("Accept", "application/json")
        .body(with(&[]));
    assert_eq!(fetch(body).await.error(), "invalid_request");
}

#[tokio::test]
async fn the_error_of_a_scenario_is_a_redirect() {
    let server = server_with(
        "scenarios: [{ when: { endpoint: authorize }, times: 1, respond: { error: server_error } }]",
    )
    .await;
    let (_, parameters) = redirected(&authorize(&server, &with(&[("state", "x")])).await);
    assert_eq!(parameters[0].1, "server_error");
    authorize(&server, &with(&[])).await.ok();
}

#[tokio::test]
async fn the_rfc_endpoint_has_the_parameter_names_of_the_rfc() {
    let server = MockAuthServer::start().await;
    let visit = async |server: &MockAuthServer, query: &str| {
        let url =
            format!("{}/oauth2/v3/authorize?client_id={}{query}", server.base_url(), CLIENT.0);
        fetch(browser().get(url)).await
    };

    // The redirect URI may be left out, since only one is registered.
    let (url, parameters) =
        redirected(&visit(&server, "&response_type=code&mock_consent=allow").await);
    assert_eq!((url.as_str(), parameters[0].0.as_str()), ("https://www.example.com", "code"));

    for (query, code) in [("", "invalid_request"), ("&response_type=token", "invalid_request")] {
        let (_, parameters) = redirected(&visit(&server, query).await);
        assert_eq!(parameters[0].1, code, "{query}");
    }

    let rfc = server_with("settings: { dialect: rfc6749 }").await;
    let response = visit(&rfc, "&response_type=token").await;
    assert_eq!(redirected(&response).1[0].1, "unsupported_response_type");
}
