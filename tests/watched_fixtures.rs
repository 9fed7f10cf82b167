//! `--watch`: a changed fixture takes effect within a second, a broken one changes nothing and says
//! why, and live grants stay.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use smartpay_oauth_mock::MockAuthServer;
use support::{code, exchange, form, refresh};

/// A folder of its own, gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// Puts a file in an old one's place, as editors do.
    fn write(&self, name: &str, text: &str) {
        let unfinished = self.0.join(format!(".{name}.unfinished"));
        fs::write(&unfinished, text).unwrap();
        fs::rename(unfinished, self.0.join(name)).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const OTHER: &str = "extends: default\nclients: [{ id: other, secret: s }]";

/// The error that the client `other` gets, once it is this one.
async fn becomes(server: &MockAuthServer, error: &str) {
    let start = Instant::now();
    loop {
        let parameters = [
            ("grant_type", "authorization_code"),
            ("client_id", "other"),
            ("client_secret", "s"),
            ("code", "x"),
        ];
        let got = form(server, &parameters).await.error();
        if got == error {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{got} is not {error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn watching(folder: &Path) -> MockAuthServer {
    let builder = MockAuthServer::builder().watched_fixtures_files(&[folder]);
    builder.unwrap_or_else(|mistakes| panic!("{mistakes}")).start().await.unwrap()
}

#[tokio::test]
async fn a_changed_file_takes_effect_and_live_grants_stay() {
    let folder = Folder::new("watched-changes");
    folder.write("a.yaml", "extends: default");
    let server = watching(&folder.0).await;
    let token = exchange(&server, &code(&server).await).await.ok().member("refresh_token");
    becomes(&server, "client_not_found").await;
    folder.write("a.yaml", OTHER);
    becomes(&server, "invalid_request").await;
    refresh(&server, &token).await.ok();
    // A new file counts, and so does one that goes.
    folder.write("b.yaml", "clients: [{ id: other, status: inactive }]");
    becomes(&server, "client_not_active").await;
    fs::remove_file(folder.0.join("b.yaml")).unwrap();
    becomes(&server, "invalid_request").await;
    // Realms that started from the same set follow; a reset goes back to the file as it is now.
    let blue = server.new_realm("blue").create().unwrap();
    folder.write("a.yaml", &OTHER.replace("secret: s", "secret: s, status: inactive"));
    becomes(&server, "client_not_active").await;
    assert_eq!(blue.fixtures().clients, server.fixtures().clients);
    server.reset().await;
    becomes(&server, "client_not_active").await;
}

#[tokio::test]
async fn a_realm_with_fixtures_of_its_own_keeps_them() {
    let folder = Folder::new("watched-realms");
    folder.write("a.yaml", "extends: default");
    let server = watching(&folder.0).await;
    let own = "clients: [{ id: own, secret: s }]";
    let own = server.new_realm("own").fixtures(own).unwrap().create().unwrap();
    folder.write("a.yaml", OTHER);
    becomes(&server, "invalid_request").await;
    assert_eq!(own.fixtures().clients.len(), 1);
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The command, whose log says why a broken file is not taken.
#[tokio::test]
async fn a_broken_file_changes_nothing_and_the_log_says_why() {
    let folder = Folder::new("watched-broken");
    folder.write("a.yaml", OTHER);
    let (ready, log) = (folder.0.join("ready"), folder.0.join("log"));
    let _running = Running(
        Command::new(env!("CARGO_BIN_EXE_smartpay-oauth-mock"))
            .args(["--listen", "127.0.0.1:0", "--watch", "--fixtures"])
            .arg(&folder.0)
            .arg("--ready-file")
            .arg(&ready)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap(),
    );
    let start = Instant::now();
    let url = loop {
        if let Ok(text) = fs::read_to_string(&ready) {
            let ready: Value = serde_json::from_str(&text).unwrap();
            break ready["http"].as_str().unwrap().to_owned();
        }
        assert!(start.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    folder.write("a.yaml", "extends: default\nclients: [{ id: other, secrt: s }]");
    let place = format!("{}:2:24: unknown member \"secrt\"", folder.0.join("a.yaml").display());
    loop {
        let text = fs::read_to_string(&log).unwrap();
        if text.contains(&place) {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{text}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let body = "grant_type=authorization_code&client_id=other&client_secret=s&code=x";
    let answer = support::post(&format!("{url}/oauth2/v3/token"), body).await;
    assert_eq!(answer.error(), "invalid_request", "the client is still there");
}

#[test]
fn there_must_be_something_to_watch() {
    let output = Command::new(env!("CARGO_BIN_EXE_smartpay-oauth-mock"))
        .arg("--watch")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--fixtures"));
}
