//! The blocking API: the same server in tests without async.

use std::time::Duration;

use crate::support::raw_client::{body_of, form_request, send_and_read_all};
use crate::support::{CLIENT, MERCHANT};
use smartpay_oauth_mock::blocking::{MockAuthServer, RealmHandle};
use smartpay_oauth_mock::fixture::{AccountStatus, Client, Merchant};
use smartpay_oauth_mock::{
    CodeOptions, Endpoint, ErrorCode, Filter, Outcome, RecordedEndpoint, Scenario, Times, When,
};

/// Posts a form and returns the body of the response.
fn post_form(
    server: &MockAuthServer,
    path: &str,
    headers: &str,
    parameters: &[(&str, &str)],
) -> String {
    let body = serde_urlencoded::to_string(parameters).unwrap();
    let request = form_request(
        path,
        &format!(
            "Connection: close
{headers}"
        ),
        &body,
    );
    body_of(&send_and_read_all(server.address(), request)).to_owned()
}

fn exchange(server: &MockAuthServer, code: &str, headers: &str) -> String {
    let parameters = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT.0),
        ("client_secret", CLIENT.1),
        ("code", code),
        ("state", "s"),
    ];
    post_form(server, "/oauth2/v3/token", headers, &parameters)
}

#[test]
fn grants_are_issued_revoked_and_reset() {
    let server = MockAuthServer::start();
    let options =
        CodeOptions { scopes: Some(&["reporting"]), code: Some("mine"), ..Default::default() };
    assert_eq!(server.issue_code_with(CLIENT.0, MERCHANT, options).unwrap(), "mine");
    assert!(server.issue_code_with(CLIENT.0, MERCHANT, options).is_err(), "it is taken");
    assert!(exchange(&server, "mine", "").contains("access_token"));

    let tokens = server.issue_tokens(CLIENT.0, MERCHANT).unwrap();
    let few = server.issue_tokens_with(CLIENT.0, MERCHANT, &["reporting"]).unwrap();
    assert!(server.inspect(&tokens.access_token).valid && server.inspect(&few.access_token).valid);

    let shown = format!("{tokens:?}");
    assert!(shown.contains("expires_in: 899") && !shown.contains(&tokens.access_token), "{shown}");

    let granted = server.grants().into_iter().find(|grant| grant.scopes == ["reporting"]).unwrap();
    assert!(server.revoke_grant(&granted.id) && !server.revoke_grant("0000000000"));

    server.clock().advance(Duration::from_secs(901));
    assert!(!server.inspect(&tokens.access_token).valid);

    server.reset();
    assert!(server.requests().is_empty() && !server.clock().is_frozen());

    server.stop();
}

#[test]
fn clients_and_merchants_can_be_changed_at_run_time() {
    let server = MockAuthServer::builder().start_blocking().unwrap();
    server.put_client(Client::new("mine", "s")).unwrap();
    assert!(server.put_client(Client::new("not an id", "s")).is_err());
    assert!(
        server.update_client("mine", |client| client.status = AccountStatus::Inactive).unwrap()
    );
    assert!(!server.update_client("nobody", |_| {}).unwrap());

    server.put_merchant(Merchant::new("shop")).unwrap();
    assert!(server.update_merchant("shop", |merchant| merchant.can_grant = false).unwrap());

    let fixtures = server.fixtures();
    assert!(fixtures.clients.iter().any(|client| client.display_name() == "mine"));
    assert!(fixtures.merchants.iter().any(|merchant| merchant.display_name() == "shop"));
    assert!(server.remove_client("mine").unwrap() && !server.remove_client("mine").unwrap());
    assert!(server.remove_merchant("shop").unwrap() && !server.remove_merchant("shop").unwrap());

    server.replace_fixtures("clients: [{ id: only, secret: s }]").unwrap();
    assert_eq!(server.fixtures().clients.len(), 1);
    assert!(server.replace_fixtures("clients: [{ id: only }]").is_err());
}

#[test]
fn realms_are_created_and_removed() {
    let server = MockAuthServer::start();
    let blue: RealmHandle = server.new_realm("blue").host("blue.test").create().unwrap().into();
    assert_eq!(server.realms().len(), 2);
    assert_eq!(server.realm("blue").unwrap().name(), "blue");

    let code = blue.issue_code(CLIENT.0, MERCHANT).unwrap();
    let parameters = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT.0),
        ("client_secret", CLIENT.1),
        ("code", &code),
    ];
    let response = post_form(&server, "/realms/blue/oauth2/v3/token", "", &parameters);
    assert!(response.contains("access_token"), "{response}");
    assert_eq!((blue.requests().len(), server.requests().len()), (1, 0));
    assert!(server.remove_realm("blue").unwrap() && server.realm("blue").is_none());
    assert!(server.remove_realm("default").is_err());
}

/// A request must meet every condition of a scenario.
#[test]
fn a_scenario_matches_only_if_all_its_conditions_do() {
    let server = MockAuthServer::start();
    let code = server.issue_code(CLIENT.0, MERCHANT).unwrap();
    let when = When::endpoint(Endpoint::Token)
        .and_client_id("v6TJ*")
        .and_merchant_id(MERCHANT)
        .and_grant_type("authorization_code")
        .and_code(&code)
        .and_correlation_id("9a341edd-*")
        .and_header("x-test", "yes")
        .and_param("state", "s");
    let never = when.clone().and_refresh_token("*");
    let _never = server.inject(Scenario::respond(Outcome::error("never")).when(never)).expect(0);
    let scenario =
        Scenario::respond(Outcome::error(ErrorCode::ServerError)).when(when).named("all");
    let guard = server.try_inject(scenario).unwrap();
    let headers = "v-c-client-correlation-id: 9a341edd-3ceb-4b36-b423-9088e9bad5a0\r\n";
    assert!(
        exchange(&server, &code, &format!("{headers}x-test: yes\r\n")).contains("server_error")
    );
    assert_eq!(server.scenarios().iter().filter(|state| state.matched == 1).count(), 1);
    assert!(exchange(&server, &code, headers).contains("access_token"), "without the header");
    drop(guard);
    assert!(!server.remove_scenario("all"), "it went with its guard");

    server.clear_scenarios();
    assert!(server.scenarios().is_empty());

    let nonsense = Scenario::respond(Outcome::pass()).times(0);
    assert!(server.try_inject(nonsense).is_err());
}

#[test]
fn the_journal_can_be_read_followed_and_verified() {
    let server = MockAuthServer::start();
    let mut follower = server.follow();
    let code = server.issue_code(CLIENT.0, MERCHANT).unwrap();
    let id = "9a341edd-3ceb-4b36-b423-9088e9bad5a0";
    exchange(&server, &code, &format!("v-c-client-correlation-id: {id}\r\n"));
    exchange(&server, "error-access_denied", "");
    assert_eq!(follower.next().unwrap().correlation_id.as_deref(), Some(id));

    let good = Filter::default()
        .endpoint(RecordedEndpoint::Token)
        .client_id(CLIENT.0)
        .merchant_id(MERCHANT)
        .grant_type("authorization_code")
        .correlation_id(id)
        .status(200);
    assert_eq!(server.requests_matching(&good).len(), 1);
    assert!(server.verify(&good, 1).satisfied);

    let failed = Filter::default().error("access_*").scenario("error-access_denied");
    assert!(server.verify(&failed, 1..).satisfied);

    let never = server.verify_timeout(&failed, Times::exactly(2), Duration::from_millis(20));
    assert_eq!((never.satisfied, never.matched), (false, 1));

    server.clear_requests();
    assert!(server.requests().is_empty());
}
