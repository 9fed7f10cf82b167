//! The addresses that a server listens on: several, both families of localhost, and the portal.

use crate::support::folder::Folder;
use crate::support::https_client::HttpsClient;
use crate::support::program::{Running, run, text};
use crate::support::tools::skip;
use crate::support::{exchange_form, fetch, page, post};
use serde_json::{Value, json};
use smartpay_oauth_mock::{ClientAuth, MockAuthServer, Pattern};

/// Starts a server whose token endpoint demands a certificate, with a portal.
async fn server_with_portal() -> MockAuthServer {
    let builder = MockAuthServer::builder().tls().client_auth(ClientAuth::Required);
    builder.portal_listen(([127, 0, 0, 1], 0)).start().await.unwrap()
}

const CONSENT: &str = "client_id=v6TJH1IqhM&sub=oauth&redirect_url=https://www.example.com&state=s";

/// As at the real server: the browser consents without a certificate, and the token endpoint
/// demands one.
#[tokio::test]
async fn a_browser_without_a_certificate_consents_while_the_token_endpoint_demands_one() {
    let server = server_with_portal().await;
    let portal = server.portal_url().unwrap();
    assert_eq!(server.authorize_url(), format!("{portal}/ebc2/oauth/authorize"));

    let browser = HttpsClient::of(&server);
    let page = format!("{}?{CONSENT}", server.authorize_url());
    let shown = browser.get(&page).await.unwrap().ok();
    assert!(shown.text.contains("Allow") && shown.text.contains("Deny"), "{}", shown.text);
    let redirect = browser.get(&format!("{page}&mock_consent=allow")).await.unwrap();
    let code = redirect.header("location").split("code=").nth(1).unwrap();
    let form = exchange_form(code.split('&').next().unwrap());

    browser.post(&server.token_url(), &form).await.expect_err("without a certificate");
    let client = HttpsClient::identified(&server, "acme-partner");
    client.post(&server.token_url(), &form).await.unwrap().ok().member("access_token");
}

#[tokio::test]
async fn the_portal_serves_nothing_but_the_consent_pages_and_the_console() {
    let server = server_with_portal().await;
    server.new_realm("blue").create().unwrap();
    let (browser, portal) = (HttpsClient::of(&server), server.portal_url().unwrap());
    let get = async |path: &str| browser.get(&format!("{portal}{path}")).await.expect(path);

    for path in [
        "/",
        "/realms/blue/",
        "/oauth2/v3/authorize?x=1",
        "/realms/blue/ebc2/oauth/authorize",
        "/_mock/console/main.js",
        "/realms/blue/_mock/requests",
    ] {
        let response = get(path).await;
        assert_ne!(response.status, 404, "{path}: {}", response.text);
    }
    for path in ["/oauth2/v3/token", "/pts/v2/payments", "/.well-known/jwks.json"] {
        for prefix in ["", "/realms/blue"] {
            let response = get(&format!("{prefix}{path}")).await;
            assert_eq!(response.status, 404, "{prefix}{path}");
            let text = response.text;
            assert!(text.contains("portal") && text.contains(&server.base_url()), "{text}");
        }
    }

    let entry = server.requests().await.pop().unwrap();
    assert!(
        entry.notes.concat().contains("serves the consent pages and the console only"),
        "{:?}",
        entry.notes
    );
}

#[tokio::test]
async fn metadata_and_control_responses_name_the_portal_for_every_kind_of_realm() {
    let builder = MockAuthServer::builder().portal_listen(([127, 0, 0, 1], 0));
    let server = builder.start().await.unwrap();
    let blue = server.new_realm("blue").host("pay.test").create().unwrap();
    let own = server.new_realm("own").own_port().create().unwrap();
    let portal = server.portal_url().unwrap();
    let port = portal.rsplit(':').next().unwrap().to_owned();
    let expected = format!("{portal}/realms/blue/ebc2/oauth/authorize");
    assert_eq!(blue.authorize_url(), expected);

    let metadata = async |base: &str, host: Option<&str>| {
        let url = format!("{base}/.well-known/oauth-authorization-server");
        let request = reqwest::Client::new().get(url);
        let request = match host {
            Some(host) => request.header("Host", host),
            None => request,
        };
        fetch(request).await.ok().json()
    };
    for (base, host, expected) in [
        (server.base_url(), None, portal.clone()),
        (blue.base_url(), None, format!("{portal}/realms/blue")),
        (own.base_url(), None, format!("{portal}/realms/own")),
        (server.base_url(), Some("pay.test:8080"), format!("https://pay.test:{port}")),
        (server.base_url(), Some("blue.localhost"), format!("https://blue.localhost:{port}")),
    ] {
        let document = metadata(&base, host).await;
        assert_eq!(document["authorization_endpoint"], format!("{expected}/oauth2/v3/authorize"));
        assert!(document["token_endpoint"].as_str().unwrap().starts_with("http://"), "{document}");
    }

    let realms = reqwest::Client::new().get(server.base_url() + "/_mock/realms");
    let realms = fetch(realms).await.ok().json();
    let urls: Vec<&Value> =
        realms["realms"].as_array().unwrap().iter().map(|realm| &realm["authorize_url"]).collect();
    let all = [format!("{portal}/ebc2/oauth/authorize"), expected, own.authorize_url()];
    assert_eq!(json!(urls), json!(all));
}

#[test]
fn the_ready_file_names_the_portal_and_options_without_effect_are_refused() {
    let folder = Folder::new("portal-program");
    let plain = Running::start(&folder, &[]);
    assert!(plain.ready().get("portal").is_none(), "{}", plain.ready());
    drop(plain);
    let mut server = Running::start(&folder, &["--portal-listen", "127.0.0.1:0"]);
    let portal = server.ready()["portal"].as_str().unwrap().to_owned();
    assert!(portal.starts_with("https://127.0.0.1:"));
    server.wait_for_log(&portal);

    for (arguments, message) in [
        (&["--portal-listen", "x"][..], "--portal-listen x: expected an address and a port"),
        (&["--listen", "off", "--portal-listen", "127.0.0.1:0"], "--listen off requires"),
        (
            &["--client-auth", "required", "--portal-listen", "127.0.0.1:0"],
            "--client-auth requires",
        ),
        (&["--listen", "off", "--listen", "127.0.0.1:0"], "--listen off cannot be used with"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(message), "{}", text(&output.stderr));
    }
}

#[test]
fn several_addresses_serve_the_same_server_and_the_ready_file_has_the_first() {
    let folder = Folder::new("listen-twice");
    let mut server = Running::start(&folder, &["--listen", "127.0.0.2:0"]);
    assert!(server.url().starts_with("http://127.0.0.1:"));
    let log = server.wait_for_log("url=http://127.0.0.2:");
    let mut words = log.split_whitespace().filter_map(|word| word.strip_prefix("url="));
    let second = words.find(|url| url.starts_with("http://127.0.0.2:")).unwrap();

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let token = format!("{second}/oauth2/v3/token");
    runtime.block_on(post(&token, page::REQUEST)).ok();
    let output = run(&["requests", "--server", server.url()]);
    assert!(text(&output.stdout).contains("8l57hYffFb"), "{}", text(&output.stdout));
}

/// `localhost` resolves to ::1 first on many machines.
#[test]
fn localhost_is_both_families_with_one_port() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return skip("this machine has no IPv6");
    }
    let folder = Folder::new("listen-localhost");
    let server = Running::spawn(
        &folder,
        &[
            "--listen",
            "localhost:0",
            "--tls-listen",
            "LOCALHOST:0",
            "--portal-listen",
            "localhost:0",
        ],
    );
    let ports = ["http", "https", "portal"].map(|name| {
        let url = server.ready()[name].as_str().unwrap();
        url.rsplit_once("127.0.0.1:").unwrap().1.parse::<u16>().unwrap()
    });
    for port in ports {
        for address in [format!("127.0.0.1:{port}"), format!("[::1]:{port}")] {
            std::net::TcpStream::connect(&address).unwrap_or_else(|e| panic!("{address}: {e}"));
        }
    }

    let taken = run(&["--listen", &format!("localhost:{}", ports[0])]);
    assert_eq!(taken.status.code(), Some(1), "{}", text(&taken.stderr));

    // A realm's own port is on both, too.
    let url = format!("{}/_mock/realms/own", server.ready()["http"].as_str().unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let realm: Value = runtime.block_on(async {
        let request = reqwest::Client::new().put(url).json(&json!({ "listen": true }));
        request.send().await.unwrap().json().await.unwrap()
    });
    let port = realm["http"].as_str().unwrap().rsplit(':').next().unwrap();
    std::net::TcpStream::connect(format!("[::1]:{port}")).unwrap();
}

#[tokio::test]
async fn the_library_adds_addresses_and_lists_their_urls() {
    let builder = MockAuthServer::builder().also_listen(([127, 0, 0, 2], 0)).tls();
    let server = builder.start().await.unwrap();
    let patterns = ["http://127.0.0.1:*", "http://127.0.0.2:*", "https://127.0.0.1:*"];
    assert_eq!(server.urls().len(), 3);
    for (url, pattern) in server.urls().iter().zip(patterns) {
        assert!(Pattern::from(pattern).matches(url), "{url}");
    }
    assert_eq!(server.http_url().as_ref(), server.urls().first());
    post(&format!("{}/oauth2/v3/token", server.urls()[1]), page::REQUEST).await.ok();
}
