//! Refreshing: which tokens are returned, how long they last, and which are accepted.

use std::time::Duration;

use crate::support::{
    CLIENT, MERCHANT, claims, exchange_new_code, form, now_ms, post, post_sample, refresh,
    refresh_form, server_with,
};
use smartpay_oauth_mock::{MockAuthServer, SigningKey};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn the_same_refresh_token_is_returned_and_lasts_another_year() {
    let server = MockAuthServer::start().await;
    let first = exchange_new_code(&server).await;
    let token = first.member("refresh_token");
    let expiry = claims(&token)["expires_in"].clone();

    for _ in 0..3 {
        server.clock().advance(DAY * 300);
        let response = refresh(&server, &token).await.ok();
        assert_eq!(response.member("refresh_token"), token);
        assert_eq!(response.json()["refresh_token_expires_in"], 31_535_999);
        assert_eq!(response.json()["expires_in"], 899);
        let access = claims(&response.member("access_token"));
        assert_eq!(access["iat"].as_i64().unwrap() / 1000, now_ms(&server) / 1000);
        assert_eq!(
            access["grant_time"],
            claims(&token)["grant_time"],
            "the grant is still the first"
        );
        assert_eq!(access["grant_type"], "authorization_code");
    }

    assert_eq!(claims(&token)["expires_in"], expiry, "the token itself stays as it was signed");
}

#[tokio::test]
async fn an_expired_token_is_replaced_within_its_grace_period_and_then_invalid() {
    let server = MockAuthServer::start().await;
    let first = exchange_new_code(&server).await.member("refresh_token");
    server.clock().advance(DAY * (365 + 182));
    let second = refresh(&server, &first).await.ok().member("refresh_token");
    assert_ne!(second, first);

    let response = refresh(&server, &first).await;
    assert_eq!((response.error().as_str(), response.status), ("access_denied", 403));
    assert!(response.description().contains("replaced"), "{}", response.text);
    assert_eq!(refresh(&server, &second).await.ok().member("refresh_token"), second);

    server.clock().advance(DAY * (365 + 184));
    let response = refresh(&server, &second).await;
    assert_eq!(response.error(), "access_denied");
    assert!(response.description().contains("grace period of 183d"), "{}", response.text);
}

#[tokio::test]
async fn the_edges_of_a_lifetime_are_exact() {
    let server = server_with("settings: { refresh_token_lifetime: 10s, refresh_grace: 5s }").await;
    server.clock().freeze();
    let token = exchange_new_code(&server).await.member("refresh_token");
    let signed = claims(&token);
    assert_eq!(signed["expires_in"].as_i64().unwrap(), now_ms(&server) + 9_999);

    server.clock().advance(Duration::from_millis(9_999));
    assert_eq!(refresh(&server, &token).await.ok().member("refresh_token"), token);

    // That refresh extended the lifetime. Now it is exceeded by a millisecond.
    server.clock().advance(Duration::from_millis(10_000));
    assert_ne!(refresh(&server, &token).await.ok().member("refresh_token"), token);

    let token = exchange_new_code(&server).await.member("refresh_token");
    server.clock().advance(Duration::from_millis(9_999 + 5_000 + 1));
    assert_eq!(refresh(&server, &token).await.error(), "access_denied");
}

#[tokio::test]
async fn a_refresh_token_may_be_sent_as_code_but_not_as_two_values() {
    let server = MockAuthServer::start().await;
    let token = exchange_new_code(&server).await.member("refresh_token");
    let send = async |more: &[(&str, &str)]| {
        let client = [("client_id", CLIENT.0), ("client_secret", CLIENT.1)];
        form(&server, &[&[("grant_type", "refresh_token")], &client[..], more].concat()).await
    };
    send(&[("code", &token)]).await.ok();
    send(&[("code", &token), ("refresh_token", &token)]).await.ok();
    send(&[("code", ""), ("refresh_token", &token)]).await.ok();
    let response = send(&[("code", "other"), ("refresh_token", &token)]).await;
    assert!(response.description().contains("different values"), "{}", response.text);
    assert!(response.description().contains("send refresh_token alone"), "{}", response.text);
}

#[tokio::test]
async fn a_code_may_not_be_sent_beside_another_refresh_token() {
    for dialect in ["documented", "rfc6749"] {
        let server = server_with(&format!("settings: {{ dialect: {dialect} }}")).await;
        let code = crate::support::code(&server).await;
        let send = async |refresh_token: &str| {
            let form = crate::support::exchange_form(&code);
            post(&server.token_url(), format!("{form}&refresh_token={refresh_token}")).await
        };
        let response = send("other").await;
        assert_eq!((response.error().as_str(), response.status), ("invalid_request", 400));
        assert!(response.description().contains("send code alone"), "{}", response.text);

        // The code is not redeemed by the failure.
        send(&code).await.ok();
    }
}

#[tokio::test]
async fn only_refresh_tokens_of_this_client_and_this_key_are_accepted() {
    let server = MockAuthServer::start().await;
    let own = exchange_new_code(&server).await;
    let key = SigningKey::generate().unwrap();
    let other_key = MockAuthServer::builder().signing_key(key).start().await.unwrap();
    let foreign = exchange_new_code(&other_key).await;
    let others = post_sample(&server).await.ok();
    let good = own.member("refresh_token");

    for (token, reason) in [
        (own.member("access_token"), "is an access token"),
        (foreign.member("refresh_token"), "signature"),
        (others.member("refresh_token"), "another client"),
        ("eyJraK".to_owned(), "another client"),
        (format!("{good}A"), "signature"),
        ("a.b.c".to_owned(), "malformed"),
        ("nonsense".to_owned(), "malformed"),
    ] {
        let response = refresh(&server, &token).await;
        assert_eq!(
            (response.error().as_str(), response.status),
            ("invalid_request", 400),
            "{reason}"
        );
        assert!(response.description().contains(reason), "{reason}: {}", response.text);
    }
}

#[tokio::test]
async fn a_refresh_token_is_valid_after_a_restart_with_the_same_key() {
    let before = MockAuthServer::start().await;
    let token = exchange_new_code(&before).await.member("refresh_token");
    before.stop().await;
    let after = MockAuthServer::start().await;
    let response = refresh(&after, &token).await.ok();
    assert_eq!(response.member("refresh_token"), token);
    assert_eq!(claims(&response.member("access_token"))["merchant_id"], MERCHANT);
}

#[tokio::test]
async fn a_fixture_token_has_a_grant_and_can_be_used_again() {
    let server = MockAuthServer::start().await;
    for _ in 0..2 {
        let response = post_sample(&server).await.ok();
        let token = response.member("refresh_token");
        assert_eq!(claims(&token)["token_type"], "refresh_token");
        let body = format!(
            "grant_type=refresh_token&refresh_token={token}&client_id=8l57hYffFb\
             &client_secret=yourClientSecret"
        );
        assert_eq!(post(&server.token_url(), body).await.ok().member("refresh_token"), token);
    }
}

#[tokio::test]
async fn a_scope_may_be_narrowed_but_not_widened() {
    let server = server_with(
        "clients: [{ id: v6TJH1IqhM, scopes: [users, keys, reporting], response_scope: null }]",
    )
    .await;
    let first = exchange_new_code(&server).await;
    assert_eq!(first.member("scope"), "users keys reporting");

    let token = first.member("refresh_token");
    let with_scope = async |scope: &str| {
        let scope = serde_urlencoded::to_string([("scope", scope)]).unwrap();
        post(&server.token_url(), format!("{}&{scope}", refresh_form(&token))).await
    };
    let narrowed = with_scope("reporting users").await.ok();
    assert_eq!(narrowed.member("scope"), "users reporting");
    assert_eq!(
        claims(&narrowed.member("access_token"))["scopes"],
        serde_json::json!(["users", "reporting"])
    );
    assert_eq!(with_scope("").await.ok().member("scope"), "users keys reporting");

    for (scope, reason) in [
        ("users  keys", "malformed"),
        (" users", "malformed"),
        ("us\"ers", "malformed"),
        ("flying", "does not know"),
        ("users payouts", "exceeds the granted scopes, which are: users keys reporting"),
    ] {
        let response = with_scope(scope).await;
        assert_eq!(response.error(), "invalid_scope", "{scope}");
        assert!(response.description().contains(reason), "{}", response.text);
    }
}

#[tokio::test]
async fn a_refresh_for_fewer_scopes_names_them_whatever_response_scope_says() {
    let server = server_with(
        "clients: [{ id: v6TJH1IqhM, scopes: [users, keys], response_scope: transactions }]",
    )
    .await;
    let first = exchange_new_code(&server).await;
    assert_eq!(first.member("scope"), "transactions");

    let body = refresh_form(&first.member("refresh_token"));
    for (scope, expected) in [("keys", "keys"), ("keys+users", "transactions")] {
        let response = post(&server.token_url(), format!("{body}&scope={scope}")).await.ok();
        assert_eq!(response.member("scope"), expected, "{scope}");
    }
}

#[tokio::test]
async fn lifetimes_are_those_of_the_fixture_less_a_millisecond_in_whole_seconds() {
    let server =
        server_with("settings: { access_token_lifetime: 1h, refresh_token_lifetime: 2500ms }")
            .await;
    let response = exchange_new_code(&server).await;
    assert_eq!(response.json()["expires_in"], 3599);
    assert_eq!(response.json()["refresh_token_expires_in"], 2);
    for (name, lifetime) in [("access_token", 3_600_000), ("refresh_token", 2_499)] {
        let claims = claims(&response.member(name));
        let [iat, expires_in] = ["iat", "expires_in"].map(|claim| claims[claim].as_i64().unwrap());
        assert_eq!(expires_in - iat, lifetime, "{name}");
    }
}

#[tokio::test]
async fn extra_claims_are_in_both_tokens() {
    let server = server_with("settings: { extra_claims: { tier: gold } }").await;
    let response = exchange_new_code(&server).await;
    for name in ["access_token", "refresh_token"] {
        assert_eq!(claims(&response.member(name))["tier"], "gold");
    }
}
