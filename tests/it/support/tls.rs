//! What the tests of HTTPS share: curl and openssl, which know nothing of this server's TLS.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use smartpay_oauth_mock::MockAuthServer;

use crate::support::folder::Folder;

/// Puts a server's CA and a client's certificate into a folder.
pub fn identify(folder: &Folder, server: &MockAuthServer, name: &str) {
    let client = server.client_identity(name).unwrap();
    fs::write(folder.0.join("ca.pem"), &client.ca_pem).unwrap();
    fs::write(folder.0.join("client.pem"), &client.certificate_pem).unwrap();
    fs::write(folder.0.join("client.key"), &client.key_pem).unwrap();
}

/// What a command ended with, and all that it said.
#[derive(Debug)]
pub struct Said {
    pub exit: i32,
    pub text: String,
}

/// Runs a command while the server goes on.
pub async fn run(program: &str, arguments: &[&str]) -> Said {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    let name = program.to_owned();
    let output = tokio::task::spawn_blocking(move || {
        command.output().unwrap_or_else(|error| panic!("{name}: {error}"))
    });
    let output = output.await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    Said {
        exit: output.status.code().unwrap_or(-1),
        text: String::from_utf8_lossy(&text).into_owned(),
    }
}

/// curl, quiet but for errors, with the CA of a folder.
pub async fn curl(folder: &Folder, arguments: &[&str]) -> Said {
    let ca = folder.path("ca.pem");
    let mut all = vec!["-sS", "--max-time", "20", "--cacert", &ca];
    all.extend(arguments);
    run("curl", &all).await
}

/// openssl, which must succeed.
pub async fn openssl(arguments: &[&str]) -> String {
    let said = run("openssl", arguments).await;
    assert_eq!(said.exit, 0, "{arguments:?}: {}", said.text);
    said.text
}

/// A self-signed certificate with its key, by openssl.
pub async fn certificate(folder: &Path, name: &str, key: &[&str], days: &str) -> (String, String) {
    let path = |ending: &str| folder.join(format!("{name}.{ending}")).display().to_string();
    let (certificate, private) = (path("pem"), path("key"));
    let subject = format!("/CN={name}");
    let mut arguments = vec!["req", "-x509", "-nodes", "-subj", &subject, "-days", days];
    arguments.extend(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
    arguments.extend(["-keyout", &private, "-out", &certificate]);
    arguments.extend(key);
    openssl(&arguments).await;
    (certificate, private)
}
