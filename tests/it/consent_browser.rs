//! The consent page in headless Chromium, driven by ChromeDriver (Debian's chromium and
//! chromium-driver): Allow, Deny, disabled Allow, an error page, a phone's width.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{CLIENT, exchange};
use serde_json::{Value, json};
use smartpay_oauth_mock::MockAuthServer;

const DRIVER: &str = "/usr/bin/chromedriver";
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser, by the WebDriver protocol; closed at the end of its test.
struct Browser {
    driver: Child,
    session: String,
    http: reqwest::Client,
}

impl Browser {
    async fn open() -> Option<Self> {
        if Command::new(DRIVER).arg("--version").output().is_err() {
            println!("skipped: {DRIVER} is not installed (.ci/run does)");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new(DRIVER)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "ChromeDriver does not answer");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let http = reqwest::Client::new();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            // Where a partner's host is not to be looked up.
            "--host-resolver-rules=MAP www.example.com 127.0.0.1:9",
        ];
        let wish = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments, "binary": "/usr/bin/chromium" },
        } } });
        let base = format!("http://127.0.0.1:{port}/session");
        let made: Value = http.post(&base).json(&wish).send().await.unwrap().json().await.unwrap();
        let id = made["value"]["sessionId"].as_str().unwrap_or_else(|| panic!("{made}"));
        Some(Self { session: format!("{base}/{id}"), driver, http })
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/{path}", self.session);
        let answer: Value =
            self.http.post(url).json(&body).send().await.unwrap().json().await.unwrap();
        answer["value"].clone()
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}/{path}", self.session);
        let answer: Value = self.http.get(url).send().await.unwrap().json().await.unwrap();
        answer["value"].clone()
    }

    async fn visit(&self, url: &str) {
        let done = self.post("url", json!({ "url": url })).await;
        assert!(done.is_null(), "{done}");
    }

    async fn find(&self, css: &str) -> Option<String> {
        let found = self.post("element", json!({ "using": "css selector", "value": css })).await;
        found[ELEMENT].as_str().map(str::to_owned)
    }

    async fn text(&self, css: &str) -> String {
        let element = self.find(css).await.unwrap_or_else(|| panic!("no {css}"));
        self.get(&format!("element/{element}/text")).await.as_str().unwrap().to_owned()
    }

    async fn click(&self, css: &str) {
        let element = self.find(css).await.unwrap_or_else(|| panic!("no {css}"));
        self.post(&format!("element/{element}/click"), json!({})).await;
    }

    async fn run(&self, script: &str) -> Value {
        self.post("execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// Waits until the browser has left for a URL that begins so, and returns it whole.
    async fn arrives_at(&self, url: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let here = self.get("url").await.as_str().unwrap_or_default().to_owned();
            if here.starts_with(url) {
                return here;
            }
            assert!(Instant::now() < deadline, "the browser stays at {here}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn close(mut self) {
        let _ = self.http.delete(&self.session).send().await;
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A server whose sample partner is a page on another port, as a partner's site would be.
async fn with_partner() -> (MockAuthServer, MockAuthServer, String) {
    let partner = MockAuthServer::start().await;
    let callback = format!("{}/?from=mock", partner.base_url());
    let server = crate::support::server_with(&format!(
        "clients: [{{ id: {}, redirect_urls: [\"{callback}\"] }}]",
        CLIENT.0
    ))
    .await;
    (server, partner, callback)
}

fn request(server: &MockAuthServer, callback: &str, more: &str) -> String {
    let callback = serde_urlencoded::to_string([("redirect_url", callback)]).unwrap();
    format!("{}?sub=oauth&client_id={}&{callback}{more}", server.authorize_url(), CLIENT.0)
}

#[tokio::test]
async fn a_merchant_allows_denies_switches_and_meets_errors() {
    let Some(browser) = Browser::open().await else { return };
    let (server, _partner, callback) = with_partner().await;

    // Allow. The policy of the page must let the redirect to the partner through.
    browser.visit(&request(&server, &callback, "&state=a%26b%3Dc")).await;
    assert!(browser.text("h1").await.contains("Sample partner"));
    assert!(browser.text(".mock").await.contains("This is a mock"));
    browser.click("#allow").await;
    let arrived = browser.arrives_at(&callback).await;
    let query = arrived.split_once("?from=mock&").unwrap().1;
    let parameters: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
    assert_eq!(parameters[1], ("state".to_owned(), "a&b=c".to_owned()));
    exchange(&server, &parameters[0].1).await.ok();

    // Deny brings nothing along.
    browser.visit(&request(&server, &callback, "&state=x")).await;
    browser.click("#deny").await;
    assert_eq!(browser.arrives_at(&callback).await, callback);

    // Another merchant, whose user may not grant.
    browser.visit(&request(&server, &callback, "")).await;
    browser.run("document.querySelector('#merchant').value = 'limited-merchant'").await;
    browser.click("#switch").await;
    browser.arrives_at(&server.authorize_url()).await;
    assert!(browser.text("#obstacle").await.contains("does not have the privilege"));
    assert_eq!(browser.run("return document.querySelector('#allow').disabled").await, true);
    browser.click("#allow").await;
    assert!(browser.find("#deny").await.is_some(), "a click on a disabled Allow goes nowhere");

    // The merchant that is picked counts, also without a click on Switch.
    browser.visit(&request(&server, &callback, "")).await;
    browser.run("document.querySelector('#merchant').value = 'limited-merchant'").await;
    browser.click("#allow").await;
    assert!(browser.arrives_at(&callback).await.contains("error=access_denied"));

    // An error page, and no script from anywhere.
    let evil = request(
        &server,
        "https://evil.example",
        "&state=%3Cscript%3Edocument.title%3D1%3C/script%3E",
    );
    browser.visit(&evil).await;
    assert_eq!(browser.text("#code").await, "invalid_redirect_uri");
    assert_eq!(browser.run("return document.scripts.length").await, 0);
    browser.close().await;
}

#[tokio::test]
async fn the_page_works_by_keyboard_with_names_for_a_screen_reader_and_on_a_phone() {
    let Some(browser) = Browser::open().await else { return };
    let (server, _partner, callback) = with_partner().await;
    browser.post("window/rect", json!({ "width": 360, "height": 740 })).await;
    browser.visit(&request(&server, &callback, "")).await;
    let wide = "return document.documentElement.scrollWidth <= window.innerWidth";
    assert_eq!(browser.run(wide).await, true, "the page is wider than a phone");
    let unnamed = "return [...document.querySelectorAll('button, select')].filter(e => \
                   !e.textContent.trim() || (e.labels && e.tagName == 'SELECT' && !e.labels.length)).length";
    assert_eq!(browser.run(unnamed).await, 0);
    assert_eq!(browser.run("return document.documentElement.lang").await, "en");
    // Tab to each control in reading order, then Enter on Allow.
    let keys = |keys: &str| {
        let typed: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                [
                    json!({ "type": "keyDown", "value": key }),
                    json!({ "type": "keyUp", "value": key }),
                ]
            })
            .collect();
        json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": typed }] })
    };
    let mut order = Vec::new();
    for _ in 0..4 {
        browser.post("actions", keys("\u{e004}")).await;
        order.push(browser.run("return document.activeElement.id").await);
    }
    assert_eq!(order, ["merchant", "switch", "allow", "deny"]);
    browser.run("document.querySelector('#allow').focus()").await;
    browser.post("actions", keys("\u{e007}")).await;
    assert!(browser.arrives_at(&callback).await.contains("code="));
    browser.close().await;
}

/// Browsers hold the page to its policy along all redirects, and a partner's callback usually
/// redirects once more.
#[tokio::test]
async fn the_partner_may_send_the_merchant_on_to_another_origin() {
    let Some(browser) = Browser::open().await else { return };
    let last = MockAuthServer::start().await;
    let home = format!("http://localhost:{}/", last.address().port());
    // The partner's callback redirects: it is a consent that is denied at once.
    let partner = crate::support::server_with(&format!(
        "clients: [{{ id: hop, secret: s, redirect_urls: [\"{home}\"] }}]"
    ))
    .await;
    let callback = format!(
        "{}?sub=oauth&client_id=hop&mock_consent=deny&redirect_url={home}",
        partner.authorize_url()
    );
    let server = crate::support::server_with(&format!(
        "clients: [{{ id: {}, redirect_urls: [\"{callback}\"] }}]",
        CLIENT.0
    ))
    .await;
    browser.visit(&request(&server, &callback, "")).await;
    browser.click("#allow").await;
    assert_eq!(browser.arrives_at(&home).await, home);
    // Behind a name that is not the page's own address.
    let named = server.authorize_url().replace("127.0.0.1", "localhost");
    let url = request(&server, &callback, "").replace(&server.authorize_url(), &named);
    browser.visit(&url).await;
    browser.click("#deny").await;
    assert_eq!(browser.arrives_at(&home).await, home);
    browser.close().await;
}

/// A page on another origin can neither change nor read the server's state.
#[tokio::test]
async fn another_sites_page_reaches_nothing_of_the_control_api() {
    let Some(browser) = Browser::open().await else { return };
    let server = MockAuthServer::start().await;
    let other = MockAuthServer::start().await;
    browser.visit(&other.base_url()).await;
    // The other server's page has no policy against scripts; this stands for an evil one.
    let script = format!(
        "const done = arguments[0]; const results = [];
         const tries = [
           ['{0}/_mock/clock', {{}}],
           ['{0}/_mock/clock', {{ method: 'DELETE' }}],
           ['{0}/_mock/codes', {{ method: 'POST', mode: 'no-cors', body: '{{}}' }}],
           ['{0}/_mock/clock/advance', {{ method: 'POST', mode: 'no-cors', body: '{{\"by\":\"1h\"}}' }}],
         ];
         (async () => {{
           for (const [url, options] of tries) {{
             try {{ const r = await fetch(url, options); results.push(r.type); }}
             catch (e) {{ results.push('failed'); }}
           }}
           done(results);
         }})();",
        server.base_url()
    );
    let results = browser.post("execute/async", json!({ "script": script, "args": [] })).await;
    assert_eq!(results, json!(["failed", "failed", "opaque", "opaque"]));
    assert_eq!(server.clock().offset().as_ms(), 0);
    browser.close().await;
}
