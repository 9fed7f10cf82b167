//! Helpers of the integration tests: HTTP requests by reqwest, and the identities of the fixtures.
#![allow(dead_code, reason = "each test binary uses some of it")]

pub mod browser;
pub mod certificates;
pub mod folder;
pub mod http2;
pub mod https_client;
pub mod program;
pub mod raw_client;
pub mod store;
pub mod tls;
pub mod tools;

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::redirect::Policy;
use reqwest::{IntoUrl, RequestBuilder};
use serde_json::Value;
use smartpay_oauth_mock::{MockAuthServer, RealmHandle};

/// The client of the documented sample tokens, and its secret.
pub const CLIENT: (&str, &str) = ("v6TJH1IqhM", "v6TJH1IqhM-secret");
/// The merchant of the documented sample tokens.
pub const MERCHANT: &str = "rahulrama";

/// The content type of forms.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A response that has been read.
#[derive(Debug)]
pub struct HttpResponse {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl HttpResponse {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    /// Returns the number at a JSON pointer.
    pub fn number(&self, pointer: &str) -> u64 {
        self.json().pointer(pointer).and_then(Value::as_u64).expect(pointer)
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

/// Sends a request and reads its response.
pub async fn fetch(request: RequestBuilder) -> HttpResponse {
    let response = request.send().await.expect("a response");
    HttpResponse {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await.expect("a body of text"),
    }
}

/// Sends a request with a JSON body, or without a body.
pub async fn call(method: &str, url: String, body: Option<Value>) -> HttpResponse {
    let request = reqwest::Client::new().request(method.parse().expect("a method"), url);
    match body {
        Some(body) => fetch(request.json(&body)).await,
        None => fetch(request).await,
    }
}

/// Sends a request and returns whether a whole response arrives.
pub async fn gets_response(request: RequestBuilder) -> bool {
    match request.send().await {
        Ok(response) => response.bytes().await.is_ok(),
        Err(_) => false,
    }
}

/// Creates a POST request for a form.
pub fn form_post(url: impl IntoUrl) -> RequestBuilder {
    reqwest::Client::new().post(url).header("Content-Type", FORM)
}

/// Posts a body as a form.
pub async fn post(url: &str, body: impl Into<Vec<u8>>) -> HttpResponse {
    fetch(form_post(url).body(body.into())).await
}

/// Posts the sample request of the vendor's documentation.
pub async fn post_sample(realm: &RealmHandle) -> HttpResponse {
    post(&realm.token_url(), page::REQUEST).await
}

/// Sends bytes and returns everything that is received until the connection ends.
pub async fn send_raw(address: SocketAddr, bytes: impl AsRef<[u8]> + Send + 'static) -> String {
    let exchange = move || raw_client::send_and_read_all(address, bytes);
    tokio::task::spawn_blocking(exchange).await.expect("a response")
}

/// Posts parameters to the token endpoint.
pub async fn form(realm: &RealmHandle, parameters: &[(&str, &str)]) -> HttpResponse {
    post(&realm.token_url(), serde_urlencoded::to_string(parameters).expect("a form")).await
}

/// Returns the form with which the sample client exchanges a code.
pub fn exchange_form(code: &str) -> String {
    client_form("authorization_code", "code", code)
}

/// Returns the form with which the sample client refreshes a token.
pub fn refresh_form(token: &str) -> String {
    client_form("refresh_token", "refresh_token", token)
}

fn client_form(grant_type: &str, name: &str, value: &str) -> String {
    let (id, secret) = CLIENT;
    let parameters = [("client_id", id), ("client_secret", secret), (name, value)];
    let parameters = serde_urlencoded::to_string(parameters).expect("a form");
    format!("grant_type={grant_type}&{parameters}")
}

/// Exchanges a code of the sample client.
pub async fn exchange(realm: &RealmHandle, code: &str) -> HttpResponse {
    post(&realm.token_url(), exchange_form(code)).await
}

/// Refreshes with a token of the sample client.
pub async fn refresh(realm: &RealmHandle, token: &str) -> HttpResponse {
    post(&realm.token_url(), refresh_form(token)).await
}

/// Issues a code for the sample client and merchant, and exchanges it.
pub async fn exchange_new_code(realm: &RealmHandle) -> HttpResponse {
    exchange(realm, &code(realm).await).await.ok()
}

/// Returns a client that follows no redirects.
pub fn browser() -> reqwest::Client {
    reqwest::Client::builder().redirect(Policy::none()).build().expect("a client")
}

/// Issues a code for the sample client and merchant.
pub async fn code(realm: &RealmHandle) -> String {
    realm.issue_code(CLIENT.0, MERCHANT).await.expect("a code")
}

/// Starts a server with the built-in fixtures and these changes.
pub async fn server_with(fixtures: &str) -> MockAuthServer {
    server_with_only(&format!("extends: default\n{fixtures}")).await
}

/// Starts a server with these fixtures.
pub async fn server_with_only(fixtures: &str) -> MockAuthServer {
    let builder = MockAuthServer::builder().fixtures(fixtures);
    builder.unwrap_or_else(|errors| panic!("{errors}")).start().await.expect("a server")
}

/// The time at this number of milliseconds since 1970.
pub fn time(ms: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(ms)
}

/// The time of a realm's clock in milliseconds since 1970.
pub fn now_ms(realm: &RealmHandle) -> i64 {
    let since_1970 = realm.clock().now().duration_since(UNIX_EPOCH).expect("a time after 1970");
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
