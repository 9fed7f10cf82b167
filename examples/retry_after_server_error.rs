//! A client that retries after server errors, tested by a server that fails twice.
//!
//! `cargo run --example retry_after_server_error`

use std::error::Error;
use std::time::Duration;

use serde_json::Value;
use smartpay_oauth_mock::{ErrorCode, MockAuthServer, Outcome, Scenario};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = MockAuthServer::start().await;
    let code = server.issue_code("v6TJH1IqhM", "rahulrama").await?;

    // The next two token requests fail; later ones succeed. `expect` makes the test fail when the
    // guard is dropped, unless exactly two requests have matched by then.
    let server_error = Scenario::respond(Outcome::error(ErrorCode::ServerError)).times(2);
    let guard = server.inject(server_error).await.expect(2);

    let tokens = exchange_with_retries(&server.token_url(), &code, 3).await?;
    assert_eq!(tokens["token_type"], "bearer");
    drop(guard);

    // The journal has each attempt and its status.
    let statuses: Vec<_> =
        server.requests().await.iter().filter_map(|request| request.status()).collect();
    assert_eq!(statuses, [500, 500, 200]);

    println!("the third attempt succeeded: {statuses:?}");
    Ok(())
}

/// The code under test: exchanges a code, and retries while the server fails.
async fn exchange_with_retries(
    token_url: &str,
    code: &str,
    attempts: u32,
) -> Result<Value, Box<dyn Error>> {
    let client = reqwest::Client::new();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "v6TJH1IqhM"),
        ("client_secret", "v6TJH1IqhM-secret"),
        ("code", code),
    ];

    for attempt in 1..=attempts {
        let response = client.post(token_url).form(&form).send().await?;
        if !response.status().is_server_error() {
            return Ok(response.error_for_status()?.json().await?);
        }

        // Waits 10 ms, then 20 ms, and so on. A real client would wait longer.
        tokio::time::sleep(Duration::from_millis(10) * attempt).await;
    }
    Err(format!("{attempts} attempts failed").into())
}
