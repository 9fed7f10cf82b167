//! Edits at the same time, by the control API, the library and changed files: none is lost.

use std::sync::Arc;
use std::time::Duration;

use crate::support::call;
use crate::support::folder::Folder;
use serde_json::json;
use smartpay_oauth_mock::{MockAuthServer, fixture};

const EDITORS: usize = 8;
const EDITS: usize = 12;

/// Waits until a condition holds.
async fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    for _ in 0..1_500 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what} did not happen");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_added_at_the_same_time_are_all_there() {
    let server = Arc::new(MockAuthServer::start().await);
    let before = server.fixtures().clients.len();

    let editors: Vec<_> = (0..EDITORS)
        .map(|editor| {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                for edit in 0..EDITS {
                    let id = format!("client-{editor}-{edit}");
                    // Half of them by the control API, half by the library.
                    if edit % 2 == 0 {
                        let url = format!("{}/_mock/clients/{id}", server.base_url());
                        let put = call("PUT", url, Some(json!({ "secret": "s" }))).await;
                        assert_eq!(put.status, 201, "{}", put.text);
                        assert_eq!(put.json()["id"], *id);
                    } else {
                        server.put_client(fixture::Client::new(id, "s")).await.unwrap();
                    }
                }
            })
        })
        .collect();
    for editor in editors {
        editor.await.unwrap();
    }

    assert_eq!(server.fixtures().clients.len(), before + EDITORS * EDITS);
}

#[tokio::test(flavor = "multi_thread")]
async fn different_members_changed_at_the_same_time_all_keep_their_change() {
    let server = MockAuthServer::start().await;
    let patch = async |kind: &str, id: &str, body| {
        let url = format!("{}/_mock/{kind}/{id}", server.base_url());
        assert_eq!(call("PATCH", url, Some(body)).await.status, 200);
    };

    for round in 0..10 {
        let (name, associated, merchant) =
            (format!("name {round}"), format!("id {round}"), format!("merchant {round}"));
        tokio::join!(
            patch("clients", "v6TJH1IqhM", json!({ "name": name })),
            patch("clients", "v6TJH1IqhM", json!({ "associated_id": associated })),
            patch("merchants", "rahulrama", json!({ "name": merchant })),
        );

        let fixtures = server.fixtures();
        let client = fixtures.clients.iter().find(|client| client.id == "v6TJH1IqhM").unwrap();
        assert_eq!((client.name.as_ref(), &client.associated_id), (Some(&name), &associated));
        assert_eq!(fixtures.merchants[0].name.as_ref(), Some(&merchant));
    }
}

/// The clock is set in parts: one call moves it, another freezes it.
#[tokio::test(flavor = "multi_thread")]
async fn advances_at_the_same_time_add_up() {
    let server = MockAuthServer::start().await;
    server.clock().freeze();
    let start = server.clock().now();

    let advance = async || {
        for _ in 0..10 {
            let url = format!("{}/_mock/clock/advance", server.base_url());
            assert_eq!(call("POST", url, Some(json!({ "by": "1m" }))).await.status, 200);
        }
    };
    tokio::join!(advance(), advance(), advance(), advance());

    let passed = server.clock().now().duration_since(start).unwrap();
    assert_eq!(passed, Duration::from_secs(40 * 60));
}

/// A realm that is created while changed files are loaded has either the old fixtures and then the
/// new ones, or the new ones at once.
#[tokio::test(flavor = "multi_thread")]
async fn realms_created_during_a_reload_get_the_new_fixtures() {
    let folder = Folder::new("edits-during-reload");
    folder.write("a.yaml", "clients: [{ id: version-0, secret: s }]");
    let builder = MockAuthServer::builder().watched_fixtures_files(&[&folder.0]);
    let server = Arc::new(builder.unwrap().start().await.unwrap());

    for version in 1..=3 {
        let expected = format!("version-{version}");
        folder.write("a.yaml", &format!("clients: [{{ id: {expected}, secret: s }}]"));

        let mut realms = Vec::new();
        let has_version =
            |realm: &smartpay_oauth_mock::RealmHandle| realm.fixtures().clients[0].id == expected;
        wait_until("the reload", || {
            let name = format!("realm-{version}-{}", realms.len());
            realms.push(server.new_realm(name).create().unwrap());
            has_version(&server)
        })
        .await;

        wait_until("the reload in all realms", || realms.iter().all(has_version)).await;
    }
}
