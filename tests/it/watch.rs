//! `--watch`: changed fixtures take effect within a second and grants are kept; invalid fixtures
//! change nothing, and the log says why.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::folder::Folder;
use crate::support::program::{Running, run, text};
use crate::support::{exchange_new_code, post, refresh};
use smartpay_oauth_mock::MockAuthServer;

const OTHER: &str = "extends: default\nclients: [{ id: other, secret: s }]";

/// A request of the client `other`.
const OTHER_FORM: &str = "grant_type=authorization_code&client_id=other&client_secret=s&code=x";

/// Waits until the client `other` gets this error.
async fn wait_for_error(server: &MockAuthServer, error: &str) {
    let start = Instant::now();
    loop {
        let found = post(&server.token_url(), OTHER_FORM).await.error();
        if found == error {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "expected {error}, found {found}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn start_watching(folder: &Path) -> MockAuthServer {
    let builder = MockAuthServer::builder().watched_fixtures_files(&[folder]);
    builder.unwrap_or_else(|errors| panic!("{errors}")).start().await.unwrap()
}

#[tokio::test]
async fn a_changed_file_takes_effect_and_grants_are_kept() {
    let folder = Folder::new("watched-changes");
    folder.write("a.yaml", "extends: default");
    let server = start_watching(&folder.0).await;
    let token = exchange_new_code(&server).await.member("refresh_token");
    wait_for_error(&server, "client_not_found").await;
    folder.write("a.yaml", OTHER);
    wait_for_error(&server, "invalid_request").await;
    refresh(&server, &token).await.ok();
    // New files and removed files count as changes.
    folder.write("b.yaml", "clients: [{ id: other, status: inactive }]");
    wait_for_error(&server, "client_not_active").await;
    fs::remove_file(folder.0.join("b.yaml")).unwrap();
    wait_for_error(&server, "invalid_request").await;
    // Realms with the same fixtures change, too; a reset uses the file's current content.
    let blue = server.new_realm("blue").create().unwrap();
    folder.write("a.yaml", &OTHER.replace("secret: s", "secret: s, status: inactive"));
    wait_for_error(&server, "client_not_active").await;
    assert_eq!(blue.fixtures().clients, server.fixtures().clients);
    server.reset().await;
    wait_for_error(&server, "client_not_active").await;
}

#[tokio::test]
async fn a_realm_with_fixtures_of_its_own_keeps_them() {
    let folder = Folder::new("watched-realms");
    folder.write("a.yaml", "extends: default");
    let server = start_watching(&folder.0).await;
    let own = "clients: [{ id: own, secret: s }]";
    let own = server.new_realm("own").fixtures(own).unwrap().create().unwrap();
    folder.write("a.yaml", OTHER);
    wait_for_error(&server, "invalid_request").await;
    assert_eq!(own.fixtures().clients.len(), 1);
}

/// The command logs why it does not load an invalid file.
#[tokio::test]
async fn an_invalid_file_changes_nothing_and_the_log_says_why() {
    let folder = Folder::new("watched-broken");
    folder.write("a.yaml", OTHER);
    let mut running = Running::start(&folder, &["--watch", "--fixtures", &folder.path("a.yaml")]);
    folder.write("a.yaml", "extends: default\nclients: [{ id: other, secrt: s }]");
    let place = format!("{}:2:24: unknown member \"secrt\"", folder.0.join("a.yaml").display());
    running.wait_until("logs the error", |running| running.log().contains(&place));
    let response = post(&format!("{}/oauth2/v3/token", running.url()), OTHER_FORM).await;
    assert_eq!(response.error(), "invalid_request", "the client still exists");
}

#[test]
fn watching_requires_files() {
    let output = run(&["--watch"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--fixtures"));
}

/// `cp -p` and `mv` of a file from a template or another checkout keep its time of modification.
#[cfg(unix)]
#[tokio::test]
async fn a_replacement_of_equal_size_and_time_takes_effect() {
    let folder = Folder::new("watched-replacement");
    let original = folder.0.join("a.yaml");
    folder.write("a.yaml", OTHER);
    let server = start_watching(&folder.0).await;
    wait_for_error(&server, "invalid_request").await;

    let modified = fs::metadata(&original).unwrap().modified().unwrap();
    let set_time = |path: &Path| {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(modified).unwrap();
    };
    folder.write("replacement", &OTHER.replace("id: other", "id: aside"));
    set_time(&folder.0.join("replacement"));
    fs::rename(folder.0.join("replacement"), &original).unwrap();
    wait_for_error(&server, "client_not_found").await;

    // In place, which keeps the inode.
    folder.write("a.yaml", OTHER);
    set_time(&original);
    wait_for_error(&server, "invalid_request").await;
}

/// Many generators truncate a file and then write it in pieces.
#[tokio::test]
async fn a_file_that_is_being_written_changes_nothing_until_it_is_whole() {
    let folder = Folder::new("watched-written");
    let first = "clients:\n  - { id: first, secret: s }\n  - { id: other, secret: s }\n";
    folder.write("a.yaml", first);
    let server = start_watching(&folder.0).await;
    let ids = || -> Vec<String> {
        server.fixtures().clients.iter().map(|client| client.id.clone()).collect()
    };
    let before = ids();

    let second = first.to_owned() + "  - { id: third, secret: s }\n";
    for length in [0, 9, 25, 36] {
        fs::write(folder.0.join("a.yaml"), &second[..length]).unwrap();
        for _ in 0..45 {
            assert_eq!(ids(), before, "after {length} bytes");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fs::write(folder.0.join("a.yaml"), &second).unwrap();
    let start = Instant::now();
    while ids() != ["first", "other", "third"] {
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", ids());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_empty_file_changes_nothing_and_the_log_says_so() {
    let folder = Folder::new("watched-empty");
    folder.write("a.yaml", OTHER);
    fs::create_dir(folder.0.join("more")).unwrap();
    let mut running = Running::start(&folder, &["--watch", "--fixtures", &folder.path("")]);
    running.wait_for_log(&format!("fixtures from {}", folder.path("a.yaml")));
    running.wait_for_log("skipping the directory");

    fs::write(folder.0.join("a.yaml"), "\n").unwrap();
    running.wait_until("logs the empty file", |running| running.log().contains("is empty now"));
    let response = post(&format!("{}/oauth2/v3/token", running.url()), OTHER_FORM).await;
    assert_eq!(response.error(), "invalid_request", "the client still exists");
}
