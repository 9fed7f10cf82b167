//! A server whose client, merchant and scenario are defined in YAML.
//!
//! `cargo run --example fixtures_and_scenarios`

use std::error::Error;

use smartpay_oauth_mock::MockAuthServer;

/// The fixtures. `MockAuthServer::builder().fixtures_file("path")` reads them from a file.
const FIXTURES: &str = "
clients:
  - id: my-app
    secret: my-secret
    redirect_urls: [http://localhost:3000/callback]
merchants:
  - id: my-shop
scenarios:
  # The first refresh succeeds, the second fails, and all later ones succeed.
  - name: the-second-refresh-fails
    when: { grant_type: refresh_token }
    respond: [pass, { error: server_error }]
";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Invalid fixtures are an error with line and column, and often a suggestion.
    let errors = MockAuthServer::builder().fixtures("clients: [{ id: my-app, secrt: s }]").err();
    println!("{}", errors.ok_or("a misspelled member is an error")?);

    let server = MockAuthServer::builder().fixtures(FIXTURES)?.start().await?;
    let tokens = server.issue_tokens("my-app", "my-shop").await?;

    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(refresh(&server.token_url(), &tokens.refresh_token).await?);
    }
    assert_eq!(statuses, [200, 500, 200]);

    println!("the second refresh failed: {statuses:?}");
    Ok(())
}

/// Refreshes and returns the status.
async fn refresh(token_url: &str, refresh_token: &str) -> Result<u16, reqwest::Error> {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "my-app"),
        ("client_secret", "my-secret"),
        ("refresh_token", refresh_token),
    ];
    let response = reqwest::Client::new().post(token_url).form(&form).send().await?;
    Ok(response.status().as_u16())
}
