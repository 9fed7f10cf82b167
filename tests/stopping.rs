//! Stopping while clients go on asking: whatever was accepted is answered, unless a second signal
//! says not to wait.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use support::folder::Folder;
use support::page;
use support::program::Running;

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn ask(stream: &mut TcpStream) -> std::io::Result<()> {
    let body = page::REQUEST;
    let head = "POST /oauth2/v3/token HTTP/1.1\r\nHost: x\r\nContent-Type: \
                application/x-www-form-urlencoded\r\n";
    stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
}

/// A whole answer; an error if it does not come.
fn answer(stream: &mut TcpStream) -> Result<String, String> {
    let mut seen = String::new();
    let mut buffer = [0; 16 * 1024];
    while !seen.ends_with('}') {
        match stream.read(&mut buffer) {
            Ok(0) => return Err(format!("hung up after {seen:?}")),
            Ok(read) => seen += std::str::from_utf8(&buffer[..read]).unwrap(),
            Err(error) => return Err(format!("{error} after {seen:?}")),
        }
    }
    Ok(seen)
}

/// Sixteen clients ask as fast as they can. The one that is told `Connection: close` stops; until
/// then everything that it asks is answered.
#[test]
fn no_request_is_lost_when_the_server_stops_under_load() {
    let folder = Folder::new("stop-load");
    let mut server = Running::start(&folder, &["--log", "warn"]);
    let address = server.address().to_owned();
    let answered = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    let mut stream = connect(&address);
                    loop {
                        ask(&mut stream).map_err(|error| error.to_string())?;
                        let answer = answer(&mut stream)?;
                        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
                        answered.fetch_add(1, Ordering::Relaxed);
                        if answer.contains("Connection: close") {
                            return Ok::<(), String>(());
                        }
                    }
                })
            })
            .collect();
        while answered.load(Ordering::Relaxed) < 300 {
            std::thread::sleep(Duration::from_millis(1));
        }
        server.signal("-TERM");
        for client in clients {
            client.join().unwrap().expect("every request is answered");
        }
    });
    assert_eq!(server.exit_code(), Some(0));
    assert_eq!(server.log(), "", "nothing was cut off");
}

/// Clients that have connected, but that the server has not even looked at when it is told to stop:
/// it was suspended meanwhile. Some of them ask only then.
#[test]
fn whoever_has_just_connected_is_still_answered() {
    const CLIENTS: usize = 500;
    let sockets = rlimit::increase_nofile_limit(u64::MAX).unwrap_or_default();
    assert!(sockets > CLIENTS as u64 + 100, "{sockets} open sockets are too few (ulimit -n)");
    let folder = Folder::new("stop-connected");
    let limits = ["--limit", "last_call=1m", "stop_time=1m"];
    let mut server = Running::start(&folder, &[&["--log", "warn"], &limits[..]].concat());
    let address = server.address().to_owned();
    server.signal("-STOP");
    let mut streams: Vec<TcpStream> = (0..CLIENTS).map(|_| connect(&address)).collect();
    let (early, late) = streams.split_at_mut(CLIENTS / 2);
    for stream in early {
        ask(stream).unwrap();
    }
    server.signal("-TERM");
    server.signal("-CONT");
    std::thread::sleep(Duration::from_millis(200));
    for stream in late {
        ask(stream).unwrap();
    }
    for stream in &mut streams {
        assert!(answer(stream).expect("an answer").starts_with("HTTP/1.1 200"));
    }
    drop(streams);
    assert_eq!(server.exit_code(), Some(0));
}

/// Requests that would take an hour: after a first signal they are waited for, up to a limit; a
/// second one ends them at once.
#[test]
fn a_second_signal_stops_at_once_and_a_limit_later() {
    let folder = Folder::new("stop-second");
    let slow = "extends: default\nscenarios: [{ respond: { delay: 1h } }]\n";
    let fixtures = folder.write("slow.yaml", slow);
    for (limit, signals) in [("stop_time=1h", 2), ("stop_time=300ms", 1)] {
        let mut server = Running::start(&folder, &["--fixtures", &fixtures, "--limit", limit]);
        let address = server.address().to_owned();
        let (asked, start) = (Barrier::new(17), Instant::now());
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    let mut stream = connect(&address);
                    ask(&mut stream).unwrap();
                    asked.wait();
                    assert!(answer(&mut stream).is_err(), "it ends without an answer");
                });
            }
            asked.wait();
            for _ in 0..signals {
                // Signals of a kind that are sent at once arrive as one.
                std::thread::sleep(Duration::from_millis(100));
                server.signal("-TERM");
            }
            assert_eq!(server.exit_code(), Some(0));
        });
        assert!(start.elapsed() < Duration::from_secs(60));
        let log = server.log();
        let told = if signals == 2 { "stopping at once" } else { "they were cut off" };
        assert!(log.contains(told), "{log}");
    }
}
