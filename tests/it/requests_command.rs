//! The command `requests`: lists and verifies the requests that a running server has received.

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::support::program::{PROGRAM, text};
use crate::support::tools::skip;
use crate::support::{post, post_sample, server_with};
use serde_json::Value;
use smartpay_oauth_mock::MockAuthServer;

/// Runs a command against a server.
async fn shell(server: &MockAuthServer, arguments: &'static [&'static str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env("SMARTPAY_MOCK_SERVER", server.base_url());
    tokio::task::spawn_blocking(move || command.output().expect("the program")).await.unwrap()
}

/// A server that has accepted one refresh request and refused two.
async fn server_with_requests() -> MockAuthServer {
    let server = MockAuthServer::start().await;
    post_sample(&server).await.ok();
    for _ in 0..2 {
        post(&server.token_url(), "grant_type=refresh_token&client_id=8l57hYffFb").await;
    }
    server
}

#[tokio::test]
async fn requests_are_listed_as_a_table_or_json() {
    let server = server_with_requests().await;
    let table = text(&shell(&server, &["requests"]).await.stdout);
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].contains("endpoint") && lines[0].contains("client"), "{table}");
    for (line, parts) in [
        (lines[1], ["    1  ", "refresh_token", "8l57hYffFb", "rahulrama", "200"]),
        (lines[2], ["    2  ", "refresh_token", "8l57hYffFb", "400", "invalid_request, row 7"]),
    ] {
        for part in parts {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
    assert!(table.contains("note (3 from #1 to #3): The request used plain HTTP."), "{table}");
    assert!(!table.contains('\x1b'), "no colors in a pipe");
    let quiet = text(&shell(&server, &["requests", "--quiet-notes"]).await.stdout);
    assert_eq!(quiet.lines().collect::<Vec<_>>(), lines[..4], "{quiet}");
    let last = &["requests", "--status", "400", "--limit", "1", "--json"];
    let json: Value = serde_json::from_slice(&shell(&server, last).await.stdout).unwrap();
    assert_eq!((&json["requests"][0]["id"], &json["total"]), (&3.into(), &2.into()));
    let few = text(&shell(&server, &["requests", "--limit", "1"]).await.stdout);
    assert!(few.contains("1 of 3 requests"), "{few}");
    assert_eq!(text(&shell(&server, &["requests", "clear"]).await.stdout), "journal cleared\n");
    assert!(server.requests().await.is_empty());
}

#[tokio::test]
async fn the_exit_code_of_verify_says_whether_the_expectation_is_met() {
    let server = server_with_requests().await;
    for (arguments, exit, part) in [
        (&["requests", "verify", "--client", "8l57hYffFb"][..], 0, "expectation met: 3 matched"),
        (&["requests", "verify", "--client", "8l57*", "--exactly", "3"], 0, "expectation met"),
        (&["requests", "verify", "--at-least", "2", "--at-most", "3"], 0, "expectation met"),
        (&["requests", "verify", "--error", "access_denied"], 1, "expectation not met: 0 matched"),
        (
            &["requests", "verify", "--error", "access_denied"],
            1,
            "error: expected access_denied, found invalid_request",
        ),
        (&["requests", "verify", "--exactly", "1", "--wait", "10ms"], 1, "3 matched"),
        (&["requests", "verify", "--at-most", "0", "--json"], 1, "\"satisfied\":false"),
        (&["requests", "verify", "--method", "POST", "--path", "/oauth2/*"], 0, "3 matched"),
        (&["requests", "verify", "--header", "Content-Type=*form*", "--exactly", "3"], 0, "met"),
        (&["requests", "verify", "--param", "code=eyJraK", "--exactly", "1"], 0, "1 matched"),
        (
            &["requests", "verify", "--param", "code=x"],
            1,
            "param.code: expected x, found d33da05d966d",
        ),
        (&["requests", "verify", "--order", "status=200", "--order", "error=*"], 0, "2 matched"),
        (&["requests", "verify", "--order", "status=400", "--order", "status=200"], 1, "1 matched"),
        (
            &["requests", "verify", "--order", "status=400", "--order", "status=200"],
            1,
            "order: expected after #2, found #1",
        ),
    ] {
        let output = shell(&server, arguments).await;
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains(part), "{arguments:?}: {}", text(&output.stdout));
    }
    for (arguments, exit, part) in [
        (&["requests", "verify", "--exactly", "1", "--at-most", "2"][..], 2, "cannot be used"),
        (&["requests", "verify", "--at-least", "2", "--at-most", "1"], 2, "--at-most"),
        (&["requests", "--endpoint", "nowhere"], 2, "--endpoint"),
        (&["requests", "--follow", "verify"], 2, "cannot be used"),
        (&["requests", "verify", "--order", "status=1", "--client", "x"], 2, "cannot be used"),
        (&["requests", "verify", "--order", "status=1", "--exactly", "1"], 2, "cannot be used"),
        (&["requests", "verify", "--order", "client=x"], 2, "client_id"),
        (&["requests", "--header", "x-test"], 2, "NAME=VALUE"),
        (&["requests", "verify", "--wait", "soon"], 2, "soon"),
    ] {
        let output = shell(&server, arguments).await;
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}");
        assert!(text(&output.stderr).contains(part), "{arguments:?}: {}", text(&output.stderr));
    }
    let server = std::sync::Arc::new(server);
    let waiting = {
        let server = std::sync::Arc::clone(&server);
        let verify = &["requests", "verify", "--exactly", "4", "--wait", "60s"];
        tokio::spawn(async move { shell(&server, verify).await })
    };
    tokio::time::sleep(Duration::from_millis(200)).await;
    post_sample(&server).await.ok();
    assert_eq!(waiting.await.unwrap().status.code(), Some(0));
}

/// A script can tell "no" from "cannot tell": no server, another program, or a refusal.
#[tokio::test]
async fn verify_exits_with_3_if_it_cannot_tell() {
    let server = MockAuthServer::builder().control_token("s3cret").start().await.unwrap();
    // A response that is well-formed and means nothing here.
    let other = server_with("resources: [{ path: /other/_mock/requests/verify, methods: [POST] }]");
    let other = other.await;
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();

    let urls = [
        (format!("http://{unused}"), "cannot connect"),
        (server.base_url(), "token"),
        (server.base_url() + "/realms/nowhere", "realm"),
        (other.base_url() + "/other", ""),
    ];
    for (url, part) in urls {
        let mut command = Command::new(PROGRAM);
        command.args(["requests", "verify", "--server", &url]);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{url}: {stderr}");
        assert!(!stderr.is_empty() && stderr.contains(part), "{url}: {stderr}");
    }
}

#[tokio::test]
async fn follow_prints_requests_as_they_arrive() {
    let server = server_with_requests().await;
    let mut following = Command::new(PROGRAM)
        .args(["requests", "--follow", "--after", "2", "--server", &server.base_url()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let (mut lines, first) = tokio::task::spawn_blocking(move || {
        let first = lines.next().unwrap().unwrap();
        (lines, first)
    })
    .await
    .unwrap();
    assert!(first.starts_with("    3  "), "{first}");
    let next = tokio::task::spawn_blocking(move || {
        lines.find_map(|line| line.ok().filter(|line| !line.contains("note:"))).unwrap()
    });
    post_sample(&server).await.ok();
    let next = next.await.unwrap();
    assert!(next.starts_with("    4  ") && next.ends_with("200"), "{next}");
    following.kill().unwrap();
    following.wait().unwrap();
}

/// `script` runs the program in a terminal.
#[tokio::test]
async fn colors_are_for_terminals_without_no_color() {
    if Command::new("script").arg("--version").output().is_err() {
        skip("script (bsdutils) is not installed (.ci/run installs it)");
        return;
    }
    let server = server_with_requests().await;
    let url = server.base_url();
    let outputs = tokio::task::spawn_blocking(move || {
        ["", "1"].map(|no_color| {
            let line = format!("{PROGRAM} requests --server {url}");
            let mut script = Command::new("script");
            script
                .args(["-qec", &line, "/dev/null"])
                .env("TERM", "xterm")
                .env("NO_COLOR", no_color);
            text(&script.stdin(Stdio::null()).output().unwrap().stdout)
        })
    });
    let [with, without] = outputs.await.unwrap();
    assert!(with.contains("\x1b[32m200\x1b[0m") && with.contains("\x1b[31m400"), "{with}");
    assert!(!without.contains('\x1b') && without.contains("400"), "{without}");
}

/// A client can send any characters. A terminal would act on some: clear the screen, or worse.
#[tokio::test]
async fn what_clients_send_cannot_control_the_terminal() {
    let server = MockAuthServer::start().await;
    let hostile = "grant_type=%1B%5B2J&client_id=%1B%5D0;x%07%C2%9B31m%0A%0D%7F%E2%80%AE&code=x";
    post(&server.token_url(), hostile).await;

    for arguments in [
        &["requests"][..],
        &["requests", "--json"],
        &["requests", "verify", "--client", "other"],
        &["requests", "verify", "--client", "other", "--json"],
    ] {
        let output = shell(&server, arguments).await;
        let printed = text(&output.stdout) + &text(&output.stderr);
        let acted_on = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        let in_json = |c: char| c == '\u{202e}' && arguments.contains(&"--json");
        assert!(!printed.contains(|c| acted_on(c) && !in_json(c)), "{arguments:?}: {printed:?}");
        assert!(printed.contains("u{1b}]0;x") || printed.contains("u001b]0;x"), "{printed}");
    }
    let shown = server.requests().await[0].to_string();
    assert!(shown.contains(r"\u{1b}]0;x\u{7}\u{9b}31m\n\r\u{7f}\u{202e}"), "{shown}");
}
