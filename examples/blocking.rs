//! A test without async: the same server, with calls that block.
//!
//! `cargo run --example blocking`

use std::error::Error;

use serde_json::Value;
use smartpay_oauth_mock::blocking::MockAuthServer;
use smartpay_oauth_mock::{ErrorCode, Outcome, Scenario};

// In a test suite, this is a function with `#[test]`.
fn main() -> Result<(), Box<dyn Error>> {
    // The server has its own threads, so a test may block.
    let server = MockAuthServer::start();
    let code = server.issue_code("v6TJH1IqhM", "rahulrama")?;

    let denied = server.inject(Scenario::respond(Outcome::error(ErrorCode::AccessDenied)));
    let response = exchange(&server.token_url(), &code)?;
    assert_eq!(response["error"], "access_denied");

    // The scenario ends when its guard is dropped.
    drop(denied);
    let response = exchange(&server.token_url(), &code)?;
    assert_eq!(response["token_type"], "bearer");

    println!("{} requests were recorded", server.requests().len());
    Ok(())
}

/// Exchanges a code and returns the tokens, or the error.
fn exchange(token_url: &str, code: &str) -> Result<Value, reqwest::Error> {
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "v6TJH1IqhM"),
        ("client_secret", "v6TJH1IqhM-secret"),
        ("code", code),
    ];
    reqwest::blocking::Client::new().post(token_url).form(&form).send()?.json()
}
