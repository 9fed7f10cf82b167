//! Helpers of the HTTPS tests: curl and openssl, which share no code with the server.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use smartpay_oauth_mock::MockAuthServer;

use crate::support::folder::Folder;

/// Writes the server's CA and a client certificate into a folder.
pub fn identify(folder: &Folder, server: &MockAuthServer, name: &str) {
    let client = server.client_identity(name).unwrap();
    fs::write(folder.0.join("ca.pem"), &client.ca_pem).unwrap();
    fs::write(folder.0.join("client.pem"), &client.certificate_pem).unwrap();
    fs::write(folder.0.join("client.key"), &client.key_pem).unwrap();
}

/// The exit code of a command, and everything that it printed.
#[derive(Debug)]
pub struct CommandOutput {
    pub exit: i32,
    pub text: String,
}

/// Splits a command line at its spaces.
pub fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// Runs a command without blocking the runtime.
pub async fn run(program: &str, arguments: &[&str]) -> CommandOutput {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    let name = program.to_owned();
    let output = match tokio::task::spawn_blocking(move || command.output()).await.unwrap() {
        Ok(output) => output,
        // As a shell says it.
        Err(error) => return CommandOutput { exit: 127, text: format!("{name}: {error}") },
    };
    let text = [output.stdout, output.stderr].concat();
    CommandOutput {
        exit: output.status.code().unwrap_or(-1),
        text: String::from_utf8_lossy(&text).into_owned(),
    }
}

/// Runs curl with the CA of a folder. It prints errors, but no progress.
pub async fn curl(folder: &Folder, arguments: &[&str]) -> CommandOutput {
    let ca = folder.path("ca.pem");
    let mut all = vec!["-sS", "--max-time", "20", "--cacert", &ca];
    all.extend(arguments);
    run("curl", &all).await
}

/// Runs curl for a path of a host that resolves to this machine.
pub async fn curl_host(
    folder: &Folder,
    host: &str,
    port: u16,
    path: &str,
    arguments: &[&str],
) -> CommandOutput {
    let resolve = format!("{host}:{port}:127.0.0.1");
    let url = format!("https://{host}:{port}{path}");
    curl(folder, &[&["--resolve", &resolve, &url], arguments].concat()).await
}

/// Runs openssl and returns what it prints. Panics if it fails.
pub async fn openssl(arguments: &[&str]) -> String {
    let output = run("openssl", arguments).await;
    assert_eq!(output.exit, 0, "{arguments:?}: {}", output.text);
    output.text
}

/// Makes a self-signed certificate and its key by openssl. Returns their paths.
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
