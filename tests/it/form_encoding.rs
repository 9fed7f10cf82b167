//! Rows 5 and 6: bodies are parsed strictly by the WHATWG form encoding.

use crate::support::raw_client::{RawClient, form_request};
use crate::support::{fetch, page, post, server_with};
use reqwest::RequestBuilder;
use smartpay_oauth_mock::MockAuthServer;

const REST: &str = "grant_type=authorization_code&client_id=odd&code=c";

/// A client whose secret needs all kinds of escapes.
const FIXTURES: &str = "
clients: [{ id: odd, secret: \"a+b c&d=e%é\" }]
merchants: [{ id: m }]
codes: [{ code: c, client: odd, merchant: m, reusable: true }]
";

/// The row that decided the last request.
async fn last_row(server: &MockAuthServer) -> Option<u8> {
    server.requests().await.pop()?.outcome?.row
}

#[tokio::test]
async fn well_formed_bodies_are_parsed_as_the_standard_says() {
    let server = server_with(FIXTURES).await;
    for body in [
        // A plus is a space, %2B is a plus, and an unescaped = is part of the value.
        format!("{REST}&client_secret=a%2Bb+c%26d=e%25%C3%A9"),
        format!("{REST}&client_secret=a%2bb%20c%26d%3De%25%c3%a9"),
        format!("{REST}&client_secret=a%2Bb+c%26d=e%25é"),
        // Names are decoded, too.
        format!("{REST}&client%5Fsecret=a%2Bb+c%26d=e%25%C3%A9"),
        // Empty pieces are skipped; an empty name is valid.
        format!("&&{REST}&&client_secret=a%2Bb+c%26d=e%25%C3%A9&"),
        format!("=&{REST}&client_secret=a%2Bb+c%26d=e%25%C3%A9"),
        // Unknown parameters are accepted.
        format!("{REST}&client_secret=a%2Bb+c%26d=e%25%C3%A9&x=%00&Client_Secret=y"),
    ] {
        post(&server.token_url(), body.clone()).await.ok();
    }
}

#[tokio::test]
async fn a_literal_plus_is_not_a_plus() {
    let server = server_with(FIXTURES).await;
    let response =
        post(&server.token_url(), format!("{REST}&client_secret=a+b+c%26d=e%25%C3%A9")).await;
    assert_eq!(response.error(), "invalid_client");
}

#[tokio::test]
async fn malformed_bodies_are_refused_with_the_position() {
    let server = MockAuthServer::start().await;
    let cases: [(&[u8], &str); 10] = [
        (b"code=%", "code is malformed: the % at byte 5"),
        (b"code=%4", "the % at byte 5"),
        (b"code=%GG", "the % at byte 5"),
        (b"a=1&code=50%", "the % at byte 11"),
        (b"%=1", "the name of parameter 1"),
        // Overlong, a surrogate, truncated, and unescaped bytes.
        (b"code=%C0%AF", "code is not UTF-8"),
        (b"code=%ED%A0%80", "code is not UTF-8"),
        (b"code=%C3", "code is not UTF-8"),
        (b"code=\xff", "code is not UTF-8"),
        (b"\xc3\x28=1", "the name of parameter 1 is not UTF-8"),
    ];
    for (body, expected) in cases {
        let response = post(&server.token_url(), body).await;
        assert_eq!(
            (response.error().as_str(), response.status),
            ("invalid_request", 400),
            "{body:?}"
        );
        assert!(response.description().contains(expected), "{}", response.text);
    }
}

#[tokio::test]
async fn a_duplicate_parameter_is_refused_known_or_unknown() {
    let server = MockAuthServer::start().await;
    for (body, expected) in [
        ("code=1&code=1", "code occurs more than once"),
        ("code=1&co%64e=1", "code occurs more than once"),
        ("x=1&y=2&x=", "x occurs more than once"),
        ("X9=1&y=2&X9=", "parameter 3 (of unknown name) occurs"),
        ("=&=", "parameter 2"),
        ("%00=1&%00=2", "parameter 2"),
        ("a+b&a%20b", "parameter 2"),
    ] {
        let response = post(&server.token_url(), body).await;
        assert_eq!(response.error(), "invalid_request", "{body}");
        assert!(response.description().contains(expected), "{}", response.text);
    }
}

/// A client that reads the response only after it has sent the whole body must still receive it.
#[tokio::test]
async fn a_refused_body_is_read_before_the_connection_closes() {
    let server = MockAuthServer::start().await;
    for _ in 0..5 {
        let body = "x".repeat(5_000_000);
        let address = server.address();
        let response = tokio::task::spawn_blocking(move || {
            let request = form_request("/oauth2/v3/token", "Connection: close\r\n", &body);
            let mut client = RawClient::connect(address);
            client.send(request).unwrap();
            client.read_response().unwrap()
        });
        assert!(response.await.unwrap().starts_with("HTTP/1.1 413"));
    }
}

#[tokio::test]
async fn ten_thousand_parameters_are_one_request_and_64_kib_its_limit() {
    let server = MockAuthServer::start().await;
    let many: String = (0..10_000).map(|i| format!("{i:x}=&")).collect();
    assert!(many.len() < 64 * 1024);

    post(&server.token_url(), many.clone() + page::REQUEST).await.ok();
    let response = post(&server.token_url(), many + "1=&" + page::REQUEST).await;
    assert!(response.description().contains("more than once"), "{}", response.text);

    let padded = |length: usize| {
        let padding = length - page::REQUEST.len() - 3;
        format!("{}&x={}", page::REQUEST, "y".repeat(padding))
    };
    post(&server.token_url(), padded(64 * 1024)).await.ok();
    let response = post(&server.token_url(), padded(64 * 1024 + 1)).await;
    assert_eq!((response.error().as_str(), response.status), ("invalid_request", 413));
}

fn sample(server: &MockAuthServer, content_type: &str) -> RequestBuilder {
    reqwest::Client::new()
        .post(server.token_url())
        .header("Content-Type", content_type)
        .body(crate::support::page::REQUEST)
}

#[tokio::test]
async fn a_content_type_may_have_parameters_that_change_nothing() {
    let server = MockAuthServer::start().await;
    for (parameters, is_noted) in [
        ("", false),
        (";", false),
        ("; charset=UTF-8;", false),
        ("; boundary=x; q=1", false),
        ("; charset=ISO-8859-1", true),
        ("; charset=\"windows-1252\"; a=b", true),
    ] {
        server.clear_requests().await;
        let content_type = format!("application/x-www-form-urlencoded{parameters}");
        fetch(sample(&server, &content_type)).await.ok();
        let notes = &server.requests().await[0].notes;
        let has_note = notes.iter().any(|note| note.contains("another charset than UTF-8"));
        assert_eq!(has_note, is_noted, "{content_type}: {notes:?}");
    }
}

#[tokio::test]
async fn another_charset_is_refused_unless_it_extends_ascii_and_the_body_is_ascii() {
    let server = MockAuthServer::start().await;
    for (charset, body) in
        [("utf-16", "code=x"), ("ebcdic-cp-us", "code=x"), ("", "code=x"), ("iso-8859-1", "code=é")]
    {
        let content_type = format!("application/x-www-form-urlencoded; charset={charset}");
        let request = sample(&server, &content_type).body(body);
        let response = fetch(request).await;
        assert_eq!((response.error().as_str(), response.status), ("invalid_request", 400));
        assert!(response.description().contains("utf-8"), "{}", response.text);
        assert_eq!(last_row(&server).await, Some(3));
    }

    // What is escaped is UTF-8, whatever the charset says.
    let content_type = "application/x-www-form-urlencoded; charset=iso-8859-1";
    for (body, row) in [("code=%C3%A9", 7), ("code=%E9", 5)] {
        sample(&server, content_type).body(body).send().await.unwrap();
        assert_eq!(last_row(&server).await, Some(row), "{body}");
    }
}

#[tokio::test]
async fn a_content_encoding_is_refused_by_name() {
    let server = MockAuthServer::start().await;
    let form = "application/x-www-form-urlencoded";
    for (coding, word) in [
        ("gzip", "gzip"),
        ("identity, br", "br"),
        ("s3cr3t\"", "of this request"),
        ("identity", ""),
        ("", ""),
    ] {
        let request = sample(&server, form).header("Content-Encoding", coding);
        let response = fetch(request).await;
        if word.is_empty() {
            response.ok();
            continue;
        }
        assert_eq!((response.error().as_str(), response.status), ("invalid_request", 400));
        let expected = format!("The Content-Encoding {word} is not supported");
        assert!(response.description().contains(&expected), "{}", response.text);
    }

    // The same at the consent page's form, and at the control API.
    let page = reqwest::Client::new().post(server.authorize_url());
    let page = page.header("Content-Type", form).header("Accept", "application/json");
    let response = fetch(page.header("Content-Encoding", "gzip").body("a=b")).await;
    assert!(response.description().contains("gzip"));

    let control = reqwest::Client::new()
        .post(format!("{}/_mock/clock/advance", server.base_url()))
        .header("Content-Encoding", "deflate")
        .json(&serde_json::json!({ "by": "1h" }));
    let response = fetch(control).await;
    assert_eq!(response.status, 415);
    assert!(response.text.contains("deflate"), "{}", response.text);
}
