//! Every file under `fixtures/` loads, matches the published schema, and does what its first line
//! says.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::support::{
    claims, code, exchange, exchange_form, form_post, gets_response, page, post_sample, refresh,
};
use smartpay_oauth_mock::{MockAuthServer, fixture};

fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(path.to_str().unwrap()));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

async fn start(file: impl AsRef<Path>) -> MockAuthServer {
    let builder = MockAuthServer::builder().fixtures_file(file);
    builder.unwrap_or_else(|errors| panic!("{errors}")).start().await.unwrap()
}

#[test]
fn every_file_matches_the_published_schema() {
    let schema = fixture::schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let all = files("fixtures");
    assert!(all.len() > 15, "{all:?}");
    for file in all {
        let text = fs::read_to_string(&file).unwrap();
        let value: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
    }

    for invalid in [
        r#"{"colour":1}"#,
        r#"{"settings":{"access_token_lifetime":"soon"}}"#,
        r#"{"clients":[{"id":"a","secrt":"b"}]}"#,
        r#"{"scenarios":[{"respond":{"eror":"x"}}]}"#,
    ] {
        assert!(!validator.is_valid(&serde_json::from_str(invalid).unwrap()), "{invalid}");
    }
}

#[tokio::test]
async fn the_whole_folder_loads() {
    let server = start("fixtures").await;
    post_sample(&server).await.ok();
}

/// Exercises each file under `scenarios/`. A new file needs a case of its own here.
#[tokio::test]
async fn every_scenario_does_what_it_says() {
    for file in files("fixtures/scenarios") {
        let server = start(&file).await;
        let once = async || exchange(&server, &code(&server).await).await;
        match file.file_stem().unwrap().to_str().unwrap() {
            "flaky" => {
                for expected in [500, 200, 500, 200] {
                    assert_eq!(once().await.status, expected);
                }
            }
            "recovers" => {
                assert_eq!(once().await.status, 500);
                let second = once().await;
                assert_eq!((second.status, second.header("retry-after")), (503, "1"));
                assert_eq!(once().await.status, 500);
                once().await.ok();
                once().await.ok();
            }
            "slow" => {
                let start = Instant::now();
                once().await.ok();
                assert!(start.elapsed() >= Duration::from_secs(2));
            }
            "refresh-denied" => {
                let token = once().await.ok().member("refresh_token");
                let denied = refresh(&server, &token).await;
                assert_eq!((denied.status, denied.error().as_str()), (403, "access_denied"));
                assert_eq!(denied.description(), "The merchant revoked the permissions.");
            }
            "always-500" => {
                let response = exchange(&server, "unknown").await;
                assert_eq!((response.status, response.error().as_str()), (500, "invalid_request"));
            }
            "expired-tokens" => {
                let response = once().await.ok();
                let claims = claims(&response.member("access_token"));
                let life = claims["expires_in"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
                assert_eq!((life, &response.json()["expires_in"]), (1000, &0.into()));
            }
            "rate-limited" => {
                for _ in 0..10 {
                    once().await.ok();
                }
                let limited = once().await;
                assert_eq!(limited.status, 429);
                assert!((1..=60).contains(&limited.header("retry-after").parse::<i32>().unwrap()));
            }
            "connection-faults" => {
                for _ in 0..4 {
                    let request = form_post(server.token_url()).body(page::REQUEST);
                    assert!(!gets_response(request).await);
                }
                once().await.ok();
            }
            "lost-response" => {
                let code = code(&server).await;
                let request = form_post(server.token_url()).body(exchange_form(&code));
                assert!(!gets_response(request).await);
                assert!(exchange(&server, &code).await.description().contains("already used"));
                once().await.ok();
            }
            "rotation" => {
                let first = once().await.ok().member("refresh_token");
                let second = refresh(&server, &first).await.ok().member("refresh_token");
                assert_eq!(refresh(&server, &first).await.error(), "access_denied");
                assert_eq!(refresh(&server, &second).await.error(), "access_denied");
            }
            "wrong-tokens" => {
                for _ in 0..5 {
                    let token = once().await.ok().member("access_token");
                    let request =
                        reqwest::Client::new().post(server.base_url() + "/pts/v2/payments");
                    let status = request.bearer_auth(token).send().await.unwrap().status();
                    assert_eq!(status.as_u16(), 401);
                }
            }
            other => panic!("no test exercises fixtures/scenarios/{other}.yaml"),
        }
    }
}

/// `error_codes.rs` exercises `fixtures/errors/`. This test shows that no file is missing.
#[test]
fn there_is_a_file_for_each_error_code() {
    let names: Vec<String> = files("fixtures/errors")
        .iter()
        .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let mut codes: Vec<String> =
        smartpay_oauth_mock::ErrorCode::DOCUMENTED.iter().map(ToString::to_string).collect();
    codes.sort();
    assert_eq!(names, codes);
}

#[test]
fn a_hundred_thousand_clients_load() {
    let clients: String =
        (0..100_000).map(|i| format!("  - {{ id: client-{i}, secret: secret-{i} }}\n")).collect();
    let source = fixture::Source::new("many.yaml", format!("clients:\n{clients}"));
    let fixtures = fixture::load_sources(&[source]).unwrap();
    assert_eq!(fixtures.clients.len(), 100_000);
}
