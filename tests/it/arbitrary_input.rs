//! Arbitrary input gets a documented error, and no secret in it appears in responses, logs or `Debug`
//! output.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};

use crate::support::{HttpResponse, fetch, form_post};
use proptest::prelude::*;
use smartpay_oauth_mock::{ErrorCode, MockAuthServer};
use tracing_subscriber::fmt::MakeWriter;

/// Everything that the servers of this process log, at the level `trace`.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .init();
    log
});

/// Takes what has been logged since the last call.
fn take_log() -> String {
    String::from_utf8_lossy(&std::mem::take(&mut *LOG.0.lock().unwrap())).into_owned()
}

fn runtime() -> tokio::runtime::Runtime {
    LazyLock::force(&LOG);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

async fn send(
    server: &MockAuthServer,
    query: &str,
    headers: &[(&str, &[u8])],
    body: Vec<u8>,
) -> HttpResponse {
    let mut request = form_post(format!("{}{query}", server.token_url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    fetch(request.body(body)).await
}

fn assert_documented(response: &HttpResponse) {
    let code = ErrorCode::from(response.error().as_str());
    assert!(ErrorCode::DOCUMENTED.contains(&code), "{}", response.text);
    assert_eq!(response.header("content-type"), "application/json;charset=UTF-8");

    // RFC 6749, section 5.2.
    let is_allowed = |c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
    assert!(response.description().chars().all(is_allowed), "{}", response.text);
}

/// Generates bytes that sometimes look like a form.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"&".to_vec()),
        Just(b"=".to_vec()),
        Just(b"%".to_vec()),
        Just(b"+".to_vec()),
        Just(b"client_id=8l57hYffFb&client_secret=yourClientSecret".to_vec()),
        Just(b"grant_type=authorization_code".to_vec()),
        Just(b"grant_type=refresh_token".to_vec()),
        Just(b"code=".to_vec()),
        Just(b"scope=".to_vec()),
        Just(b"eyJhbGciOiJSUzI1NiJ9.e30.AA".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..20),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// A secret that is too long to be part of a message by chance.
const SECRET: &str = "[A-Za-z0-9]{16,40}";

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_body_gets_a_documented_error(body in body()) {
        runtime().block_on(async {
            let server = MockAuthServer::start().await;
            assert_documented(&send(&server, "", &[], body).await);
        });
    }

    #[test]
    fn any_query_gets_a_documented_error(query in "[!$-;=?-Z_a-z~]{1,60}") {
        runtime().block_on(async {
            let server = MockAuthServer::start().await;
            let response = send(&server, &format!("?{query}"), &[], Vec::new()).await;
            assert_documented(&response);
        });
    }

    #[test]
    fn any_header_value_gets_a_documented_error(
        value in proptest::collection::vec(prop_oneof![32_u8..127, 128_u8..=255], 0..60)
    ) {
        runtime().block_on(async {
            let server = MockAuthServer::start().await;
            for name in ["authorization", "v-c-client-correlation-id", "cookie", "accept"] {
                assert_documented(&send(&server, "", &[(name, &value)], Vec::new()).await);
            }
        });
    }

    /// The same value is sent as a secret, a code, a token, an unknown parameter, the name of a
    /// parameter, in the URL and in a header.
    #[test]
    fn no_response_repeats_a_secret(secret in SECRET, code in SECRET, token in SECRET) {
        runtime().block_on(async {
            let server = MockAuthServer::start().await;
            let good = "client_id=8l57hYffFb&client_secret=yourClientSecret";
            let bodies = [
                format!("client_id=8l57hYffFb&client_secret={secret}&grant_type=authorization_code&code={code}"),
                format!("client_id={secret}&client_secret={secret}&grant_type=authorization_code&code={code}"),
                format!("client_id={secret}!&client_secret={secret}&grant_type=authorization_code&code={code}"),
                format!("{good}&grant_type=authorization_code&code={code}"),
                format!("{good}&grant_type=refresh_token&refresh_token={token}"),
                format!("{good}&grant_type=refresh_token&refresh_token={token}&code={code}"),
                format!("{good}&grant_type={secret}&refresh_token={token}"),
                format!("{good}&grant_type=authorization_code&code=eyJraK&scope={secret}"),
                format!("{good}&grant_type=authorization_code&code=eyJraK&redirect_uri={secret}"),
                format!("{secret}={code}&{secret}={token}"),
                format!("{secret}=%zz{code}"),
                format!("{secret}%zz=1"),
            ];
            let issued = server.issue_code("8l57hYffFb", "rahulrama").await.unwrap();
            let header = format!("Basic {secret}");
            let mut output = String::new();
            for body in bodies {
                let response = send(&server, "", &[("authorization", header.as_bytes())], body.into()).await;
                assert_documented(&response);
                output += &response.text;
            }
            for query in [format!("?{secret}"), format!("?code={code}"), format!("?{secret}={token}")] {
                output += &send(&server, &query, &[], Vec::new()).await.text;
            }
            let body = format!("{good}&grant_type=authorization_code&code={issued}");
            let granted = send(&server, "", &[], body.into()).await.ok();
            let log = take_log();
            assert!(log.contains("client_secret is wrong"), "not logged: {log}");
            output += &log;
            output += &format!("{server:?}");
            for hidden in [
                secret.as_str(),
                &code,
                &token,
                &issued,
                "yourClientSecret",
                &granted.member("access_token"),
                &granted.member("refresh_token"),
            ] {
                assert!(!output.contains(hidden), "{hidden} is in {output}");
            }
        });
    }

    /// The journal keeps parameters, but no secrets, codes and tokens, and no name that could be one.
    #[test]
    fn no_secret_is_in_the_journal(secret in SECRET, code in SECRET, token in SECRET) {
        runtime().block_on(async {
            let server = MockAuthServer::start().await;
            let bodies = [
                format!("client_id=8l57hYffFb&client_secret={secret}&grant_type=authorization_code&code={code}"),
                format!("client_id=8l57hYffFb&client_secert={secret}&grant_type=refresh_token&refresh_token={token}"),
                format!("code_verifier={secret}&token={token}&access_token={code}"),
                format!("{secret}={code}&{secret}={token}"),
                format!("{secret}=%zz{code}"),
                secret.clone(),
            ];
            for body in bodies {
                for query in [String::new(), format!("?{secret}"), format!("?code={code}&{secret}={token}")] {
                    let header = format!("Basic {secret}");
                    send(&server, &query, &[("authorization", header.as_bytes())], body.clone().into()).await;
                }
            }
            let url = format!("{}/pts/v2/payments?access_token={token}", server.base_url());
            reqwest::Client::new().post(url).bearer_auth(&code).send().await.unwrap();
            let url = format!("{}/_mock/requests", server.base_url());
            let journal = reqwest::get(url).await.unwrap().text().await.unwrap();
            assert_eq!(journal.matches("duration_us").count(), 19);
            for hidden in [&secret, &code, &token] {
                assert!(!journal.contains(hidden), "{hidden} is in {journal}");
            }
        });
    }
}
