//! The sample of the vendor's documentation: its request as it is printed, and its tokens byte for byte.

use crate::journal::sha256;
use crate::support::tools::skip;
use crate::support::{CLIENT, MERCHANT, claims, exchange_new_code, page, post, time};
use smartpay_oauth_mock::{MockAuthServer, SigningKey};

#[tokio::test]
async fn the_sample_request_gets_the_documented_response() {
    let server = MockAuthServer::start().await;
    for path in ["/oauth2/v3/token", "/oauth/v3/token"] {
        let response = post(&(server.base_url() + path), page::REQUEST).await.ok();
        assert_eq!(response.header("content-type"), "application/json;charset=UTF-8");
        assert_eq!(response.header("cache-control"), "no-store");
        assert_eq!(response.header("pragma"), "no-cache");

        let json = response.json();
        let members: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(
            members,
            [
                "access_token",
                "token_type",
                "refresh_token",
                "expires_in",
                "scope",
                "refresh_token_expires_in",
                "client_status",
            ]
        );

        assert_eq!(json["token_type"], "bearer");
        assert_eq!(json["expires_in"], 899);
        assert_eq!(json["scope"], "transactions");
        assert_eq!(json["refresh_token_expires_in"], 31_535_999);
        assert_eq!(json["client_status"], "active");
    }
}

/// Starts a server with the time, the key id and the token ids of the sample.
async fn frozen(at_ms: u64) -> MockAuthServer {
    let key = SigningKey::development().with_kid("10c6161786316ec30bcfb9d72de831c9");
    let server = MockAuthServer::builder().signing_key(key).start().await.unwrap();
    server.clock().freeze_at(time(at_ms));
    server
        .set_next_token_ids(&[
            "f106b55c-4205-4cd7-9937-8337a7c6ffac",
            "9a341edd-3ceb-4b36-b423-9088e9bad5a0",
        ])
        .unwrap();
    server
}

fn unsigned(token: &str) -> &str {
    token.rsplit_once('.').expect("three segments").0
}

#[tokio::test]
async fn the_access_token_is_that_of_the_sample() {
    let server = frozen(1_619_518_736_895).await;
    let response = exchange_new_code(&server).await;
    assert_eq!(unsigned(&response.member("access_token")), page::ACCESS_TOKEN);
}

#[tokio::test]
async fn the_refresh_token_is_that_of_the_sample() {
    // The sample's refresh token was signed six milliseconds earlier.
    let server = frozen(1_619_518_736_889).await;
    let response = exchange_new_code(&server).await;
    assert_eq!(unsigned(&response.member("refresh_token")), page::REFRESH_TOKEN);
}

#[tokio::test]
async fn the_key_id_is_derived_from_the_key_and_every_jti_is_new() {
    let server = MockAuthServer::start().await;
    let first = exchange_new_code(&server).await;
    let second = exchange_new_code(&server).await;
    let jti = |token: &str| claims(token)["jti"].as_str().unwrap().to_owned();
    let mut ids: Vec<String> = [&first, &second]
        .iter()
        .flat_map(|response| [response.member("access_token"), response.member("refresh_token")])
        .map(|token| jti(&token))
        .collect();
    assert!(ids.iter().all(|id| id.len() == 36));

    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);

    let jwks: serde_json::Value = reqwest::get(server.base_url() + "/.well-known/jwks.json")
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let jwk = &jwks["keys"][0];
    let kid = jwk["kid"].as_str().unwrap();
    assert_eq!(kid, SigningKey::development().kid());
    assert!(kid.len() == 32 && kid.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));

    // The thumbprint of RFC 7638 begins with it.
    let members = format!(r#"{{"e":{},"kty":{},"n":{}}}"#, jwk["e"], jwk["kty"], jwk["n"]);
    assert!(kid.starts_with(&sha256(&members)), "{kid}");
}

/// PyJWT, which shares no code with this project, verifies both tokens by the published key.
#[tokio::test]
async fn an_independent_library_verifies_the_signatures() {
    const SCRIPT: &str = r"
import json, sys, jwt
jwks, token, merchant = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]
key = jwt.PyJWK(jwks['keys'][0])
assert jwt.get_unverified_header(token) == {'kid': jwks['keys'][0]['kid'], 'alg': 'RS256'}
# iat is in milliseconds (as in the page's sample), which PyJWT would take for the far future.
claims = jwt.decode(token, key.key, algorithms=['RS256'], options={'verify_iat': False})
assert claims['merchant_id'] == merchant, claims
try:
    jwt.decode(token[:-8] + 'AAAAAAAA', key.key, algorithms=['RS256'])
except jwt.InvalidSignatureError:
    print('verified')
";
    let has_pyjwt = std::process::Command::new("python3")
        .args(["-c", "import jwt, cryptography"])
        .output()
        .is_ok_and(|output| output.status.success());

    if !has_pyjwt {
        skip("python3 with PyJWT and cryptography is not installed (.ci/run does)");
        return;
    }

    let server = MockAuthServer::start().await;
    let response = exchange_new_code(&server).await;
    let jwks = reqwest::get(server.base_url() + "/.well-known/jwks.json").await.unwrap();
    let jwks = jwks.text().await.unwrap();

    for name in ["access_token", "refresh_token"] {
        let output = std::process::Command::new("python3")
            .args(["-c", SCRIPT, &jwks, &response.member(name), MERCHANT])
            .output()
            .unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(stdout.trim(), "verified", "{}", String::from_utf8_lossy(&output.stderr));
    }

    assert_eq!(claims(&response.member("access_token"))["client_id"], CLIENT.0);
}
