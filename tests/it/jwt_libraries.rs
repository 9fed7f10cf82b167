//! What unmodified JWT libraries say of the tokens, as `docs/fidelity.md` tells their users. `.ci/run`
//! installs them; the test of a language whose libraries are missing is skipped.

use std::path::Path;

use crate::support::tls::run;
use crate::support::tools::{lacks_tools, skip};
use crate::support::{CLIENT, MERCHANT, time};
use smartpay_oauth_mock::MockAuthServer;

const NODE_MODULES: &str = "target/ci-node/node_modules";

/// Returns the keys of a server, and an access token that has expired long ago.
async fn jwks_and_token() -> [String; 2] {
    let server = MockAuthServer::start().await;
    server.clock().freeze_at(time(1_619_518_736_895));
    let token = server.issue_tokens(CLIENT.0, MERCHANT).await.unwrap().access_token;
    let jwks = reqwest::get(server.base_url() + "/.well-known/jwks.json").await.unwrap();
    [jwks.text().await.unwrap(), token]
}

async fn assert_completes(program: &str, arguments: &[&str]) {
    let [jwks, token] = jwks_and_token().await;
    let output = run(program, &[arguments, &[&jwks, &token]].concat()).await;
    assert!(output.exit == 0 && output.text.contains("completed"), "{}", output.text);
}

#[tokio::test]
async fn python_libraries_refuse_iat_or_never_find_the_token_expired() {
    if run("python3", &["-c", "import jwt, cryptography, authlib, jose"]).await.exit != 0 {
        skip("python3 with PyJWT, Authlib and python-jose is not installed");
        return;
    }
    assert_completes("python3", &["tests/it/clients/jwt_libraries.py"]).await;
}

#[tokio::test]
async fn node_libraries_never_find_the_token_expired() {
    if !Path::new(NODE_MODULES).join("jsonwebtoken").exists() {
        skip(&format!("{NODE_MODULES} has no jsonwebtoken"));
        return;
    }
    if lacks_tools(&["node"]) {
        return;
    }
    let script = ["tests/it/clients/jwt_libraries.mjs", NODE_MODULES];
    assert_completes("node", &script).await;
}
