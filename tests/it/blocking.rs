//! The blocking API: the same server in tests without async.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use crate::support::raw_client::{body_of, form_request, send_and_read_all};
use crate::support::{CLIENT, MERCHANT, claims, exchange_form};
use smartpay_oauth_mock::blocking::MockAuthServer;
use smartpay_oauth_mock::fixture::{AccountStatus, Client, Merchant, TlsFaults};
use smartpay_oauth_mock::{
    CodeRequest, Endpoint, ErrorCode, Filter, Outcome, RecordedEndpoint, Scenario, Times,
    TokensRequest, When,
};

/// Posts a form and returns the body of the response.
fn post_form(server: &MockAuthServer, path: &str, headers: &str, form: &str) -> String {
    let request = form_request(path, &format!("Connection: close\r\n{headers}"), form);
    body_of(&send_and_read_all(server.address(), request)).to_owned()
}

fn exchange(server: &MockAuthServer, code: &str, headers: &str) -> String {
    post_form(server, "/oauth2/v3/token", headers, &(exchange_form(code) + "&state=s"))
}

#[test]
fn grants_are_issued_revoked_and_reset() {
    let server = MockAuthServer::start();
    let request = CodeRequest::new(CLIENT.0, MERCHANT).scopes(["reporting"]).code("mine");
    assert_eq!(server.issue_code_with(request.clone()).unwrap(), "mine");
    assert!(server.issue_code_with(request).is_err(), "it is taken");
    assert!(exchange(&server, "mine", "").contains("access_token"));

    let tokens = server.issue_tokens(CLIENT.0, MERCHANT).unwrap();
    let request = TokensRequest::new(CLIENT.0, MERCHANT).scopes(["reporting"]);
    let few = server.issue_tokens_with(request).unwrap();
    assert!(server.inspect(&tokens.access_token).valid && server.inspect(&few.access_token).valid);

    let debug = format!("{tokens:?}");
    assert!(debug.contains("expires_in: 899") && !debug.contains(&tokens.access_token), "{debug}");

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
    let blue = server.new_realm("blue").host("blue.test").create().unwrap();
    assert_eq!(server.realms().len(), 2);
    assert_eq!(server.realm("blue").unwrap().name(), "blue");

    let code = blue.issue_code(CLIENT.0, MERCHANT).unwrap();
    let form = exchange_form(&code);
    let response = post_form(&server, "/realms/blue/oauth2/v3/token", "", &form);
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
    let when = When::new()
        .endpoint(Endpoint::Token)
        .client_id("v6TJ*")
        .merchant_id(MERCHANT)
        .grant_type("authorization_code")
        .code(&code)
        .correlation_id("9a341edd-*")
        .header("x-test", "yes")
        .param("state", "s");
    let never = when.clone().refresh_token("*");
    let _never = server.inject(Scenario::respond(Outcome::error("never")).when(never)).expect(0);
    let scenario = Scenario::respond(Outcome::error(ErrorCode::ServerError)).when(when).name("all");
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

    let good = Filter::new()
        .endpoint(RecordedEndpoint::Token)
        .client_id(CLIENT.0)
        .merchant_id(MERCHANT)
        .grant_type("authorization_code")
        .correlation_id(id)
        .status(200);
    assert_eq!(server.requests_matching(&good).len(), 1);
    assert!(server.verify(&good, 1).satisfied);

    let failed = Filter::new().error("access_*").scenario("error-access_denied");
    assert!(server.verify(&failed, 1..).satisfied);

    let never = server.verify_timeout(&failed, Times::exactly(2), Duration::from_millis(20));
    assert_eq!((never.satisfied, never.matched), (false, 1));

    server.clear_requests();
    assert!(server.requests().is_empty());
}

/// Returns the names of a type's public methods in the files of a folder.
fn methods(type_name: &str, folder: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();

    for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }

        let mut in_impl = false;
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            if line.starts_with("impl") {
                // `impl Type {` or `impl Type<'_> {`, but not `impl Trait for Type {`.
                let header = line.trim_end_matches(" {").rsplit(' ').next().unwrap();
                let name = header.split('<').next().unwrap();
                in_impl = name == type_name && !line.contains(" for ");
            }
            let signature = line.strip_prefix("    pub ").filter(|_| in_impl);
            let signature = signature.map(|rest| rest.strip_prefix("async ").unwrap_or(rest));
            if let Some(rest) = signature.and_then(|rest| rest.strip_prefix("fn ")) {
                names.insert(rest.split(['(', '<']).next().unwrap().to_owned());
            }
        }
    }

    assert!(!names.is_empty(), "{type_name} has no methods in {folder}");
    names
}

#[test]
fn every_method_has_a_blocking_twin() {
    let [originals, versions] = ["src/server", "src/server/blocking"];
    for type_name in ["MockAuthServer", "RealmHandle", "RealmBuilder"] {
        assert_eq!(methods(type_name, originals), methods(type_name, versions), "{type_name}");
    }

    // A builder has both ways to start; the version of a follower is an iterator.
    assert!(methods("Builder", originals).contains("start"));
    assert_eq!(methods("Builder", versions), BTreeSet::from(["start_blocking".to_owned()]));
    assert_eq!(methods("Follower", originals), BTreeSet::from(["next".to_owned()]));
}

/// What the other tests of this file do not call.
#[test]
fn urls_certificates_and_faults_are_the_same_as_without_blocking() {
    let server = MockAuthServer::builder().tls().start_blocking().unwrap();
    let base = server.https_url().unwrap();
    assert!(server.http_url().unwrap().starts_with("http://127.0.0.1:"));
    assert_eq!(base, format!("https://{}", server.address()));
    assert_eq!((server.name(), server.base_url()), ("default", base.clone()));
    assert_eq!(server.token_url(), format!("{base}/oauth2/v3/token"));
    assert_eq!(server.authorize_url(), format!("{base}/ebc2/oauth/authorize"));
    assert_eq!(server.default_realm().base_url(), base);

    assert!(server.ca_pem().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    assert!(server.client_identity("my-company").is_ok());
    server.set_tls_faults(TlsFaults::default());

    let jti = "f106b55c-4205-4cd7-9937-8337a7c6ffac";
    server.set_next_token_ids(&[jti]).unwrap();
    let refresh_token = server.issue_tokens(CLIENT.0, MERCHANT).unwrap().refresh_token;
    assert_eq!(claims(&refresh_token)["jti"], jti);
    let error = server.set_next_token_ids(&["nonsense"]).unwrap_err();
    assert_eq!(error.to_string(), "\"nonsense\" is not a UUID");

    let request = axum::http::Request::get("/oauth2/v3/token").body(String::new()).unwrap();
    assert_eq!(server.handle(request).status(), 405);

    let green = server.new_realm("green").own_port();
    let green = green.fixtures("clients: [{ id: only, secret: s }]").unwrap().create().unwrap();
    assert_eq!(green.fixtures().clients.len(), 1);
    assert!(server.new_realm("red").fixtures_file("/nonexistent").is_err());
    assert!(server.new_realm("red").fixtures_files(&["/nonexistent"]).is_err());
}
