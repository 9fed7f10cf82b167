//! Helpers of the integration tests: HTTP requests by reqwest, and the identities of the fixtures.
#![allow(dead_code, reason = "each test binary uses some of it")]

pub mod folder;
pub mod program;
pub mod raw_client;
pub mod tls;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::Response;
use serde_json::Value;
use smartpay_oauth_mock::MockAuthServer;

/// The client of the documented sample tokens, and its secret.
pub const CLIENT: (&str, &str) = ("v6TJH1IqhM", "v6TJH1IqhM-secret");
/// The merchant of the documented sample tokens.
pub const MERCHANT: &str = "rahulrama";

/// A response that has been read.
#[derive(Debug)]
pub struct HttpResponse {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl HttpResponse {
    pub async fn read(response: Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.expect("a body of text"),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    /// Returns the member `error`, or `-` if there is none.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or("-").to_owned()
    }

    pub fn description(&self) -> String {
        self.json()["error_description"].as_str().unwrap_or_default().to_owned()
    }

    pub fn member(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", self.text)).to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header of ASCII"))
    }

    /// Returns the response. Panics unless its status is 200.
    pub fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.text);
        self
    }
}

/// Posts a body as a form.
pub async fn post(url: &str, body: impl Into<Vec<u8>>) -> HttpResponse {
    let request = reqwest::Client::new()
        .post(url)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(body.into());
    HttpResponse::read(request.send().await.expect("a response")).await
}

/// Posts parameters to the token endpoint.
pub async fn form(server: &MockAuthServer, parameters: &[(&str, &str)]) -> HttpResponse {
    post(&server.token_url(), serde_urlencoded::to_string(parameters).expect("a form")).await
}

/// Exchanges a code of the sample client.
pub async fn exchange(server: &MockAuthServer, code: &str) -> HttpResponse {
    form(
        server,
        &[
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT.0),
            ("client_secret", CLIENT.1),
            ("code", code),
        ],
    )
    .await
}

/// Refreshes with a token of the sample client.
pub async fn refresh(server: &MockAuthServer, token: &str) -> HttpResponse {
    form(
        server,
        &[
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT.0),
            ("client_secret", CLIENT.1),
            ("refresh_token", token),
        ],
    )
    .await
}

/// Issues a code for the sample client and merchant.
pub async fn code(server: &MockAuthServer) -> String {
    server.issue_code(CLIENT.0, MERCHANT).await.expect("a code")
}

/// Starts a server with the built-in fixtures and these changes.
pub async fn server_with(fixtures: &str) -> MockAuthServer {
    MockAuthServer::builder()
        .fixtures(&format!("extends: default\n{fixtures}"))
        .unwrap_or_else(|errors| panic!("{errors}"))
        .start()
        .await
        .expect("a server")
}

/// The time at this number of milliseconds since 1970.
pub fn time(ms: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(ms)
}

/// The time of a server's clock in milliseconds since 1970.
pub fn now_ms(server: &MockAuthServer) -> i64 {
    let since_1970 = server.clock().now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    i64::try_from(since_1970.as_millis()).expect("a time before 9000")
}

/// Returns the claims of a token without verifying it.
pub fn claims(token: &str) -> Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = token.split('.').nth(1).expect("three segments");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}

/// The sample request and the sample tokens of the vendor's documentation.
pub mod page {
    /// The body of "Sample Token Request".
    pub const REQUEST: &str =
        "client_id=8l57hYffFb&grant_type=refresh_token&code=eyJraK&client_secret=yourClientSecret";

    /// "Sample Response for Access Token Request": the first two segments of the access token.
    pub const ACCESS_TOKEN: &str = include_str!("sample_access_token.txt");
    /// The first two segments of the refresh token.
    pub const REFRESH_TOKEN: &str = include_str!("sample_refresh_token.txt");
}
