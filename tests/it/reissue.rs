//! Refresh tokens under `reissue`: every refresh returns a new one, and the old one stays valid.

use std::time::Duration;

use crate::support::{code, exchange, refresh, server_with};
use smartpay_oauth_mock::MockAuthServer;

/// Starts a server whose refresh tokens are valid for 10 s, and can be exchanged for 10 s more.
async fn reissuing() -> MockAuthServer {
    server_with(
        "settings: { refresh_policy: reissue, refresh_token_lifetime: 10s, refresh_grace: 10s }",
    )
    .await
}

async fn first_token(server: &MockAuthServer) -> String {
    exchange(server, &code(server).await).await.ok().member("refresh_token")
}

#[tokio::test]
async fn every_refresh_returns_a_new_token_and_the_old_one_stays_valid() {
    let server = reissuing().await;
    let first = first_token(&server).await;
    let second = refresh(&server, &first).await.ok().member("refresh_token");
    let third = refresh(&server, &first).await.ok().member("refresh_token");

    assert!(first != second && second != third && first != third);
    for token in [&first, &second, &third] {
        refresh(&server, token).await.ok();
    }
}

#[tokio::test]
async fn the_expiry_of_the_old_token_is_not_extended() {
    let server = reissuing().await;
    let first = first_token(&server).await;
    server.clock().advance(Duration::from_secs(6));
    let second = refresh(&server, &first).await.ok().member("refresh_token");

    // The first has expired by now. Within the grace period it is replaced once more.
    server.clock().advance(Duration::from_secs(6));
    let third = refresh(&server, &first).await.ok().member("refresh_token");
    assert_eq!(refresh(&server, &first).await.error(), "access_denied");
    for token in [&second, &third] {
        refresh(&server, token).await.ok();
    }
}

#[tokio::test]
async fn a_revoked_grant_ends_all_its_tokens() {
    let server = reissuing().await;
    let first = first_token(&server).await;
    let second = refresh(&server, &first).await.ok().member("refresh_token");

    let grants = server.grants().await;
    assert!(server.revoke_grant(&grants.last().unwrap().id).await);
    for token in [&first, &second] {
        assert_eq!(refresh(&server, token).await.error(), "access_denied");
    }
}
