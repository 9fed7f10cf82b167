//! The vendor's published SDKs over mutual TLS: a code, a refresh token, each error of their model, the
//! correlation id, and a payment with the access token. `.ci/run` installs them in `target/sdk`; the
//! test of an SDK that is missing is skipped.

use std::path::Path;

use crate::support::folder::Folder;
use crate::support::tls::{identify, run};
use crate::support::tools::skip;
use crate::support::{CLIENT, MERCHANT};
use smartpay_oauth_mock::{ClientAuth, Filter, MockAuthServer};

/// Runs the script for an SDK against a server that requires client certificates.
async fn run_flow(language: &str, version: &str) {
    let sdk = format!("target/sdk/{language}-{version}");
    if !Path::new(&sdk).exists() {
        skip(&format!("{sdk} is not there; .ci/run installs the SDKs"));
        return;
    }
    let (program, script) = match language {
        "node" => ("node".to_owned(), vec!["tests/it/sdk/flow.js", &sdk]),
        _ => (format!("{sdk}/bin/python"), vec!["tests/it/sdk/flow.py"]),
    };
    if std::process::Command::new(&program).arg("--version").output().is_err() {
        skip(&format!("there is no {program}"));
        return;
    }

    let builder = MockAuthServer::builder().tls().client_auth(ClientAuth::Required);
    let server = builder.start().await.unwrap();
    let folder = Folder::new(&format!("sdk-{language}-{version}"));
    identify(&folder, &server, "acme-partner");

    // The client has the common name of the SDK's certificate.
    let updated = server.update_client(CLIENT.0, |client| {
        client.certificate_cn = Some("acme-partner".to_owned());
    });
    assert!(updated.await.unwrap());

    let code = server.issue_code(CLIENT.0, MERCHANT).await.unwrap();
    let host = format!("localhost:{}", server.address().port());
    let certs = folder.0.display().to_string();
    let output = run(&program, &[&script[..], &[&host, &certs, &code]].concat()).await;
    assert!(output.exit == 0 && output.text.contains("ok: "), "{}", output.text);

    let paid = Filter::new().status(201).client_id(CLIENT.0);
    assert!(server.verify(&paid, 1).await.satisfied);

    let all = server.requests().await;
    assert!(all.iter().all(|one| one.certificate.as_deref() == Some("acme-partner")));
    assert_eq!(all.len(), 2 + 1 + 11);

    // The SDKs do nothing wrong by themselves. Their caller sets the correlation ID: the script for Node
    // only once, the one for Python always the same.
    let expected = if language == "node" { "no-correlation-id" } else { "correlation-id-reused" };
    let report = server.report().await;
    let rules: Vec<&str> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(rules, [expected]);
}

#[tokio::test]
async fn node_the_release_that_works_unchanged() {
    run_flow("node", "0.0.74").await;
}

#[tokio::test]
async fn node_the_newest_release() {
    run_flow("node", "0.0.83").await;
}

#[tokio::test]
async fn python_the_release_that_works_unchanged() {
    run_flow("python", "0.0.48").await;
}

#[tokio::test]
async fn python_the_newest_release() {
    run_flow("python", "0.0.80").await;
}
