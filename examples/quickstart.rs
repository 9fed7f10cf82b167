//! The life of a token: a code, its exchange, a call with the access token, its expiry, a refresh.
//!
//! `cargo run --example quickstart`

use std::error::Error;
use std::time::Duration;

use serde_json::Value;
use smartpay_oauth_mock::MockAuthServer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A server on a free port, with the built-in clients and merchants. It stops when dropped.
    let server = MockAuthServer::start().await;

    // The code that the client would receive by redirect after the merchant clicks Allow.
    let code = server.issue_code("v6TJH1IqhM", "rahulrama").await?;

    // From here on, this is the code that you would test.
    let tokens = request_tokens(
        &server.token_url(),
        &[("grant_type", "authorization_code"), ("code", &code)],
    )
    .await?;
    println!("the access token expires in {} s", tokens["expires_in"]);

    let access_token = tokens["access_token"].as_str().ok_or("no access token")?;
    let payments_url = format!("{}/pts/v2/payments", server.base_url());
    assert_eq!(create_payment(&payments_url, access_token).await?, 201);

    // An access token lasts 15 minutes. The server's clock is moved, so the test need not wait.
    server.clock().advance(Duration::from_secs(15 * 60));
    assert_eq!(create_payment(&payments_url, access_token).await?, 401);

    // The refresh token lasts a year.
    let refresh_token = tokens["refresh_token"].as_str().ok_or("no refresh token")?;
    let tokens = request_tokens(
        &server.token_url(),
        &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)],
    )
    .await?;
    let access_token = tokens["access_token"].as_str().ok_or("no access token")?;
    assert_eq!(create_payment(&payments_url, access_token).await?, 201);

    println!("the refreshed access token is accepted");
    Ok(())
}

/// Sends a token request with the client's credentials.
async fn request_tokens(
    token_url: &str,
    parameters: &[(&str, &str)],
) -> Result<Value, reqwest::Error> {
    let credentials = [("client_id", "v6TJH1IqhM"), ("client_secret", "v6TJH1IqhM-secret")];
    let form = [&credentials, parameters].concat();

    let response = reqwest::Client::new().post(token_url).form(&form).send().await?;
    response.error_for_status()?.json().await
}

/// Calls the API behind the access token and returns the status.
async fn create_payment(url: &str, access_token: &str) -> Result<u16, reqwest::Error> {
    let request = reqwest::Client::new()
        .post(url)
        .bearer_auth(access_token)
        .json(&serde_json::json!({ "amount": "10.00" }));
    Ok(request.send().await?.status().as_u16())
}
