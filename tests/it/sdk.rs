//! The vendor's published SDKs over mutual TLS: a code, a refresh token, each error of their model, the
//! correlation id, and a payment with the access token. `.ci/run` installs them in `target/sdk`; the
//! test of an SDK that is missing is skipped.

use std::path::Path;

use crate::support::folder::Folder;
use crate::support::tls::{identify, run};
use crate::support::{CLIENT, MERCHANT};
use smartpay_oauth_mock::{ClientAuth, Filter, MockAuthServer};

/// Runs a script of `tests/sdk` against a server that requires client certificates.
async fn run_flow(name: &str, program: &str, script: &str, before: &[&str]) {
    if !Path::new(program).exists() && program.starts_with("target") {
        println!("skipped: {program} is not there; .ci/run installs the SDKs");
        return;
    }
    if program == "node" && std::process::Command::new("node").arg("--version").output().is_err() {
        println!("skipped: there is no node");
        return;
    }

    let missing = before.first().is_some_and(|modules| !Path::new(modules).exists());

    if missing {
        println!("skipped: {before:?} is not there; .ci/run installs the SDKs");
        return;
    }

    let builder = MockAuthServer::builder().tls().client_auth(ClientAuth::Required);
    let server = builder.start().await.unwrap();
    let folder = Folder::new(name);
    identify(&folder, &server, "acme-partner");

    // The client has the common name of the SDK's certificate.
    let updated = server.update_client(CLIENT.0, |client| {
        client.certificate_cn = Some("acme-partner".to_owned());
    });
    assert!(updated.await.unwrap());

    let code = server.issue_code(CLIENT.0, MERCHANT).await.unwrap();
    let host = format!("localhost:{}", server.address().port());
    let certs = folder.0.display().to_string();
    let mut arguments = vec![script];
    arguments.extend(before);
    arguments.extend([host.as_str(), &certs, &code]);
    let output = run(program, &arguments).await;
    assert!(output.exit == 0 && output.text.contains("ok: "), "{}", output.text);

    let paid = Filter::new().status(201).client_id(CLIENT.0);
    assert!(server.verify(&paid, 1).await.satisfied);

    let all = server.requests().await;
    assert!(all.iter().all(|one| one.certificate.as_deref() == Some("acme-partner")));
    assert_eq!(all.len(), 2 + 1 + 11);
}

#[tokio::test]
async fn node_the_release_that_works_unchanged() {
    run_flow("sdk-node-works", "node", "tests/it/sdk/flow.js", &["target/sdk/node-0.0.74"]).await;
}

#[tokio::test]
async fn node_the_newest_release() {
    run_flow("sdk-node-newest", "node", "tests/it/sdk/flow.js", &["target/sdk/node-0.0.83"]).await;
}

#[tokio::test]
async fn python_the_release_that_works_unchanged() {
    run_flow(
        "sdk-python-works",
        "target/sdk/python-0.0.48/bin/python",
        "tests/it/sdk/flow.py",
        &[],
    )
    .await;
}

#[tokio::test]
async fn python_the_newest_release() {
    run_flow(
        "sdk-python-newest",
        "target/sdk/python-0.0.80/bin/python",
        "tests/it/sdk/flow.py",
        &[],
    )
    .await;
}
