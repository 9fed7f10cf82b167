//! Stopping while clients send requests: every accepted request gets its response, unless a second
//! signal ends the wait.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::folder::Folder;
use crate::support::https_client::HttpsClient;
use crate::support::page;
use crate::support::program::Running;
use crate::support::raw_client::RawClient;

/// Sixteen clients send requests as fast as they can. Each gets a response to every request until a
/// response says `Connection: close`.
#[test]
fn no_request_is_lost_when_the_server_stops_under_load() {
    let folder = Folder::new("stop-load");
    let mut server = Running::start(&folder, &["--log", "warn"]);
    let address = server.address().to_owned();
    let responses = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = RawClient::connect(&address);
                    loop {
                        client.post_token(page::REQUEST)?;
                        let response = client.read_response()?;
                        assert!(response.starts_with("HTTP/1.1 200"), "{response}");
                        responses.fetch_add(1, Ordering::Relaxed);
                        if response.contains("Connection: close") {
                            return std::io::Result::Ok(());
                        }
                    }
                })
            })
            .collect();
        while responses.load(Ordering::Relaxed) < 300 {
            std::thread::sleep(Duration::from_millis(1));
        }
        server.signal("-TERM");
        for client in clients {
            client.join().unwrap().expect("every request gets a response");
        }
    });
    assert_eq!(server.exit_code(), Some(0));
    assert_eq!(server.log(), "", "nothing was aborted");
}

/// Clients connect while the server process is suspended, so that it has not accepted them when it
/// gets the signal to stop. Half of them send their request only after the signal.
#[test]
fn clients_that_have_just_connected_still_get_a_response() {
    const CLIENTS: usize = 500;
    let sockets = rlimit::increase_nofile_limit(u64::MAX).unwrap_or_default();
    assert!(sockets > CLIENTS as u64 + 100, "{sockets} open sockets are too few (ulimit -n)");
    let folder = Folder::new("stop-connected");
    let limits = ["--limit", "last_call=1m", "stop_time=1m"];
    let mut server = Running::start(&folder, &[&["--log", "warn"], &limits[..]].concat());
    let address = server.address().to_owned();
    server.signal("-STOP");
    let mut clients: Vec<RawClient> = (0..CLIENTS).map(|_| RawClient::connect(&address)).collect();
    let (early, late) = clients.split_at_mut(CLIENTS / 2);
    for client in early {
        client.post_token(page::REQUEST).unwrap();
    }
    server.signal("-TERM");
    server.signal("-CONT");
    std::thread::sleep(Duration::from_millis(200));
    for client in late {
        client.post_token(page::REQUEST).unwrap();
    }
    for client in &mut clients {
        assert!(client.read_response().expect("a response").starts_with("HTTP/1.1 200"));
    }
    drop(clients);
    assert_eq!(server.exit_code(), Some(0));
}

/// A client whose handshake has not begun when the server gets the signal to stop.
#[test]
fn a_client_that_has_just_connected_over_tls_still_gets_a_response() {
    let folder = Folder::new("stop-tls");
    let certificates = folder.path("tls");
    let limits = ["--limit", "last_call=1m", "stop_time=1m"];
    let arguments = [&["--tls-dir", &certificates], &limits[..]].concat();
    let mut server = Running::start_https(&folder, &arguments);
    let ca = std::fs::read_to_string(format!("{certificates}/ca.pem")).unwrap();
    let client = HttpsClient::new(&ca);
    let url = format!("https://localhost:{}/oauth2/v3/token", server.port());

    // The system accepts a connection in the place of the program that is stopped.
    server.signal("-STOP");
    let stream = std::net::TcpStream::connect(server.address()).unwrap();
    stream.set_nonblocking(true).unwrap();
    server.signal("-TERM");
    server.signal("-CONT");

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let response = runtime.block_on(async {
        let stream = tokio::net::TcpStream::from_std(stream).unwrap();
        client.post_over(stream, &url, page::REQUEST).await
    });
    response.unwrap().ok();
    assert_eq!(server.exit_code(), Some(0));
}

/// A response that has begun is sent to its end. The response of a client that follows the journal
/// has no end, so it is ended.
#[test]
fn a_response_that_has_begun_is_finished_and_those_of_followers_are_ended() {
    let folder = Folder::new("stop-slow");
    let slow = "{ when: { endpoint: token }, respond: { fault: slow_body, interval: 1ms } }";
    let fixtures = folder.write("slow.yaml", &format!("extends: default\nscenarios: [{slow}]\n"));
    let limits = ["--limit", "stop_time=1h"];
    let mut server = Running::start(&folder, &[&["--fixtures", &fixtures], &limits[..]].concat());
    let mut follower = RawClient::connect(server.address());
    follower.send("GET /_mock/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut slow = RawClient::connect(server.address());
    slow.post_token(page::REQUEST).unwrap();
    for client in [&mut follower, &mut slow] {
        assert!(client.receive().unwrap() > 0);
    }
    server.signal("-TERM");
    slow.read_response().expect("the whole response");
    assert!(follower.read_all().ends_with("\r\n0\r\n\r\n"), "a proper end");
    assert_eq!(server.exit_code(), Some(0));
}

/// Requests that would take an hour: after the first signal the server waits for them up to a
/// limit; a second signal ends them at once.
#[test]
fn requests_are_cut_off_by_a_second_signal_or_after_the_limit() {
    let folder = Folder::new("stop-second");
    let slow = "extends: default\nscenarios: [{ respond: { delay: 1h } }]\n";
    let fixtures = folder.write("slow.yaml", slow);
    for (limit, signals) in [("stop_time=1h", 2), ("stop_time=300ms", 1)] {
        let mut server = Running::start(&folder, &["--fixtures", &fixtures, "--limit", limit]);
        let address = server.address().to_owned();
        let (all_sent, start) = (Barrier::new(17), Instant::now());
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    let mut client = RawClient::connect(&address);
                    client.post_token(page::REQUEST).unwrap();
                    all_sent.wait();
                    assert!(
                        client.read_response().is_err(),
                        "the connection closes without a response"
                    );
                });
            }
            all_sent.wait();
            for _ in 0..signals {
                // Two signals of the same kind that are sent at once arrive as one.
                std::thread::sleep(Duration::from_millis(100));
                server.signal("-TERM");
            }
            assert_eq!(server.exit_code(), Some(0));
        });
        assert!(start.elapsed() < Duration::from_secs(60));
        let log = server.log();
        let expected = if signals == 2 { "stopping at once" } else { "were aborted" };
        assert!(log.contains(expected), "{log}");
    }
}
