//! The HTTP level: `Host`, HEAD, the case of header names, and bodies that are not there.

use crate::support::raw_client::{body_of, form_request, send_and_read_all};
use crate::support::{CLIENT, fetch, form, server_with};
use reqwest::redirect;
use smartpay_oauth_mock::MockAuthServer;

#[tokio::test]
async fn http_1_1_has_exactly_one_host_that_can_be_one() {
    let server = MockAuthServer::start().await;
    for (version, hosts, status) in [
        ("1.1", "Host: localhost\r\n", 200),
        ("1.1", "host:  127.0.0.1:1 \r\n", 200),
        ("1.1", "Host: [::1]:8080\r\n", 200),
        ("1.1", "", 400),
        ("1.1", "Host: \r\n", 400),
        ("1.1", "Host: localhost\r\nHost: localhost\r\n", 400),
        ("1.1", "Host: local host\r\n", 400),
        ("1.1", "Host: localhost/x\r\n", 400),
        ("1.1", "Host: user@localhost\r\n", 400),
        ("1.1", "Host: localhost:port\r\n", 400),
        ("1.1", "Host: localhost:65536\r\n", 400),
        ("1.1", "Host: m\u{fc}nchen.example\r\n", 400),
        ("1.0", "", 200),
    ] {
        let request = format!("GET / HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n");
        let response = send_and_read_all(server.address(), request);
        let line = response.lines().next().unwrap_or_default();
        assert!(line.contains(&format!(" {status} ")), "{version} {hosts:?}: {response}");
    }
}

#[tokio::test]
async fn header_names_are_in_the_case_that_the_vendor_documents() {
    let server = MockAuthServer::start().await;
    for id in ["v-c-client-correlation-id", "V-C-Client-Correlation-Id"] {
        let headers = format!("{id}: 9a341edd\r\nconnection: close\r\n");
        let request = form_request("/oauth2/v3/token", &headers, crate::support::page::REQUEST);
        let response = send_and_read_all(server.address(), request);
        for line in [
            "HTTP/1.1 200 OK",
            "v-c-client-correlation-id: 9a341edd",
            "Content-Type: application/json;charset=UTF-8",
            "Cache-Control: no-store",
            "Pragma: no-cache",
            "Connection: close",
        ] {
            assert!(response.lines().any(|other| other == line), "{line}: {response}");
        }
        assert!(response.contains("\r\nContent-Length: ") && response.contains("\r\nDate: "));
    }

    let request = form_request("/pts/v2/payments", "Connection: close\r\n", "");
    let response = send_and_read_all(server.address(), request);
    for name in ["v-c-correlation-id", "WWW-Authenticate"] {
        assert!(response.contains(&format!("\r\n{name}: ")), "{response}");
    }
}

/// Returns the head of a response, sorted and without what differs from one to the next, and the body.
fn head_and_body(response: &str) -> (Vec<String>, String) {
    let head = response.split("\r\n\r\n").next().unwrap_or_default();
    let changing = ["Date:", "v-c-correlation-id:", "Location:"];
    let lines = head.lines().filter(|line| !changing.iter().any(|name| line.starts_with(name)));
    let mut lines: Vec<String> = lines.map(str::to_owned).collect();
    lines[1..].sort();
    (lines, body_of(response).to_owned())
}

#[tokio::test]
async fn head_has_the_head_of_get_everywhere() {
    let server = server_with(
        "settings: { consent: allow }\n\
         resources: [{ path: /hello, methods: [GET], respond: { body: hello } }]",
    )
    .await;
    let token = server.issue_tokens(CLIENT.0, crate::support::MERCHANT).await.unwrap();
    let consent = "client_id=v6TJH1IqhM&redirect_url=https%3A%2F%2Fwww.example.com";
    for (path, status) in [
        ("/".to_owned(), 200),
        ("/.well-known/jwks.json".to_owned(), 200),
        ("/.well-known/oauth-authorization-server".to_owned(), 200),
        ("/_mock/health".to_owned(), 200),
        ("/_mock/clients".to_owned(), 200),
        (format!("/ebc2/oauth/authorize?sub=oauth&mock_consent=prompt&{consent}"), 200),
        (format!("/ebc2/oauth/authorize?sub=oauth&{consent}"), 302),
        ("/oauth2/v3/authorize?response_type=code&client_id=v6TJH1IqhM".to_owned(), 302),
        ("/oauth2/v3/authorize".to_owned(), 400),
        ("/hello".to_owned(), 200),
        ("/tss/v2/transactions/7".to_owned(), 200),
        ("/pts/v2/payments".to_owned(), 405),
    ] {
        let send = |method: &str| {
            let authorization = format!("Authorization: Bearer {}", token.access_token);
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{authorization}\r\n\
                 Connection: close\r\n\r\n"
            );
            head_and_body(&send_and_read_all(server.address(), request))
        };
        let (get, head) = (send("GET"), send("HEAD"));
        assert!(get.0[0].contains(&format!(" {status} ")), "{path}: {get:?}");
        assert_eq!(head, (get.0, String::new()), "{path}");
    }
}

/// RFC 7009, section 2.2, and under either dialect.
#[tokio::test]
async fn a_revocation_has_no_body_and_no_content_type() {
    for dialect in ["documented", "rfc6749"] {
        let server = server_with(&format!("settings: {{ dialect: {dialect} }}")).await;
        let tokens = server.issue_tokens(CLIENT.0, crate::support::MERCHANT).await.unwrap();
        for token in [tokens.refresh_token.as_str(), "unknown"] {
            let body = serde_urlencoded::to_string([
                ("client_id", CLIENT.0),
                ("client_secret", CLIENT.1),
                ("token", token),
            ]);
            let url = format!("{}/oauth2/v3/revoke", server.base_url());
            let response = crate::support::post(&url, body.unwrap()).await.ok();
            assert_eq!((response.text.as_str(), response.header("content-type")), ("", ""));
            assert_eq!(response.header("content-length"), "0");
        }
    }
}

#[tokio::test]
async fn the_404_of_openid_names_the_metadata() {
    let server = MockAuthServer::start().await;
    server.new_realm("blue").create().unwrap();
    let base = server.base_url();
    for (path, issuer) in [
        ("/.well-known/openid-configuration", base.clone()),
        ("/realms/blue/.well-known/openid-configuration", format!("{base}/realms/blue")),
        ("/.well-known/openid-configuration/realms/blue", format!("{base}/realms/blue")),
    ] {
        let response = fetch(reqwest::Client::new().get(format!("{base}{path}"))).await;
        assert_eq!(response.status, 404, "{path}");
        let metadata = format!("{issuer}/.well-known/oauth-authorization-server");
        assert!(response.text.contains(&metadata), "{path}: {}", response.text);
        assert_eq!(reqwest::get(metadata).await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_byte_order_mark_before_json_is_accepted() {
    let server = MockAuthServer::start().await;
    let put = async |path: &str, body: &str| {
        let request = reqwest::Client::new()
            .put(format!("{}/_mock/{path}", server.base_url()))
            .header("Content-Type", "application/json")
            .body(format!("\u{feff}{body}"));
        fetch(request).await
    };
    put("clock", r#"{"now":"2030-01-01T00:00:00Z"}"#).await.ok();
    put("clients/new", r#"{"secret":"s"}"#).await;
    put("fixtures", r#"{"extends":"default","merchants":[{"id":"m"}]}"#).await.ok();

    // One mark is none; what follows is JSON or an error that says so.
    let response = put("clock", "\u{feff}{}").await;
    assert_eq!(response.status, 400, "{}", response.text);
}

/// The browser follows the redirect after Allow only if the page's policy admits the partner.
#[tokio::test]
async fn the_policy_of_the_consent_page_admits_every_partner() {
    let server = MockAuthServer::start().await;
    let browser = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    let page = browser.get(format!(
        "{}?sub=oauth&client_id=v6TJH1IqhM&redirect_url=https%3A%2F%2Fwww.example.com",
        server.authorize_url()
    ));
    let page = fetch(page).await.ok();
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' http: https:;"), "{policy}");
}

#[tokio::test]
async fn the_404_of_an_unknown_path_has_the_method() {
    let server = MockAuthServer::start().await;
    let request = reqwest::Client::new().get(format!("{}/nowhere", server.base_url()));
    let response = fetch(request).await;
    let start = "There is no endpoint for GET at this path.";
    assert!(response.text.starts_with(start), "{}", response.text);
    assert_eq!(form(&server, &[]).await.status, 400);
}
