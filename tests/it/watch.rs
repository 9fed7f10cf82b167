//! `--watch`: a changed fixture takes effect within a second, a broken one changes nothing and says
//! why, and live grants stay.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::folder::Folder;
use crate::support::program::{Running, run, text};
use crate::support::{code, exchange, form, refresh};
use smartpay_oauth_mock::MockAuthServer;

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

/// The command, whose log says why a broken file is not taken.
#[tokio::test]
async fn a_broken_file_changes_nothing_and_the_log_says_why() {
    let folder = Folder::new("watched-broken");
    folder.write("a.yaml", OTHER);
    let mut running = Running::start(&folder, &["--watch", "--fixtures", &folder.path("a.yaml")]);
    folder.write("a.yaml", "extends: default\nclients: [{ id: other, secrt: s }]");
    let place = format!("{}:2:24: unknown member \"secrt\"", folder.0.join("a.yaml").display());
    running.wait_until("tells of the mistake", |running| running.log().contains(&place));
    let body = "grant_type=authorization_code&client_id=other&client_secret=s&code=x";
    let answer = crate::support::post(&format!("{}/oauth2/v3/token", running.url()), body).await;
    assert_eq!(answer.error(), "invalid_request", "the client is still there");
}

#[test]
fn there_must_be_something_to_watch() {
    let output = run(&["--watch"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--fixtures"));
}
