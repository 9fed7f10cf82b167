//! Unmodified OAuth client libraries complete the flow by discovery.

use std::process::Command;

use crate::support::tools::skip;
use crate::support::{CLIENT, browser, claims, server_with};
use oauth2::basic::{BasicClient, BasicErrorResponseType};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest,
    HttpResponse, PkceCodeChallenge, RedirectUrl, RefreshToken, RequestTokenError, Scope,
    TokenResponse, TokenUrl,
};
use serde_json::Value;
use smartpay_oauth_mock::MockAuthServer;

async fn metadata(server: &MockAuthServer) -> Value {
    let url = server.base_url() + "/.well-known/oauth-authorization-server";
    reqwest::get(url).await.unwrap().json().await.unwrap()
}

/// Sends a request of the oauth2 crate.
async fn send(request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let response = reqwest::Client::new()
        .request(request.method().clone(), request.uri().to_string())
        .headers(request.headers().clone())
        .body(request.into_body())
        .send()
        .await?;

    let mut converted = HttpResponse::new(Vec::new());
    *converted.status_mut() = response.status();
    *converted.headers_mut() = response.headers().clone();
    *converted.body_mut() = response.bytes().await?.to_vec();
    Ok(converted)
}

#[tokio::test]
async fn the_metadata_has_each_endpoint_and_the_authentication_methods_of_the_dialect() {
    let server = MockAuthServer::start().await;
    let found = metadata(&server).await;
    let base = server.base_url();

    for (member, path) in [
        ("issuer", ""),
        ("authorization_endpoint", "/oauth2/v3/authorize"),
        ("token_endpoint", "/oauth2/v3/token"),
        ("introspection_endpoint", "/oauth2/v3/introspect"),
        ("revocation_endpoint", "/oauth2/v3/revoke"),
        ("jwks_uri", "/.well-known/jwks.json"),
    ] {
        assert_eq!(found[member], format!("{base}{path}"), "{member}");
    }

    let methods = "token_endpoint_auth_methods_supported";
    assert_eq!(found[methods], serde_json::json!(["client_secret_post"]));

    let rfc = server_with("settings: { dialect: rfc6749 }").await;
    let both = serde_json::json!(["client_secret_post", "client_secret_basic"]);
    assert_eq!(metadata(&rfc).await[methods], both);
}

#[tokio::test]
async fn the_oauth2_crate_completes_the_flow() {
    for (dialect, auth_type) in
        [("documented", AuthType::RequestBody), ("rfc6749", AuthType::BasicAuth)]
    {
        let server =
            server_with(&format!("settings: {{ dialect: {dialect}, consent: allow }}")).await;
        let found = metadata(&server).await;
        let endpoint = |name: &str| found[name].as_str().unwrap().to_owned();
        let client = BasicClient::new(ClientId::new(CLIENT.0.into()))
            .set_client_secret(ClientSecret::new(CLIENT.1.into()))
            .set_auth_type(auth_type)
            .set_auth_uri(AuthUrl::new(endpoint("authorization_endpoint")).unwrap())
            .set_token_uri(TokenUrl::new(endpoint("token_endpoint")).unwrap())
            .set_redirect_uri(RedirectUrl::new("https://www.example.com".into()).unwrap());

        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state) = client
            .authorize_url(CsrfToken::new_random)
            .add_scope(Scope::new("reporting".into()))
            .set_pkce_challenge(challenge)
            .url();

        let redirect = browser().get(url.as_str()).send().await.unwrap();
        let location = redirect.headers()["location"].to_str().unwrap().to_owned();
        let query = location.split_once('?').unwrap().1;
        let parameters: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
        assert_eq!(parameters[1].1, *state.secret());

        let tokens = client
            .exchange_code(AuthorizationCode::new(parameters[0].1.clone()))
            .set_pkce_verifier(verifier)
            .request_async(&send)
            .await
            .unwrap();
        assert_eq!(claims(tokens.access_token().secret())["scopes"][0], "reporting");

        let refreshed = client
            .exchange_refresh_token(tokens.refresh_token().unwrap())
            .request_async(&send)
            .await
            .unwrap();
        assert_eq!(
            refreshed.refresh_token().unwrap().secret(),
            tokens.refresh_token().unwrap().secret()
        );
    }
}

/// The crate knows the codes of RFC 6749 and no others.
#[tokio::test]
async fn the_oauth2_crate_understands_the_errors_of_the_rfc_dialect() {
    use BasicErrorResponseType::{InvalidClient, InvalidGrant, InvalidScope, UnauthorizedClient};

    let server = server_with("settings: { dialect: rfc6749 }").await;
    let token_url = TokenUrl::new(server.token_url()).unwrap();
    for auth_type in [AuthType::RequestBody, AuthType::BasicAuth] {
        for (id, secret, scope, expected) in [
            (CLIENT.0, "wrong", None, InvalidClient),
            ("nobody", "s", None, InvalidClient),
            ("inactive-client", "inactive-client-secret", None, InvalidClient),
            ("public-client", "public-client-secret", None, InvalidClient),
            ("code-only-client", "code-only-client-secret", None, UnauthorizedClient),
            ("8l57hYffFb", "yourClientSecret", None, InvalidGrant),
            ("8l57hYffFb", "yourClientSecret", Some("everything"), InvalidScope),
        ] {
            let client = BasicClient::new(ClientId::new(id.into()))
                .set_client_secret(ClientSecret::new(secret.into()))
                .set_auth_type(auth_type.clone())
                .set_token_uri(token_url.clone());
            let token = RefreshToken::new(if scope.is_some() { "eyJraK" } else { "none" }.into());
            let mut request = client.exchange_refresh_token(&token);
            if let Some(scope) = scope {
                request = request.add_scope(Scope::new(scope.into()));
            }

            match request.request_async(&send).await {
                Err(RequestTokenError::ServerResponse(response)) => {
                    assert_eq!(*response.error(), expected, "{id}");
                }
                other => panic!("{id}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn authlib_completes_the_flow() {
    let has_authlib = Command::new("python3")
        .args(["-c", "import authlib, httpx"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !has_authlib {
        skip("python3 with authlib and httpx is not installed (.ci/run does)");
        return;
    }

    for dialect in ["documented", "rfc6749"] {
        let server =
            server_with(&format!("settings: {{ dialect: {dialect}, consent: allow }}")).await;
        let output = Command::new("python3")
            .args(["tests/it/clients/authlib_flow.py", &server.base_url()])
            .output()
            .unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(stdout.trim(), "completed", "{}", String::from_utf8_lossy(&output.stderr));
    }
}
