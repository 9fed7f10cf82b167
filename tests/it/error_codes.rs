//! The eleven error codes, each by its natural cause, by the code or token `error-<code>`, and by its
//! file in `fixtures/errors/`.

use crate::support::{FORM, HttpResponse, fetch, page, post};
use smartpay_oauth_mock::{ErrorCode, MockAuthServer};

const APPLICATION: &str = "client_id=8l57hYffFb&client_secret=yourClientSecret";
const CODE: &str = "grant_type=authorization_code&code=";
const REFRESH: &str = "grant_type=refresh_token&refresh_token=";

/// The error code, its status, and the body of a request that causes it with the built-in fixtures. No
/// request causes a server_error; the unit test of `http/panics.rs` does.
fn table() -> [(&'static str, u16, Option<String>); 11] {
    let of = |client: &str, rest: &str| {
        Some(format!("client_id={client}&client_secret={client}-secret&{rest}"))
    };
    let code = format!("{CODE}eyJraK");

    [
        ("access_denied", 403, Some(format!("{APPLICATION}&{REFRESH}revoked-token"))),
        ("server_error", 500, None),
        (
            "invalid_scope",
            400,
            of("reporting-client", &format!("{CODE}reporting-code&scope=users")),
        ),
        ("invalid_client", 401, of("certificate-client", &format!("{CODE}certificate-code"))),
        ("invalid_request", 400, Some(format!("{APPLICATION}&{CODE}unknown"))),
        ("unauthorized_client", 401, of("code-only-client", &format!("{REFRESH}x"))),
        (
            "invalid_redirect_uri",
            400,
            Some(format!("{APPLICATION}&{code}&redirect_uri=https%3A%2F%2Felsewhere.example")),
        ),
        ("client_not_found", 404, of("nobody", &code)),
        ("invalid_client_type", 400, of("public-client", &code)),
        ("merchant_not_active", 403, Some(format!("{APPLICATION}&{CODE}inactive-merchant-code"))),
        ("client_not_active", 403, of("inactive-client", &code)),
    ]
}

fn assert_error(response: &HttpResponse, code: &str, status: u16) {
    assert_eq!((response.error().as_str(), response.status), (code, status), "{}", response.text);
    let members: Vec<String> = response.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["error", "error_description"]);
    assert!(!response.description().is_empty());
    assert_eq!(response.header("content-type"), "application/json;charset=UTF-8");
    assert_eq!(response.header("cache-control"), "no-store");
    assert_eq!(response.header("pragma"), "no-cache");
}

#[test]
fn the_table_has_the_eleven_codes() {
    let documented: Vec<String> = ErrorCode::DOCUMENTED.iter().map(ToString::to_string).collect();
    assert_eq!(table().map(|(code, ..)| code.to_owned()).to_vec(), documented);
}

#[tokio::test]
async fn each_code_has_its_natural_cause() {
    let server = MockAuthServer::start().await;
    for (code, status, body) in table() {
        let Some(body) = body else { continue };
        assert_error(&post(&server.token_url(), body).await, code, status);
    }
}

#[tokio::test]
async fn each_code_is_returned_for_a_code_or_token_of_its_name() {
    let server = MockAuthServer::start().await;
    for (code, status, _) in table() {
        for body in [
            format!("{APPLICATION}&{CODE}error-{code}"),
            format!("{APPLICATION}&{REFRESH}error-{code}"),
            format!("{APPLICATION}&grant_type=refresh_token&code=error-{code}"),
            format!("code=error-{code}"),
        ] {
            assert_error(&post(&server.token_url(), body).await, code, status);
        }
        // An injected error never hides a malformed request.
        let body = format!("{APPLICATION}&{CODE}error-{code}&code=error-{code}");
        assert_error(&post(&server.token_url(), body).await, "invalid_request", 400);
    }
}

#[tokio::test]
async fn each_code_has_a_file_that_makes_every_request_return_it() {
    for (code, status, _) in table() {
        let file = format!("fixtures/errors/{code}.yaml");
        let server = MockAuthServer::builder().fixtures_file(&file).unwrap().start().await.unwrap();
        for body in [
            page::REQUEST.to_owned(),
            format!("{APPLICATION}&{CODE}eyJraK"),
            format!("{APPLICATION}&{CODE}error-access_denied"),
            String::new(),
        ] {
            assert_error(&post(&server.token_url(), body).await, code, status);
        }
        assert_eq!(post(&server.token_url(), "a=1&a=2").await.error(), "invalid_request");
    }
}

#[tokio::test]
async fn every_response_returns_the_correlation_id() {
    let server = MockAuthServer::start().await;
    for (method, body) in [("POST", page::REQUEST), ("POST", "a=%"), ("GET", "")] {
        let request = reqwest::Client::new()
            .request(method.parse().unwrap(), server.token_url())
            .header("Content-Type", FORM)
            .header("v-c-client-correlation-id", "3f0b7e52-2a1d-4c53-9d5c-0a7b6c1f8e21")
            .body(body);
        let response = fetch(request).await;
        assert_eq!(
            response.header("v-c-client-correlation-id"),
            "3f0b7e52-2a1d-4c53-9d5c-0a7b6c1f8e21"
        );
    }
}
