//! The page at `/` and its files over HTTP: compressed, cached by browsers, and closed to all but its
//! own server.

use reqwest::Client;
use smartpay_oauth_mock::MockAuthServer;

use crate::support::{HttpResponse, call, fetch};

/// Reads from the control API.
async fn control(server: &MockAuthServer, path: &str) -> HttpResponse {
    call("GET", format!("{}/_mock/{path}", server.base_url()), None).await
}

async fn get(url: &str) -> HttpResponse {
    fetch(Client::new().get(url)).await
}

#[tokio::test]
async fn the_page_allows_nothing_but_its_own_server() {
    let server = MockAuthServer::start().await;
    let page = get(&server.base_url()).await.ok();
    assert!(page.header("content-type").starts_with("text/html"));

    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("x-frame-options"), "DENY");

    // The page names each file relative to itself, and nothing elsewhere.
    assert!(!page.text.contains("//"), "{}", page.text);
}

#[tokio::test]
async fn files_are_compressed_and_browsers_keep_them() {
    let server = MockAuthServer::start().await;
    let url = format!("{}/_mock/console/main.js", server.base_url());

    let plain = get(&url).await.ok();
    assert!(plain.header("content-type").starts_with("text/javascript"));
    assert_eq!(plain.header("content-encoding"), "");

    let compressed = fetch(Client::new().get(&url).header("Accept-Encoding", "gzip")).await;
    assert_eq!(compressed.header("content-encoding"), "gzip");
    let tag = compressed.header("etag");
    assert_eq!(tag, plain.header("etag"));

    let again = fetch(Client::new().get(&url).header("If-None-Match", tag)).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    let other = fetch(Client::new().get(&url).header("If-None-Match", "W/\"other\"")).await;
    assert_eq!(other.status, 200);
    assert_eq!(get(&format!("{}/_mock/console/none.js", server.base_url())).await.status, 404);
}

#[tokio::test]
async fn a_realm_has_a_page_of_its_own_and_the_journal_shows_none_of_it() {
    let server = MockAuthServer::start().await;
    let realm = server.new_realm("blue").create().unwrap();
    let page = get(&format!("{}/realms/blue/", server.base_url())).await.ok();
    assert_eq!(page.text, get(&server.base_url()).await.text);

    // URLs in the page are relative, so they need the slash. The client follows the redirect.
    let redirected = get(&format!("{}/realms/blue", server.base_url())).await.ok();
    assert_eq!(redirected.text, page.text);
    let file = format!("{}/realms/blue/_mock/console/main.js", server.base_url());
    get(&file).await.ok();
    assert_eq!(get(&format!("{}/realms/none/", server.base_url())).await.status, 404);
    assert!(realm.requests().await.is_empty());
}

#[tokio::test]
async fn without_the_control_api_the_page_lists_the_endpoints() {
    let server = MockAuthServer::builder().without_control().start().await.unwrap();
    let page = get(&server.base_url()).await.ok();
    assert!(page.text.contains("--control off"), "{}", page.text);
    assert!(page.text.contains("POST /oauth2/v3/token"));
    assert!(!page.text.contains("<script"));
}

#[tokio::test]
async fn the_control_api_lists_the_rows_and_names_the_realm() {
    let server = MockAuthServer::start().await;
    let rows = control(&server, "rows").await.ok().json();
    let row = &rows["rows"].as_array().unwrap().iter().find(|row| row["row"] == 14).unwrap();
    assert_eq!(row["error"], "client_not_active");
    assert_eq!(row["condition"], "The client is not active.");

    assert_eq!(control(&server, "realms").await.ok().json()["current"], "default");
}
