//! `dialect: rfc6749` at the authorize step, and what it demands of the exchange that follows.

use crate::support::{CLIENT, HttpResponse, fetch, form, server_with};
use reqwest::redirect;
use smartpay_oauth_mock::{CodeRequest, MockAuthServer};

const URL: &str = "https://www.example.com";
const DIALECTS: [&str; 2] = ["documented", "rfc6749"];

/// The parameters of a good request at either authorize endpoint, without a redirect URL.
const VENDOR: &str = "/ebc2/oauth/authorize?sub=oauth&client_id=v6TJH1IqhM";
const STANDARD: &str = "/oauth2/v3/authorize?response_type=code&client_id=v6TJH1IqhM";
const REDIRECT_URL: &str = "&redirect_url=https%3A%2F%2Fwww.example.com";
const REDIRECT_URI: &str = "&redirect_uri=https%3A%2F%2Fwww.example.com";

async fn server(dialect: &str, more: &str) -> MockAuthServer {
    server_with(&format!("settings: {{ dialect: {dialect}, consent: allow{more} }}")).await
}

async fn get(server: &MockAuthServer, path: &str) -> HttpResponse {
    let browser = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    let request = browser.get(server.base_url() + path).header("Accept", "application/json");
    fetch(request).await
}

/// Returns the parameters of a redirect to the partner, without the description of an error.
async fn redirected(server: &MockAuthServer, path: &str) -> Vec<(String, String)> {
    let response = get(server, path).await;
    let location = response.header("location");
    assert!(location.starts_with(URL), "{path}: {} {}", response.status, response.text);
    let query = location.split_once('?').map_or("", |(_, query)| query);
    let mut parameters: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
    parameters.retain(|(name, _)| name != "error_description");
    parameters
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

async fn exchange(server: &MockAuthServer, code: &str, more: &[(&str, &str)]) -> HttpResponse {
    let mut parameters = vec![
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT.0),
        ("client_secret", CLIENT.1),
        ("code", code),
    ];
    parameters.extend(more);
    form(server, &parameters).await
}

/// Section 4.1.3. The code survives each failure.
#[tokio::test]
async fn a_redirect_url_of_the_authorize_step_is_required_at_the_exchange() {
    for (path, name) in [
        (format!("{VENDOR}{REDIRECT_URL}"), "redirect_url"),
        (format!("{STANDARD}{REDIRECT_URI}"), "redirect_uri"),
    ] {
        let server = server("rfc6749", "").await;
        let code = redirected(&server, &path).await.remove(0).1;
        for more in [&[][..], &[(name, "")], &[(name, "https://www.example.com/")]] {
            let response = exchange(&server, &code, more).await;
            let seen = (response.error(), response.status);
            assert_eq!(seen, ("invalid_grant".to_owned(), 400), "{more:?}");
            assert!(response.description().contains("redirect_ur"), "{}", response.text);
        }
        exchange(&server, &code, &[(name, URL)]).await.ok();

        let documented = self::server("documented", "").await;
        let code = redirected(&documented, &path).await.remove(0).1;
        exchange(&documented, &code, &[]).await.ok();
    }
}

#[tokio::test]
async fn a_redirect_url_that_was_left_out_may_be_left_out_of_the_exchange() {
    let server = server("rfc6749", "").await;
    for more in [&[][..], &[("redirect_uri", URL)]] {
        let code = redirected(&server, STANDARD).await.remove(0).1;
        exchange(&server, &code, more).await.ok();
    }

    // Codes that no authorize request asked for: only one that names its redirect URL has sent it.
    let code = crate::support::code(&server).await;
    exchange(&server, &code, &[]).await.ok();
    let request = CodeRequest::new(CLIENT.0, crate::support::MERCHANT).redirect_url(URL);
    let code = server.issue_code_with(request).await.unwrap();
    let fixture = format!(
        "settings: {{ dialect: rfc6749 }}\n\
         codes: [{{ code: c, client: {}, merchant: rahulrama, redirect_url: {URL} }}]",
        CLIENT.0
    );
    for (server, code) in [(&server, code), (&server_with(&fixture).await, "c".to_owned())] {
        assert_eq!(exchange(server, &code, &[]).await.error(), "invalid_grant");
        exchange(server, &code, &[("redirect_uri", URL)]).await.ok();
    }
}

#[tokio::test]
async fn deny_follows_the_dialect_unless_it_is_set() {
    let error = [("error", "access_denied"), ("state", "x")];
    for (dialect, more, expected) in [
        ("documented", "", &[][..]),
        ("documented", ", deny_redirect: rfc6749", &error),
        ("documented", ", deny_redirect: bare", &[]),
        ("rfc6749", "", &error),
        ("rfc6749", ", deny_redirect: rfc6749", &error),
        ("rfc6749", ", deny_redirect: bare", &[]),
    ] {
        let server = server(dialect, more).await;
        let path = format!("{VENDOR}{REDIRECT_URL}&state=x&mock_consent=deny");
        assert_eq!(redirected(&server, &path).await, pairs(expected), "{dialect}{more}");
    }
}

/// The fixtures in force, written back, leave what is not set to the dialect.
#[tokio::test]
async fn an_unset_deny_redirect_stays_unset_in_the_fixtures_in_force() {
    let server = server("documented", "").await;
    let url = format!("{}/_mock/fixtures", server.base_url());
    let mut fixtures: serde_json::Value = reqwest::get(&url).await.unwrap().json().await.unwrap();
    assert!(fixtures["settings"].get("deny_redirect").is_none());
    fixtures["settings"]["dialect"] = "rfc6749".into();
    reqwest::Client::new().put(&url).json(&fixtures).send().await.unwrap();

    let path = format!("{STANDARD}&mock_consent=deny");
    assert_eq!(redirected(&server, &path).await, pairs(&[("error", "access_denied")]));
}

#[tokio::test]
async fn a_repeated_parameter_is_a_redirect_once_client_and_redirect_url_are_known() {
    let server = server("rfc6749", "").await;
    for (more, state) in [
        ("&state=x&scope=users&scope=users", Some("x")),
        ("&state=x&code_challenge=a&code_challenge=b", Some("x")),
        ("&state=x&unknown=a&unknown=a", Some("x")),
        ("&state=x&state=y", None),
    ] {
        let path = format!("{STANDARD}{REDIRECT_URI}{more}");
        let mut expected = pairs(&[("error", "invalid_request")]);
        expected.extend(state.map(|state| ("state".to_owned(), state.to_owned())));
        assert_eq!(redirected(&server, &path).await, expected, "{more}");
    }

    for more in ["&client_id=v6TJH1IqhM", REDIRECT_URI] {
        let response = get(&server, &format!("{STANDARD}{REDIRECT_URI}{more}")).await;
        assert_eq!(
            (response.error().as_str(), response.status),
            ("invalid_request", 400),
            "{more}"
        );
    }

    let documented = self::server("documented", "").await;
    let response =
        get(&documented, &format!("{STANDARD}{REDIRECT_URI}&scope=users&scope=keys")).await;
    assert_eq!((response.error().as_str(), response.status), ("invalid_request", 400));
}

/// Section 3.1: a parameter without a value counts as omitted.
#[tokio::test]
async fn an_empty_state_comes_back_under_the_documented_dialect_only() {
    for dialect in DIALECTS {
        let server = server(dialect, "").await;
        let parameters = redirected(&server, &format!("{STANDARD}{REDIRECT_URI}&state=")).await;
        let has_state = parameters.iter().any(|(name, _)| name == "state");
        assert_eq!(has_state, dialect == "documented");
    }
}

#[tokio::test]
async fn another_response_type_is_the_error_of_its_dialect() {
    for (dialect, other) in
        [("documented", "invalid_request"), ("rfc6749", "unsupported_response_type")]
    {
        let server = server(dialect, "").await;
        for (response_type, error) in
            [("token", other), ("code%20token", other), ("", "invalid_request")]
        {
            let path = STANDARD.replace("=code&", &format!("={response_type}&"));
            let parameters = redirected(&server, &format!("{path}&state=x")).await;
            assert_eq!(parameters, pairs(&[("error", error), ("state", "x")]), "{response_type}");
        }
    }
}

/// Section 4.1.2.1 has codes of its own, and no status but those of pages, which are 400.
#[tokio::test]
async fn the_authorize_step_has_the_codes_of_the_rfc() {
    let server = server("rfc6749", "").await;
    for (client, more, error) in [
        ("public-client", "", "unauthorized_client"),
        ("inactive-client", "", "unauthorized_client"),
        ("v6TJH1IqhM", "&mock_merchant=inactive-merchant", "access_denied"),
        ("v6TJH1IqhM", "&scope=nothing", "invalid_scope"),
    ] {
        let path = STANDARD.replace("v6TJH1IqhM", client);
        let parameters = redirected(&server, &format!("{path}{REDIRECT_URI}{more}")).await;
        assert_eq!(parameters, pairs(&[("error", error)]), "{client}{more}");
    }

    for (client, uri, error) in [
        ("nobody", REDIRECT_URI, "unauthorized_client"),
        ("a%20b", REDIRECT_URI, "unauthorized_client"),
        ("v6TJH1IqhM", "&redirect_uri=https%3A%2F%2Fevil.example", "invalid_request"),
    ] {
        let path = STANDARD.replace("v6TJH1IqhM", client);
        let response = get(&server, &format!("{path}{uri}")).await;
        assert_eq!((response.error().as_str(), response.status), (error, 400), "{client}{uri}");
        assert_eq!(response.header("www-authenticate"), "");
    }
}

#[tokio::test]
async fn an_injected_error_keeps_its_code_in_the_redirect() {
    let server = server_with(
        "settings: { dialect: rfc6749 }\n\
         scenarios: [{ when: { endpoint: authorize }, respond: { error: merchant_not_active } }]",
    )
    .await;
    let parameters = redirected(&server, &format!("{STANDARD}&state=x")).await;
    assert_eq!(parameters, pairs(&[("error", "merchant_not_active"), ("state", "x")]));
}
