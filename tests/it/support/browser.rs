//! Headless Chromium, controlled by ChromeDriver (the Debian packages chromium and chromium-driver).

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::tools::{is_installed, skip};

const DRIVER: &str = "/usr/bin/chromedriver";
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Finds an element that can be seen, by its role and accessible name.
const FIND_NAMED: &str = "(role, name) => [...document.querySelectorAll(
    { button: 'button', link: 'a[href]', tab: '[role=tab]', switch: '[role=switch]' }[role])]
  .filter(e => e.getClientRects().length > 0)
  .find(e => (e.getAttribute('aria-label') ?? e.textContent).trim() === name)";

/// A browser session over the WebDriver protocol.
pub struct Browser {
    driver: Child,
    session: String,
    http: reqwest::Client,
}

impl Browser {
    pub async fn open() -> Option<Self> {
        if !is_installed(DRIVER) {
            skip(&format!("{DRIVER} is not installed (.ci/run installs it)"));
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
            assert!(Instant::now() < deadline, "ChromeDriver does not start");
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
            // Without a DNS query for the partner's host.
            "--host-resolver-rules=MAP www.example.com 127.0.0.1:9",
        ];
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments, "binary": "/usr/bin/chromium" },
        } } });
        let base = format!("http://127.0.0.1:{port}/session");
        let created = value(http.post(&base).json(&capabilities)).await;
        let id = created["sessionId"].as_str().unwrap_or_else(|| panic!("{created}"));
        Some(Self { session: format!("{base}/{id}"), driver, http })
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        value(self.http.post(format!("{}/{path}", self.session)).json(&body)).await
    }

    pub async fn get(&self, path: &str) -> Value {
        value(self.http.get(format!("{}/{path}", self.session))).await
    }

    pub async fn visit(&self, url: &str) {
        let done = self.post("url", json!({ "url": url })).await;
        assert!(done.is_null(), "{done}");
    }

    pub async fn find(&self, css: &str) -> Option<String> {
        let found = self.post("element", json!({ "using": "css selector", "value": css })).await;
        found[ELEMENT].as_str().map(str::to_owned)
    }

    pub async fn text(&self, css: &str) -> String {
        // An element may belong to a page that the browser is leaving.
        for _ in 0..100 {
            let element = self.find(css).await.unwrap_or_else(|| panic!("no {css}"));
            if let Some(text) = self.get(&format!("element/{element}/text")).await.as_str() {
                return text.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{css} has no text")
    }

    pub async fn click(&self, css: &str) {
        let element = self.find(css).await.unwrap_or_else(|| panic!("no {css}"));
        self.post(&format!("element/{element}/click"), json!({})).await;
    }

    pub async fn run(&self, script: &str) -> Value {
        self.post("execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// Waits until the URL of the browser starts with `url`, and returns it.
    pub async fn wait_for_url(&self, url: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let current = self.get("url").await.as_str().unwrap_or_default().to_owned();
            if current.starts_with(url) {
                return current;
            }
            assert!(Instant::now() < deadline, "the browser stays at {current}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until a JavaScript expression is true.
    pub async fn wait_until(&self, condition: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        let script = format!("return Boolean({condition})");
        while self.run(&script).await != true {
            let text = self.run("return document.body.innerText").await;
            assert!(Instant::now() < deadline, "never true: {condition}\n{text}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Clicks the element with this role and accessible name.
    pub async fn click_named(&self, role: &str, name: &str) {
        self.wait_until(&format!("({FIND_NAMED})({role:?}, {name:?})")).await;
        let element = self.run(&format!("return ({FIND_NAMED})({role:?}, {name:?})")).await
            [ELEMENT]
            .as_str()
            .unwrap_or_else(|| panic!("no {role} {name}"))
            .to_owned();
        let clicked = self.post(&format!("element/{element}/click"), json!({})).await;
        assert!(clicked.is_null(), "{role} {name}: {clicked}");
    }

    /// Presses keys, one after the other.
    pub async fn press(&self, keys: &str) {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })))
            .collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": actions });
        self.post("actions", json!({ "actions": [keyboard] })).await;
    }

    /// Sends a command of the Chrome DevTools Protocol.
    pub async fn devtools(&self, command: &str, params: Value) -> Value {
        self.post("goog/cdp/execute", json!({ "cmd": command, "params": params })).await
    }

    /// Sets the width and the color scheme of the page.
    pub async fn emulate(&self, width: u32, scheme: &str) {
        let size =
            json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": [feature] })).await;
    }

    pub async fn close(mut self) {
        let _ = self.http.delete(&self.session).send().await;
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Sends a request and returns the value in the response.
async fn value(request: reqwest::RequestBuilder) -> Value {
    let response: Value = request.send().await.unwrap().json().await.unwrap();
    response["value"].clone()
}
