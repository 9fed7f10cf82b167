//! Expectations on the requests of a client: nothing happens when they are met, and the test fails
//! with the requests that were received when they are not.

use std::time::Duration;

use crate::support::raw_client::{form_request, send_and_read_all};
use crate::support::{CLIENT, MERCHANT, claims, code, exchange, exchange_form, refresh};
use smartpay_oauth_mock::fixture::{AccountStatus, Client, Merchant};
use smartpay_oauth_mock::scenario::{TokenAlteration, TokenSelector};
use smartpay_oauth_mock::units::SignedDuration;
use smartpay_oauth_mock::{
    ErrorCode, Fault, Filter, MockAuthServer, Outcome, RecordedEndpoint, Scenario, Times,
    TokensRequest, When, blocking,
};
use tokio_stream::StreamExt;

fn denied() -> Scenario {
    Scenario::respond(Outcome::error(ErrorCode::AccessDenied)).name("denied")
}

/// The message with which dropping something fails a test, empty if it does not.
async fn message_of_dropping<T: Send + 'static>(dropped: T) -> String {
    match tokio::task::spawn_blocking(move || drop(dropped)).await {
        Ok(()) => String::new(),
        Err(error) => *error.into_panic().downcast::<String>().expect("a message"),
    }
}

#[tokio::test]
async fn an_expectation_that_is_met_says_nothing() {
    let server = MockAuthServer::start().await;
    let expected = server.inject(denied()).await.expect(2);
    for _ in 0..2 {
        assert_eq!(exchange(&server, "x").await.error(), "access_denied");
    }
    assert_eq!(message_of_dropping(expected).await, "");
    assert_eq!(exchange(&server, "x").await.error(), "invalid_request", "the scenario is gone");
    for count in [Times::from(0..=3), Times::at_most(1), Times::exactly(0)] {
        let expected = server.inject(denied()).await.expect(count);
        assert_eq!(message_of_dropping(expected).await, "");
    }
}

#[tokio::test]
async fn an_expectation_that_is_not_met_fails_the_test_with_the_requests() {
    let server = MockAuthServer::start().await;
    exchange(&server, "earlier").await;
    let refreshes = denied().when(When::new().grant_type("refresh_token"));
    let expected = server.inject(refreshes).await.expect(2);
    exchange(&server, "x").await;
    refresh(&server, "x").await;
    let message = message_of_dropping(expected).await;
    assert_eq!(
        message,
        "the scenario \"denied\" was expected to match exactly 2 requests, but matched 1.\n\
         Requests received since it was injected (2):\n  \
         #2 POST /oauth2/v3/token authorization_code v6TJH1IqhM -> 400 invalid_request (row 16)\n  \
         #3 POST /oauth2/v3/token refresh_token v6TJH1IqhM -> 403 access_denied by scenario denied"
    );
    let expected = server.inject(denied()).await.expect(1..);
    let message = message_of_dropping(expected).await;
    assert!(
        message.contains("at least 1")
            && message.ends_with("No request was received since it was injected.")
    );
    let expected = server.inject(denied()).await.expect(..=0);
    for _ in 0..25 {
        exchange(&server, "x").await;
    }
    let message = message_of_dropping(expected).await;
    assert!(
        message.contains("at most 0") && message.contains("... 5 earlier requests"),
        "{message}"
    );
}

#[tokio::test]
async fn a_guard_can_leave_its_scenario_in_force() {
    let server = MockAuthServer::start().await;
    let name = server.inject(denied()).await.expect(7).detach();
    assert_eq!(name, "denied");
    assert_eq!(exchange(&server, "x").await.error(), "access_denied");
    let states = server.scenarios().await;
    assert_eq!((states[0].scenario.name.as_deref(), states[0].matched), (Some("denied"), 1));
    assert!(server.remove_scenario("denied").await && !server.remove_scenario("denied").await);
    server.clear_scenarios().await;
    assert!(server.scenarios().await.is_empty());
}

/// An invalid scenario is refused where it is injected.
#[tokio::test]
async fn invalid_scenarios_cannot_be_injected() {
    let server = MockAuthServer::start().await;
    let error = || Outcome::error("x");
    for (scenario, message) in [
        (
            Scenario::respond(error()).when(When::new().client_id("v6TJH1Iqhm")),
            "did you mean \"v6TJH1IqhM\"",
        ),
        (Scenario::respond(error()).times(0), "times must be at least 1"),
        (Scenario::respond(Vec::new()), "needs at least one outcome"),
        (Scenario::respond(error()).probability(1.5), "from 0 to 1"),
        (Scenario::respond(error().header("a b", "c")), "header"),
        (Scenario::respond(Outcome::fault(Fault::Hang).interval(Duration::ZERO)), "slow_body"),
        (Scenario::respond(error()).name("a b"), "name"),
        (Scenario::respond(Outcome::hold(0)), "until must be at least 1"),
    ] {
        let errors = server.try_inject(scenario.clone()).await.unwrap_err();
        assert!(errors.to_string().contains(message), "{errors}");
    }
    assert_eq!(server.scenarios().await.len(), 11, "only the built-in ones");
}

#[tokio::test]
async fn every_kind_of_outcome_has_a_builder() {
    let server = MockAuthServer::start().await;
    let got = async |outcome: Outcome| {
        let _guard = server.inject(Scenario::respond(outcome)).await;
        exchange(&server, &code(&server).await).await
    };
    assert_eq!(got(Outcome::text(418, "tea")).await.text, "tea");
    assert_eq!(got(Outcome::json(299, serde_json::json!({ "a": 1 }))).await.status, 299);
    assert_eq!(got(Outcome::hold(1)).await.status, 200);
    assert_eq!(got(Outcome::rate_limit(0, Duration::from_secs(60))).await.status, 429);
    assert_eq!(got(Outcome::response_with("expires_in", 7)).await.json()["expires_in"], 7);
    assert!(got(Outcome::response_without("scope")).await.json().get("scope").is_none());
    let stale = TokenAlteration::new().lifetime(SignedDuration::from_ms(-1000)).access_token_only();
    assert_eq!(stale.which, TokenSelector::Access);
    let stale = claims(&got(Outcome::altered_tokens(stale)).await.member("access_token"));
    assert!(stale["expires_in"].as_i64() < stale["iat"].as_i64());
    let named = TokenAlteration::new().claim("merchant_id", "other").refresh_token_only();
    let named = got(Outcome::altered_tokens(named)).await;
    assert_eq!(claims(&named.member("refresh_token"))["merchant_id"], "other");
    assert_eq!(claims(&named.member("access_token"))["merchant_id"], MERCHANT);
    let without = got(Outcome::altered_tokens(TokenAlteration::new().without_claim("jti"))).await;
    assert!(claims(&without.member("access_token")).get("jti").is_none());
    for alteration in [
        TokenAlteration::new().unknown_key(),
        TokenAlteration::new().invalid_signature(),
        TokenAlteration::new().unsigned(),
    ] {
        let token = got(Outcome::altered_tokens(alteration)).await.member("access_token");
        assert!(!server.inspect(&token).await.valid);
    }
}

#[tokio::test]
async fn requests_are_verified_and_followed_in_process() {
    let server = MockAuthServer::start().await;
    let mut follower = server.follow();
    refresh(&server, "x").await;
    let entry = follower.next().await.unwrap();
    assert_eq!((entry.id, entry.endpoint), (1, RecordedEndpoint::Token));
    let refreshes = Filter::new().grant_type("refresh_token").error("invalid_request");
    assert!(server.verify(&refreshes, 1).await.satisfied);
    let late = server.verify_timeout(&refreshes, 2, Duration::from_secs(60));
    let (found, _) = tokio::join!(late, refresh(&server, "y"));
    assert_eq!((found.satisfied, found.matched), (true, 2));
    assert_eq!(server.requests_matching(&refreshes.client_id("other")).await.len(), 0);
    let params = &server.requests().await[0].params;
    assert_eq!(format!("{:?}", params["client_secret"]), "Text(\"***\")");
    server.clear_requests().await;
    assert!(server.requests().await.is_empty());
    // A follower is a stream, too.
    let followed = server.follow().take(2).map(|request| request.id).collect::<Vec<u64>>();
    let (ids, _, _) = tokio::join!(followed, refresh(&server, "x"), refresh(&server, "y"));
    assert_eq!(ids.len(), 2);
    // A follower ends with its realm.
    let mut follower = server.new_realm("gone").create().unwrap().follow();
    server.remove_realm("gone").unwrap();
    assert!(follower.next().await.is_none());
}

#[tokio::test]
async fn a_verification_is_a_message_for_an_assertion() {
    let server = MockAuthServer::start().await;
    exchange(&server, "x").await;
    let denials = Filter::new().error(ErrorCode::AccessDenied);

    let unmet = server.verify(&denials, 1).await;
    assert_eq!(
        unmet.to_string(),
        "expectation not met: 0 matched\n  \
         #1 POST /oauth2/v3/token authorization_code v6TJH1IqhM -> 400 invalid_request (row 16)\n    \
         error: expected access_denied, found invalid_request"
    );
    let met = server.verify(&Filter::new().error(&ErrorCode::InvalidRequest), 1).await;
    assert_eq!(met.to_string(), "expectation met: 1 matched");
    let order = server.verify_order(&[Filter::new().status(400), Filter::new().status(400)]).await;
    assert!(order.to_string().contains("\n    order: expected after #1, found #1"), "{order}");
}

/// The URLs of the companions are those of the metadata, for a realm as well.
#[tokio::test]
async fn the_urls_of_all_endpoints_are_those_of_the_metadata() {
    let server = MockAuthServer::start().await;
    let blue = server.new_realm("blue").create().unwrap();
    let own = server.new_realm("own").own_port().create().unwrap();

    for realm in [server.default_realm(), &blue, &own] {
        let url = format!("{}/.well-known/oauth-authorization-server", realm.base_url());
        let metadata = reqwest::get(url).await.unwrap().json::<serde_json::Value>().await.unwrap();
        assert_eq!(metadata["token_endpoint"], realm.token_url());
        assert_eq!(metadata["introspection_endpoint"], realm.introspection_url());
        assert_eq!(metadata["revocation_endpoint"], realm.revocation_url());
        assert_eq!(metadata["jwks_uri"], realm.jwks_url());
    }
}

#[tokio::test]
async fn fixtures_change_in_process_or_not_at_all() {
    let server = MockAuthServer::start().await;
    server.put_client(Client::new("mine", "secret")).await.unwrap();
    server.put_merchant(Merchant::new("shop")).await.unwrap();
    let code = server.issue_code("mine", "shop").await.unwrap();
    let exchanged = async || {
        let client = "grant_type=authorization_code&client_id=mine&client_secret=secret";
        crate::support::post(&server.token_url(), format!("{client}&code={code}")).await
    };
    assert!(
        server.update_merchant("shop", |shop| shop.status = AccountStatus::Inactive).await.unwrap()
    );
    assert_eq!(exchanged().await.error(), "merchant_not_active");
    assert!(
        server.update_client("mine", |mine| mine.status = AccountStatus::Inactive).await.unwrap()
    );
    assert_eq!(exchanged().await.error(), "client_not_active");
    let wrong = server.update_client("mine", |mine| mine.redirect_urls.push("nowhere".into()));
    assert!(wrong.await.is_err());
    server.update_client("mine", |mine| mine.status = AccountStatus::Active).await.unwrap();
    server.update_merchant("shop", |shop| shop.status = AccountStatus::Active).await.unwrap();
    exchanged().await.ok();
    assert!(!server.update_client("nobody", |_| {}).await.unwrap());
    assert!(
        server.remove_client("mine").await.unwrap() && !server.remove_client("mine").await.unwrap()
    );
    assert!(server.remove_merchant("shop").await.unwrap());
    assert_eq!(exchanged().await.error(), "client_not_found");
    assert!(server.replace_fixtures("clients: [{ id: a }]").await.is_err());
    server.replace_fixtures("clients: [{ id: only, secret: s }]").await.unwrap();
    assert_eq!(server.fixtures().clients.len(), 1);
    server.reset().await;
    assert!(server.fixtures().clients.len() > 1 && server.requests().await.is_empty());
}

/// A test without a runtime does the same with the same methods.
#[test]
fn blocking_twins_do_the_same() {
    let server = blocking::MockAuthServer::start();
    assert_eq!(server.introspection_url(), server.base_url() + "/oauth2/v3/introspect");
    assert_eq!(server.revocation_url(), server.base_url() + "/oauth2/v3/revoke");
    assert_eq!(server.jwks_url(), server.base_url() + "/.well-known/jwks.json");
    let post = |body: &str| {
        let request = form_request("/oauth2/v3/token", "Connection: close\r\n", body);
        send_and_read_all(server.address(), request)
    };
    let denied = server.inject(denied()).expect(1);
    assert!(post("code=x").contains("access_denied"));
    drop(denied);
    let code = server.issue_code(CLIENT.0, MERCHANT).unwrap();
    assert!(post(&exchange_form(&code)).starts_with("HTTP/1.1 200"));
    assert!(server.verify(&Filter::new().client_id(CLIENT.0), 1).satisfied);
    let grant = server.grants().pop().unwrap();
    assert!(server.revoke_grant(&grant.id));
    let tokens =
        server.issue_tokens_with(TokensRequest::new(CLIENT.0, MERCHANT).scopes(["users"])).unwrap();
    assert!(server.inspect(&tokens.access_token).valid);
    server.clock().advance(Duration::from_secs(901));
    assert!(!server.inspect(&tokens.access_token).valid);
    server.put_client(Client::new("mine", "secret")).unwrap();
    assert!(server.remove_client("mine").unwrap());
    let mut follower = server.follow();
    post("");
    assert_eq!(follower.next().unwrap().outcome.unwrap().row, Some(7));
    let blue: blocking::RealmHandle = server.new_realm("blue").create().unwrap();
    assert!(blue.requests().is_empty());
    assert_eq!(server.realms().len(), 2);
    assert_eq!(server.requests().len(), 3);
    server.reset();
    assert!(server.requests().is_empty());
    server.stop();
}

/// The example of the specification, as it is written there.
#[tokio::test]
#[allow(unused_must_use, reason = "the example drops the guard at once")]
async fn the_example_of_the_specification_compiles_and_runs()
-> Result<(), Box<dyn std::error::Error>> {
    let server = MockAuthServer::start().await;
    let other = MockAuthServer::builder().fixtures_file("fixtures/default.yaml")?.start().await?;
    assert_ne!(other.address(), server.address());
    server.base_url();
    server.token_url();
    server.authorize_url();
    let code = server.issue_code("v6TJH1IqhM", "rahulrama").await?;
    server.inject(Scenario::respond(Outcome::error(ErrorCode::AccessDenied)).times(1)).await;
    server.clock().advance(Duration::from_secs(901));
    let calls = server.requests().await;
    assert!(calls.is_empty() && !code.is_empty());
    Ok(())
}
