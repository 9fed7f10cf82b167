//! More connections than there may be: the longest idle gives way, and nobody else notices.

#[path = "it/support/mod.rs"]
mod support;

use std::time::Duration;

use smartpay_oauth_mock::{Limits, MockAuthServer};
use support::folder::Folder;
use support::page;
use support::program::{Running, resident};
use support::raw_client::{RawClient, TOKEN_HEAD};

async fn server(limits: Limits) -> MockAuthServer {
    MockAuthServer::builder().limits(limits).start().await.unwrap()
}

#[tokio::test]
async fn an_idle_connection_ends_after_a_while() {
    let server =
        server(Limits { head_time: Duration::from_millis(200), ..Limits::default() }).await;
    let mut silent = RawClient::connect(server.address());
    let mut once = RawClient::connect(server.address());
    once.post_token(page::REQUEST).unwrap();
    let seen = tokio::task::spawn_blocking(move || (silent.read_all(), once.read_all()));
    let (silent, once) = seen.await.unwrap();
    assert_eq!(silent, "");
    assert_eq!(once.matches("HTTP/1.1 200").count(), 1, "{once}");
}

/// For one more connection than there may be, the longest idle gives way: not one that was used
/// since, nor one that waits for its answer.
#[tokio::test]
async fn the_longest_idle_connection_gives_way() {
    let server = server(Limits { connections: 4, ..Limits::default() }).await;
    let held = r#"{ when: { param: { state: held } }, respond: { hold: { until: 2 } } }"#;
    let fixtures = format!("extends: default\nscenarios: [{held}]");
    server.replace_fixtures(&fixtures).await.unwrap();
    let answered = |client: &mut RawClient| {
        let seen = client.read_response().expect("an answer");
        assert!(seen.starts_with("HTTP/1.1 200"), "{seen}");
    };
    let all = tokio::task::spawn_blocking(move || {
        let address = server.address();
        let mut waiting = RawClient::connect(address);
        waiting.post_token(&format!("{}&state=held", page::REQUEST)).unwrap();
        let [mut first, mut second, mut third] = [(); 3].map(|()| RawClient::connect(address));
        for client in [&mut first, &mut second, &mut third] {
            client.post_token(page::REQUEST).unwrap();
            answered(client);
        }
        let mut fifth = RawClient::connect(address);
        fifth.post_token(page::REQUEST).unwrap();
        answered(&mut fifth);
        assert_eq!(first.read_all(), "", "the longest idle");
        for client in [&mut second, &mut third] {
            client.post_token(page::REQUEST).unwrap();
            answered(client);
        }
        third.post_token(&format!("{}&state=held", page::REQUEST)).unwrap();
        answered(&mut third);
        answered(&mut waiting);
    });
    all.await.unwrap();
}

/// Connections that have sent half of a request give way at once: two hundred newcomers, which a
/// second each would be too long for.
#[tokio::test]
async fn half_a_request_keeps_nobody_out() {
    let server = server(Limits { connections: 4, ..Limits::default() }).await;
    let address = server.address();
    let come = move || {
        let half: Vec<RawClient> = (0..200)
            .map(|_| {
                let mut client = RawClient::connect(address);
                client.send(&TOKEN_HEAD[..30]).unwrap();
                client
            })
            .collect();
        let mut client = RawClient::connect(address);
        client.post_token(page::REQUEST).unwrap();
        assert!(client.read_response().unwrap().starts_with("HTTP/1.1 200"));
        drop(half);
    };
    tokio::task::spawn_blocking(come).await.unwrap();
}

/// In the middle of its answer a connection is not idle.
#[tokio::test]
async fn a_slow_answer_is_not_cut_short_for_others() {
    let server = server(Limits { connections: 2, ..Limits::default() }).await;
    let slow = "{ when: { param: { state: slow } }, respond: { fault: slow_body, interval: 1ms } }";
    server.replace_fixtures(&format!("extends: default\nscenarios: [{slow}]")).await.unwrap();
    let address = server.address();
    let all = tokio::task::spawn_blocking(move || {
        let mut slow = RawClient::connect(address);
        slow.post_token(&format!("{}&state=slow", page::REQUEST)).unwrap();
        assert!(slow.receive().unwrap() > 0);
        for _ in 0..10 {
            let mut client = RawClient::connect(address);
            client.post_token(page::REQUEST).unwrap();
            client.read_response().unwrap();
        }
        slow.read_response().expect("the whole answer");
    });
    all.await.unwrap();
}

/// While all are busy, a newcomer waits for the first that no longer is, which then gives way.
#[tokio::test]
async fn whoever_finds_all_busy_waits_for_the_first_that_no_longer_is() {
    let server = server(Limits { connections: 1, ..Limits::default() }).await;
    let slow = "{ when: { param: { state: slow } }, respond: { fault: slow_body, interval: 1ms } }";
    server.replace_fixtures(&format!("extends: default\nscenarios: [{slow}]")).await.unwrap();
    let address = server.address();
    let all = tokio::task::spawn_blocking(move || {
        let mut busy = RawClient::connect(address);
        busy.post_token(&format!("{}&state=slow", page::REQUEST)).unwrap();
        assert!(busy.receive().unwrap() > 0);
        let mut new = RawClient::connect(address);
        new.post_token(page::REQUEST).unwrap();
        busy.read_response().expect("the whole answer");
        new.read_response().expect("an answer");
        assert_eq!(busy.read_all(), "");
    });
    all.await.unwrap();
}

/// Ten thousand connections that say nothing, or begin a request and stop: they cost little, and
/// the next client is answered at once.
#[test]
#[cfg(target_os = "linux")]
fn ten_thousand_idle_connections_are_no_burden() {
    const MANY: usize = 10_000;
    let sockets = rlimit::increase_nofile_limit(u64::MAX).unwrap_or_default();
    if sockets < MANY as u64 + 500 {
        println!("skipped: the system gives only {sockets} open sockets (ulimit -n)");
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
        let mut client = RawClient::connect(server.address());
        client.post_token(page::REQUEST).unwrap();
        assert!(client.read_response().unwrap().starts_with("HTTP/1.1 200"));
    }
    let grown = resident(server.child.id()) - before;
    println!("{MANY} idle connections take {grown:.1} MB");
    assert!(grown < 400.0, "{grown} MB");
    server.signal("-TERM");
    assert_eq!(server.exit_code(), Some(0));
    drop(idle);
}

/// When the system gives no more sockets, the longest idle connections give way, as they do to a
/// limit of the server's own.
#[test]
#[cfg(target_os = "linux")]
fn a_system_that_gives_no_more_sockets_does_not_keep_anybody_out() {
    let folder = Folder::new("limits-sockets");
    let mut server = Running::start(&folder, &[]);
    let pid = server.child.id().try_into().unwrap();
    rlimit::prlimit(pid, rlimit::Resource::NOFILE, Some((64, 64)), None).unwrap();
    let idle: Vec<RawClient> = (0..200).map(|_| RawClient::connect(server.address())).collect();
    for _ in 0..20 {
        let mut client = RawClient::connect(server.address());
        client.post_token(page::REQUEST).unwrap();
        assert!(client.read_response().unwrap().starts_with("HTTP/1.1 200"));
    }
    server.signal("-TERM");
    assert_eq!(server.exit_code(), Some(0));
    let log = server.log();
    assert_eq!(log.matches("the system gives no more sockets").count(), 1, "{log}");
    drop(idle);
}
