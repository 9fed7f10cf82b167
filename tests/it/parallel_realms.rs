//! Sixty-four tests share one server at the same time, each with a realm of its own, and do not affect
//! each other.

use std::time::Duration;

use crate::support::{CLIENT, MERCHANT, exchange, time};
use serde_json::{Value, json};
use smartpay_oauth_mock::{ErrorCode, MockAuthServer, Outcome, RealmHandle, Scenario, When};

/// One of the tests: with a clock, a scenario, a code, a revocation and a journal of its own.
async fn run_test(realm: RealmHandle, number: usize) {
    let hours = number as u64 + 1;
    realm.clock().freeze_at(time(1_600_000_000_000));
    realm.clock().advance(Duration::from_secs(3600 * hours));
    let teapot = Scenario::respond(Outcome::error("teapot").status(418))
        .when(When::new().code("tea"))
        .name("tea")
        .times(hours);
    let tea = realm.inject(teapot).await.expect(hours);

    for _ in 0..=hours {
        let response = exchange(&realm, "tea").await;
        assert!(response.status == 418 || response.error() == "invalid_request");
    }

    drop(tea);

    let own = format!("code-{number}");
    let created = reqwest::Client::new()
        .post(realm.base_url() + "/_mock/codes")
        .json(&json!({ "client_id": CLIENT.0, "merchant_id": MERCHANT, "code": own }))
        .send();
    assert_eq!(created.await.unwrap().status(), 201);

    let tokens = exchange(&realm, &own).await.ok();
    let iat = crate::support::claims(&tokens.member("access_token"))["iat"].as_i64().unwrap();
    assert_eq!(iat, 1_600_000_000_000 + 3_600_000 * hours as i64);

    let grants = realm.grants().await;
    let grants: Vec<_> = grants.iter().filter(|grant| grant.client_id == CLIENT.0).collect();
    assert_eq!(grants.len(), 1, "only its own");

    realm.revoke_grant(&grants[0].id).await;
    let denied = realm.inject(Scenario::respond(Outcome::error(ErrorCode::ServerError))).await;
    assert_eq!(exchange(&realm, &own).await.status, 500);
    drop(denied);

    // The journal has the requests of this realm only.
    let journal = reqwest::Client::new().get(realm.base_url() + "/_mock/requests").send().await;
    let journal: Value = journal.unwrap().json().await.unwrap();
    assert_eq!(journal["total"], json!(hours + 3));

    let entries = journal["requests"].as_array().unwrap();
    assert!(entries.iter().all(|entry| entry["realm"] == realm.name()));
}

#[tokio::test]
async fn sixty_four_tests_do_not_affect_each_other() {
    let server = MockAuthServer::start().await;
    let mut tests = tokio::task::JoinSet::new();
    for number in 0..64 {
        let realm = server.new_realm(format!("test-{number}")).create().unwrap();
        tests.spawn(run_test(realm, number));
    }
    tests.join_all().await;
    assert!(server.requests().await.is_empty(), "the default realm saw nothing of it");
    assert_eq!(server.clock().offset().as_ms(), 0);
}
