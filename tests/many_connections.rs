//! More connections than the limit: the longest idle ones are closed, and other clients are served.

#[path = "it/support/mod.rs"]
mod support;

use crate::support::tools::skip;
use std::time::Duration;

use smartpay_oauth_mock::{Limits, MockAuthServer};
use support::folder::Folder;
use support::page;
use support::program::{Running, resident};
use support::raw_client::{RawClient, TOKEN_HEAD};

async fn server(limits: Limits) -> MockAuthServer {
    MockAuthServer::builder().limits(limits).start().await.unwrap()
}

/// Reads a response, which must have the status 200.
fn read_ok(client: &mut RawClient) {
    let response = client.read_response().expect("a response");
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
}

/// Sends the sample request and reads its response.
fn send_sample(client: &mut RawClient) {
    client.post_token(page::REQUEST).unwrap();
    read_ok(client);
}

#[tokio::test]
async fn an_idle_connection_ends_after_a_while() {
    let server = server(Limits::default().head_time(Duration::from_millis(200))).await;
    let mut silent = RawClient::connect(server.address());
    let mut once = RawClient::connect(server.address());
    once.post_token(page::REQUEST).unwrap();
    let closed = tokio::task::spawn_blocking(move || (silent.read_all(), once.read_all()));
    let (silent, once) = closed.await.unwrap();
    assert_eq!(silent, "");
    assert_eq!(once.matches("HTTP/1.1 200").count(), 1, "{once}");
}

/// One connection more than the limit closes the longest idle one: not one that was used since, nor
/// one that waits for its response.
#[tokio::test]
async fn the_longest_idle_connection_is_closed() {
    let server = server(Limits::default().connections(4)).await;
    let held = r#"{ when: { param: { state: held } }, respond: { hold: { until: 2 } } }"#;
    let fixtures = format!("extends: default\nscenarios: [{held}]");
    server.replace_fixtures(&fixtures).await.unwrap();
    let all = tokio::task::spawn_blocking(move || {
        let address = server.address();
        let mut waiting = RawClient::connect(address);
        waiting.post_token(&format!("{}&state=held", page::REQUEST)).unwrap();
        let [mut first, mut second, mut third] = [(); 3].map(|()| RawClient::connect(address));
        for client in [&mut first, &mut second, &mut third] {
            send_sample(client);
        }
        let mut fifth = RawClient::connect(address);
        send_sample(&mut fifth);
        assert_eq!(first.read_all(), "", "the longest idle");
        for client in [&mut second, &mut third] {
            send_sample(client);
        }
        third.post_token(&format!("{}&state=held", page::REQUEST)).unwrap();
        read_ok(&mut third);
        read_ok(&mut waiting);
    });
    all.await.unwrap();
}

/// Connections with a partial request are closed at once. There are two hundred new connections, so
/// that a second for each would be too long.
#[tokio::test]
async fn a_partial_request_does_not_keep_a_connection_open() {
    let server = server(Limits::default().connections(4)).await;
    let address = server.address();
    let connect_all = move || {
        let half: Vec<RawClient> = (0..200)
            .map(|_| {
                let mut client = RawClient::connect(address);
                client.send(&TOKEN_HEAD[..30]).unwrap();
                client
            })
            .collect();
        send_sample(&mut RawClient::connect(address));
        drop(half);
    };
    tokio::task::spawn_blocking(connect_all).await.unwrap();
}

/// A connection is not idle while its response is being sent.
#[tokio::test]
async fn a_slow_response_is_not_cut_off_for_new_connections() {
    let server = server(Limits::default().connections(2)).await;
    let slow = "{ when: { param: { state: slow } }, respond: { fault: slow_body, interval: 1ms } }";
    server.replace_fixtures(&format!("extends: default\nscenarios: [{slow}]")).await.unwrap();
    let address = server.address();
    let all = tokio::task::spawn_blocking(move || {
        let mut slow = RawClient::connect(address);
        slow.post_token(&format!("{}&state=slow", page::REQUEST)).unwrap();
        assert!(slow.receive().unwrap() > 0);
        for _ in 0..10 {
            send_sample(&mut RawClient::connect(address));
        }
        slow.read_response().expect("the whole response");
    });
    all.await.unwrap();
}

/// While all connections are busy, a new one waits for the first that becomes idle.
#[tokio::test]
async fn while_all_are_busy_a_new_connection_waits_for_the_first_that_becomes_idle() {
    let server = server(Limits::default().connections(1)).await;
    let slow = "{ when: { param: { state: slow } }, respond: { fault: slow_body, interval: 1ms } }";
    server.replace_fixtures(&format!("extends: default\nscenarios: [{slow}]")).await.unwrap();
    let address = server.address();
    let all = tokio::task::spawn_blocking(move || {
        let mut busy = RawClient::connect(address);
        busy.post_token(&format!("{}&state=slow", page::REQUEST)).unwrap();
        assert!(busy.receive().unwrap() > 0);
        let mut new = RawClient::connect(address);
        new.post_token(page::REQUEST).unwrap();
        busy.read_response().expect("the whole response");
        new.read_response().expect("a response");
        assert_eq!(busy.read_all(), "");
    });
    all.await.unwrap();
}

/// Ten thousand connections that send nothing or a partial request use little memory, and the next
/// client gets its response at once.
#[test]
#[cfg(target_os = "linux")]
fn ten_thousand_idle_connections_use_little_memory() {
    const MANY: usize = 10_000;
    let sockets = rlimit::increase_nofile_limit(u64::MAX).unwrap_or_default();
    if sockets < MANY as u64 + 500 {
        skip(&format!("the system allows only {sockets} open sockets (ulimit -n)"));
        return;
    }
    let folder = Folder::new("limits-idle");
    let mut server = Running::start(&folder, &[]);
    let before = resident(server.child.id());
    let idle: Vec<RawClient> = (0..MANY)
        .map(|n| {
            let mut client = RawClient::connect(server.address());
            if n % 2 == 0 {
                client.send(&TOKEN_HEAD[..n % TOKEN_HEAD.len()]).unwrap();
            }
            client
        })
        .collect();
    for _ in 0..20 {
        send_sample(&mut RawClient::connect(server.address()));
    }
    let grown = resident(server.child.id()) - before;
    println!("{MANY} idle connections take {grown:.1} MB");
    assert!(grown < 400.0, "{grown} MB");
    server.signal("-TERM");
    assert_eq!(server.exit_code(), Some(0));
    drop(idle);
}

/// When the system has no more sockets, the longest idle connections are closed, as for the
/// server's own limit.
#[test]
#[cfg(target_os = "linux")]
fn new_connections_are_served_when_the_system_has_no_more_sockets() {
    let folder = Folder::new("limits-sockets");
    let mut server = Running::start(&folder, &[]);
    let pid = server.child.id().try_into().unwrap();
    rlimit::prlimit(pid, rlimit::Resource::NOFILE, Some((64, 64)), None).unwrap();
    let idle: Vec<RawClient> = (0..200).map(|_| RawClient::connect(server.address())).collect();
    for _ in 0..20 {
        send_sample(&mut RawClient::connect(server.address()));
    }
    server.signal("-TERM");
    assert_eq!(server.exit_code(), Some(0));
    let log = server.log();
    assert_eq!(log.matches("the system has no more sockets").count(), 1, "{log}");
    drop(idle);
}

/// A test can always end what keeps all connections busy, behind however many other requests.
#[tokio::test]
async fn a_control_call_finds_a_place_while_all_connections_are_busy() {
    let server = server(Limits::default().connections(2)).await;
    let held = "extends: default\nscenarios: [{ name: held, respond: { hold: { until: 1000 } } }]";
    server.replace_fixtures(held).await.unwrap();
    let address = server.address();
    let all = tokio::task::spawn_blocking(move || {
        let mut clients: Vec<RawClient> = (0..30)
            .map(|_| {
                let mut client = RawClient::connect(address);
                client.post_token(page::REQUEST).unwrap();
                client
            })
            .collect();
        let mut control = RawClient::connect(address);
        control.send("DELETE /_mock/scenarios HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let response = control.read_response().unwrap();
        assert!(response.starts_with("HTTP/1.1 204"), "{response}");

        let responses: Vec<_> =
            clients.iter_mut().map(|client| client.read_response().unwrap()).collect();
        let with = |status: &str| {
            let start = format!("HTTP/1.1 {status} ");
            responses.iter().filter(|response| response.starts_with(&start)).count()
        };
        assert!(with("200") >= 2 && with("200") + with("503") == 30, "{responses:?}");
        let refused = responses.iter().find(|response| response.starts_with("HTTP/1.1 503"));
        assert!(refused.is_none_or(|response| response.contains("\r\nRetry-After: 1\r\n")));
    });
    all.await.unwrap();
}

/// A server that the system allows only 64 open files.
struct Limited {
    child: std::process::Child,
    address: String,
}

impl Limited {
    fn start(folder: &Folder) -> Self {
        let ready = folder.path("ready.json");
        let child = std::process::Command::new("sh")
            .args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\"", support::program::PROGRAM])
            .args(["--listen", "127.0.0.1:0", "--ready-file", &ready, "--log", "warn"])
            .spawn()
            .unwrap();
        let mut limited = Self { child, address: String::new() };
        while limited.address.is_empty() {
            let text = std::fs::read_to_string(&ready).unwrap_or_default();
            if let Ok(ready) = serde_json::from_str::<serde_json::Value>(&text) {
                let url = ready["http"].as_str().unwrap();
                limited.address = url.trim_start_matches("http://").to_owned();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        limited
    }

    /// Sends a control call and returns the status line of its response.
    fn control(&self, method: &str, path: &str, body: &str) -> String {
        let mut client = RawClient::connect(&self.address);
        let request = format!(
            "{method} /_mock/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: \
             application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        client.send(request).unwrap();
        client.read_response().unwrap().lines().next().unwrap_or_default().to_owned()
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_ports_of_realms_do_not_take_the_last_sockets() {
    let folder = Folder::new("last-sockets-realms");
    let server = Limited::start(&folder);
    let statuses: Vec<_> = (0..80)
        .map(|n| server.control("PUT", &format!("realms/r{n}"), "{\"listen\": true}"))
        .collect();
    let created = statuses.iter().filter(|status| status.contains(" 201 ")).count();
    let refused = statuses.iter().filter(|status| status.contains(" 503 ")).count();
    assert!(created > 5 && refused > 5 && created + refused == 80, "{statuses:?}");

    let clients: Vec<_> = (0..10).map(|_| RawClient::connect(&server.address)).collect();
    for mut client in clients {
        send_sample(&mut client);
    }
    assert!(server.control("DELETE", "realms/r0", "").contains(" 204 "));
}

#[test]
fn a_control_call_finds_a_socket_while_requests_hold_all_others() {
    let folder = Folder::new("last-sockets-held");
    let server = Limited::start(&folder);
    let held = "{\"name\": \"held\", \"respond\": {\"hold\": {\"until\": 1000}}}";
    assert!(server.control("POST", "scenarios", held).contains(" 201 "));
    let clients: Vec<_> = (0..70)
        .map(|_| {
            let mut client = RawClient::connect(&server.address);
            client.post_token(page::REQUEST).unwrap();
            client
        })
        .collect();
    assert!(server.control("DELETE", "scenarios", "").contains(" 204 "));
    drop(clients);
}
