//! Refresh tokens under `rotate`, one request at a time and many at once.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{
    HttpResponse, claims, code, exchange, exchange_new_code, refresh, server_with,
};
use smartpay_oauth_mock::MockAuthServer;
use tokio::task::JoinSet;

async fn rotating(more: &str) -> MockAuthServer {
    server_with(&format!("settings: {{ refresh_policy: rotate{more} }}")).await
}

async fn first_token(server: &MockAuthServer) -> String {
    exchange_new_code(server).await.member("refresh_token")
}

/// Sends the same refresh request 100 times at once.
async fn refresh_100_times(server: &Arc<MockAuthServer>, token: &str) -> Vec<HttpResponse> {
    let mut clients = JoinSet::new();
    for _ in 0..100 {
        let (server, token) = (Arc::clone(server), token.to_owned());
        clients.spawn(async move { refresh(&server, &token).await });
    }
    clients.join_all().await
}

#[tokio::test]
async fn each_refresh_replaces_the_token() {
    let server = rotating("").await;
    let first = first_token(&server).await;
    let second = refresh(&server, &first).await.ok().member("refresh_token");
    assert_ne!(first, second);
    assert_eq!(claims(&first)["grant_time"], claims(&second)["grant_time"]);
    assert_eq!(refresh(&server, &first).await.error(), "access_denied");
    refresh(&server, &second).await.ok();
}

#[tokio::test]
async fn a_replay_is_refused_and_revokes_the_grant_only_if_the_fixture_says_so() {
    for (detection, survives) in [("off", true), ("revoke_grant", false)] {
        let server = rotating(&format!(", reuse_detection: {detection}")).await;
        let first = first_token(&server).await;
        let second = refresh(&server, &first).await.ok().member("refresh_token");
        assert_eq!(refresh(&server, &first).await.error(), "access_denied");
        let response = refresh(&server, &second).await;
        assert_eq!(response.status == 200, survives, "{detection}");
        if !survives {
            let text = response.description();
            assert!(text.contains("a refresh token was used again"), "{text}");
            assert!(!text.contains("merchant revoked"), "{text}");
        }
    }
}

#[tokio::test]
async fn within_the_overlap_a_rotated_token_returns_the_same_successor() {
    let server = rotating(", rotation_overlap: 10s").await;
    server.clock().freeze();
    let first = first_token(&server).await;
    let second = refresh(&server, &first).await.ok().member("refresh_token");
    server.clock().advance(Duration::from_secs(9));
    let again = refresh(&server, &first).await.ok();
    assert_eq!(again.member("refresh_token"), second);
    assert_eq!(again.json()["refresh_token_expires_in"], 31_535_999 - 9);
    server.clock().advance(Duration::from_secs(1));
    assert_eq!(refresh(&server, &first).await.error(), "access_denied");
    refresh(&server, &second).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_100_simultaneous_refreshes_one_returns_a_valid_token() {
    let server = Arc::new(rotating("").await);
    let first = first_token(&server).await;
    let responses = refresh_100_times(&server, &first).await;
    let new: Vec<String> = responses
        .iter()
        .filter(|response| response.status == 200)
        .map(|response| response.member("refresh_token"))
        .collect();
    assert_eq!(new.len(), 1);
    assert!(
        responses
            .iter()
            .all(|response| response.status == 200 || response.error() == "access_denied")
    );

    refresh(&server, &new[0]).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_100_simultaneous_refreshes_within_the_overlap_all_get_the_same_token() {
    let server = Arc::new(rotating(", rotation_overlap: 1m").await);
    let first = first_token(&server).await;
    let responses = refresh_100_times(&server, &first).await.into_iter();
    let mut tokens: Vec<String> =
        responses.map(|response| response.ok().member("refresh_token")).collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_while_refreshing_leaves_no_valid_token() {
    for policy in ["reuse", "rotate"] {
        let server =
            Arc::new(server_with(&format!("settings: {{ refresh_policy: {policy} }}")).await);
        for _ in 0..10 {
            let first = first_token(&server).await;
            let grant = server.grants().await.into_iter().rfind(|grant| !grant.revoked).unwrap().id;

            let mut clients = JoinSet::new();
            for _ in 0..4 {
                let (server, first) = (Arc::clone(&server), first.clone());
                clients.spawn(async move { Some(refresh(&server, &first).await) });
            }

            let revoker = Arc::clone(&server);
            clients.spawn(async move {
                assert!(revoker.revoke_grant(&grant).await);
                None
            });

            for response in clients.join_all().await.into_iter().flatten() {
                if response.status != 200 {
                    continue;
                }

                let token = response.member("refresh_token");
                assert_eq!(refresh(&server, &token).await.error(), "access_denied");

                let call = reqwest::Client::new()
                    .post(server.base_url() + "/pts/v2/payments")
                    .bearer_auth(response.member("access_token"));
                assert_eq!(call.send().await.unwrap().status(), 401);
            }
        }
    }
}

/// The request that loses the race is a replay, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_simultaneous_replay_revokes_the_grant() {
    let server = Arc::new(
        server_with(
            "settings: { refresh_policy: rotate, reuse_detection: revoke_grant, code_replay: revoke }",
        )
        .await,
    );
    for _ in 0..20 {
        let code = code(&server).await;
        let (one, two) = tokio::join!(exchange(&server, &code), exchange(&server, &code));
        let won = if one.status == 200 { one } else { two };
        let token = won.ok().member("refresh_token");
        assert_eq!(refresh(&server, &token).await.error(), "access_denied");

        let first = first_token(&server).await;
        let (one, two) = tokio::join!(refresh(&server, &first), refresh(&server, &first));
        let won = if one.status == 200 { one } else { two };
        let token = won.ok().member("refresh_token");
        assert_eq!(refresh(&server, &token).await.error(), "access_denied");
    }
}
