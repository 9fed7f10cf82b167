//! The life of a grant in order: from the first redirect to the API request that fails because the
//! merchant revoked the grant.

use std::time::Duration;

use crate::support::{
    CLIENT, FORM, HttpResponse, browser, claims, exchange, exchange_new_code, fetch, post, refresh,
    server_with, time,
};
use reqwest::StatusCode;
use smartpay_oauth_mock::MockAuthServer;

const MINUTE: Duration = Duration::from_secs(60);
const MONTH: Duration = Duration::from_secs(30 * 86_400);

async fn pay(server: &MockAuthServer, token: &str) -> HttpResponse {
    let request = reqwest::Client::new()
        .post(server.base_url() + "/pts/v2/payments")
        .bearer_auth(token)
        .header("Content-Type", "application/json")
        .body("{}");
    fetch(request).await
}

/// Does what the merchant's browser does (redirect, page, a click on Allow) and returns the code.
async fn consent(server: &MockAuthServer) -> String {
    let browser = browser();
    let url = format!(
        "{}?sub=oauth&redirect_url=https%3A%2F%2Fwww.example.com&client_id={}&state=s%26t",
        server.authorize_url(),
        CLIENT.0
    );
    let page = browser.get(&url).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);

    let page = page.text().await.unwrap();
    assert!(page.contains("Sample partner") && page.contains("View reporting"), "{page}");

    // What the page's form sends when Allow is clicked.
    let form = [
        ("sub", "oauth"),
        ("client_id", CLIENT.0),
        ("redirect_url", "https://www.example.com"),
        ("state", "s&t"),
        ("mock_merchant", "rahulrama"),
        ("mock_decision", "allow"),
    ];
    let click = browser
        .post(server.authorize_url())
        .header("Content-Type", FORM)
        .body(serde_urlencoded::to_string(form).unwrap());
    let redirect = click.send().await.unwrap();
    assert_eq!(redirect.status(), StatusCode::SEE_OTHER);

    let location = redirect.headers()["location"].to_str().unwrap().to_owned();
    let query = location.strip_prefix("https://www.example.com?").expect(&location);
    let parameters: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
    assert_eq!(parameters[1], ("state".to_owned(), "s&t".to_owned()));
    assert_eq!(parameters[0].0, "code");

    parameters[0].1.clone()
}

#[tokio::test]
async fn a_grant_lives_from_the_first_redirect_until_it_is_revoked() {
    let server = MockAuthServer::start().await;
    let clock = server.clock();

    // Redirect, consent, exchange, API request.
    let first = exchange(&server, &consent(&server).await).await.ok();
    let refresh_token = first.member("refresh_token");
    let paid = pay(&server, &first.member("access_token")).await;
    assert_eq!((paid.status, paid.member("status").as_str()), (201, "AUTHORIZED"));

    // After 16 minutes the access token has expired. Refresh and try again.
    clock.advance(16 * MINUTE);
    let late = pay(&server, &first.member("access_token")).await;
    assert_eq!(late.status, 401);

    let challenge = late.header("www-authenticate");
    assert!(
        challenge.contains("error=\"invalid_token\"") && challenge.contains("expired"),
        "{challenge}"
    );

    let second = refresh(&server, &refresh_token).await.ok();
    assert_eq!(second.member("refresh_token"), refresh_token);
    assert_eq!(pay(&server, &second.member("access_token")).await.status, 201);

    // After 13 months the refresh token is in its grace period: it is replaced, and then invalid.
    clock.advance(13 * MONTH);
    let third = refresh(&server, &refresh_token).await.ok();
    let successor = third.member("refresh_token");
    assert_ne!(successor, refresh_token);
    assert_eq!(refresh(&server, &refresh_token).await.error(), "access_denied");
    assert_eq!(pay(&server, &third.member("access_token")).await.status, 201);

    // After 19 months without a refresh, the merchant must consent again.
    clock.advance(19 * MONTH);
    assert_eq!(refresh(&server, &successor).await.error(), "access_denied");

    let fourth = exchange(&server, &consent(&server).await).await.ok();
    assert_eq!(pay(&server, &fourth.member("access_token")).await.status, 201);

    let granted = claims(&fourth.member("access_token"))["grant_time"].clone();
    assert_ne!(granted, claims(&first.member("access_token"))["grant_time"]);

    // The merchant revokes the grant.
    let grants = server.grants().await;
    let newest = grants.last().unwrap();
    assert!(server.revoke_grant(&newest.id).await);

    let refused = pay(&server, &fourth.member("access_token")).await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").contains("revoked"), "{}", refused.text);
    assert_eq!(refused.json()["response"]["rmsg"]["error"], "UNAUTHORIZED_PARTNER");

    let response = refresh(&server, &fourth.member("refresh_token")).await;
    assert_eq!((response.error().as_str(), response.status), ("access_denied", 403));
}

#[tokio::test]
async fn a_year_passes_across_both_daylight_saving_changes() {
    let server = MockAuthServer::start().await;
    // Noon UTC in each month: 04:00 in Los Angeles in winter, 05:00 in summer.
    server.clock().freeze_at(time(1_767_268_800_000)); // 2026-01-01T12:00:00Z
    let hour = async || {
        let response = exchange_new_code(&server).await;
        claims(&response.member("access_token"))["grant_time"].as_str().unwrap().to_owned()
    };
    assert_eq!(hour().await, "202601010400");
    server.clock().advance(Duration::from_secs(181 * 86_400));
    assert_eq!(hour().await, "202607010500");
    server.clock().advance(Duration::from_secs(184 * 86_400));
    assert_eq!(hour().await, "202701010400");
}

#[tokio::test]
async fn the_grant_time_is_that_of_the_consent_in_the_time_zone_of_the_fixture() {
    for (setting, expected) in
        [("", "202104270318"), ("settings: { grant_time_zone: Asia/Kolkata }", "202104271548")]
    {
        let server = server_with(setting).await;
        server.clock().freeze_at(time(1_619_518_736_895)); // 2021-04-27T10:18:56Z
        let code = server.issue_code(CLIENT.0, "rahulrama").await.unwrap();
        server.clock().advance(5 * MINUTE);
        let tokens = exchange(&server, &code).await.ok();
        for name in ["access_token", "refresh_token"] {
            assert_eq!(claims(&tokens.member(name))["grant_time"], expected, "{name}");
        }
    }
}

/// Each way in which a grant can be revoked, with the reason that the token endpoint, the API and the
/// inspection give.
#[tokio::test]
async fn the_reason_of_a_revocation_is_the_true_one() {
    let ways = [
        ("merchant", "The merchant revoked the grant", "was revoked by the merchant"),
        ("client", "revoked by the client itself (RFC 7009)", "revoked by the client itself"),
        ("replay", "revoked because its code was used again", "because its code was used again"),
    ];
    for (way, at_refresh, at_api) in ways {
        let server = server_with("settings: { code_replay: revoke }").await;
        let code = server.issue_code(CLIENT.0, "rahulrama").await.unwrap();
        let tokens = exchange(&server, &code).await.ok();
        let [access_token, refresh_token] =
            ["access_token", "refresh_token"].map(|name| tokens.member(name));
        match way {
            "merchant" => {
                let grant = server.grants().await.pop().unwrap();
                assert!(server.revoke_grant(&grant.id).await);
                // The first reason stays.
                let replayed = exchange(&server, &code).await.description();
                assert_eq!(replayed, "code was already used; a code can be exchanged once.");
            }
            "client" => {
                let form = [
                    ("client_id", CLIENT.0),
                    ("client_secret", CLIENT.1),
                    ("token", &access_token),
                ];
                let url = server.base_url() + "/oauth2/v3/revoke";
                post(&url, serde_urlencoded::to_string(form).unwrap()).await.ok();
            }
            _ => {
                let replayed = exchange(&server, &code).await.description();
                assert!(replayed.contains("revoked its grant"), "{replayed}");
            }
        }
        let refused = refresh(&server, &refresh_token).await;
        assert_eq!(refused.error(), "access_denied");
        assert!(refused.description().contains(at_refresh), "{way}: {}", refused.text);
        let paid = pay(&server, &access_token).await;
        assert_eq!(paid.status, 401);
        assert!(paid.header("www-authenticate").contains(at_api), "{way}: {:?}", paid.headers);
        let reason = server.inspect(&access_token).await.reason;
        assert!(reason.contains(at_api), "{way}: {reason}");
    }
}
