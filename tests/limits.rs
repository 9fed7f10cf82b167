//! Clients that are slow, greedy or many: each reaches a limit, and the others do not notice.
//!
//! Every test would hang, or see the client get its way, without its limit. No client waits longer
//! than `PATIENCE`, which is far beyond any limit that is set here.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use smartpay_oauth_mock::{Limits, MockAuthServer};
use support::folder::Folder;
use support::page;
use support::program::Running;

const PATIENCE: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);
const HEAD: &str = "POST /oauth2/v3/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: \
                    application/x-www-form-urlencoded\r\n";

async fn server(limits: Limits) -> MockAuthServer {
    MockAuthServer::builder().limits(limits).start().await.unwrap()
}

fn connect(address: impl std::net::ToSocketAddrs) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Whether the server is well: another client gets a token.
async fn answers(server: &MockAuthServer) {
    support::post(&server.token_url(), page::REQUEST).await.ok();
}

/// What comes until the connection ends. It is a failure if it does not end.
fn rest(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    let mut buffer = [0; 64 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => seen.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("the connection did not end: {error}"),
        }
    }
    String::from_utf8_lossy(&seen).into_owned()
}

/// Sends one byte now and then, until the server hangs up; then what it said.
fn dribble(mut stream: TcpStream, byte: &[u8]) -> String {
    let start = Instant::now();
    stream.set_read_timeout(Some(SHORT / 10)).unwrap();
    let mut seen = String::new();
    let mut buffer = [0; 4096];
    loop {
        assert!(start.elapsed() < PATIENCE, "a slow client is waited for");
        let gone = stream.write_all(byte).is_err();
        match stream.read(&mut buffer) {
            Ok(0) => return seen,
            Ok(read) => seen += &String::from_utf8_lossy(&buffer[..read]),
            Err(_) if gone => return seen,
            Err(_) => {}
        }
    }
}

#[tokio::test]
async fn a_head_that_dribbles_in_is_cut_off() {
    let server = server(Limits { head_time: SHORT, ..Limits::default() }).await;
    let mut stream = connect(server.address());
    stream.write_all(HEAD.as_bytes()).unwrap();
    let slow = tokio::task::spawn_blocking(move || dribble(stream, b"x"));
    answers(&server).await;
    assert_eq!(slow.await.unwrap(), "");
    answers(&server).await;
}

#[tokio::test]
async fn a_body_that_dribbles_in_is_refused() {
    let server = server(Limits { body_time: SHORT, ..Limits::default() }).await;
    let mut stream = connect(server.address());
    write!(stream, "{HEAD}Content-Length: 60000\r\n\r\n").unwrap();
    let slow = tokio::task::spawn_blocking(move || dribble(stream, b"x"));
    answers(&server).await;
    let seen = slow.await.unwrap();
    assert!(seen.starts_with("HTTP/1.1 400"), "{seen}");
    assert!(seen.contains("The body did not arrive within 200ms."), "{seen}");
    let entry = server.requests().await.into_iter().find(|entry| entry.outcome.row == Some(5));
    assert_eq!(entry.unwrap().outcome.status, Some(400));
}

/// Chunks that never end are a body like any other: too large in the end, and hung up on.
#[tokio::test]
async fn chunks_without_end_are_refused() {
    let server = server(Limits::default()).await;
    let mut stream = connect(server.address());
    let greedy = tokio::task::spawn_blocking(move || {
        write!(stream, "{HEAD}Transfer-Encoding: chunked\r\n\r\n").unwrap();
        let chunk = format!("{:x}\r\n{}\r\n", 16 * 1024, "x".repeat(16 * 1024));
        let start = Instant::now();
        while stream.write_all(chunk.as_bytes()).is_ok() {
            assert!(start.elapsed() < PATIENCE, "a body without end is read for ever");
        }
    });
    answers(&server).await;
    greedy.await.unwrap();
    let entries = server.requests().await;
    assert!(entries.iter().any(|entry| entry.outcome.status == Some(413)), "{entries:?}");
    answers(&server).await;
}

/// Answers that nobody reads pile up in the sockets; then the server waits for so long only.
#[tokio::test]
async fn a_client_that_does_not_read_is_hung_up_on() {
    const REQUESTS: usize = 2_000;
    let server = server(Limits { write_time: SHORT, ..Limits::default() }).await;
    let mut stream = connect(server.address());
    let mut asking = stream.try_clone().unwrap();
    let asked = tokio::task::spawn_blocking(move || {
        let one = "GET /_mock/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
        for _ in 0..REQUESTS {
            if asking.write_all(one.as_bytes()).is_err() {
                break;
            }
        }
    });
    answers(&server).await;
    tokio::time::sleep(SHORT * 5).await;
    let seen = tokio::task::spawn_blocking(move || rest(&mut stream)).await.unwrap();
    asked.await.unwrap();
    let answered = seen.matches("HTTP/1.1 200").count();
    assert!(answered > 0 && answered < REQUESTS, "{answered} answers");
    answers(&server).await;
}

#[tokio::test]
async fn an_idle_connection_ends_after_a_while() {
    let server = server(Limits { head_time: SHORT, ..Limits::default() }).await;
    let mut silent = connect(server.address());
    let mut once = connect(server.address());
    write!(once, "{HEAD}Content-Length: {}\r\n\r\n{}", page::REQUEST.len(), page::REQUEST).unwrap();
    let seen = tokio::task::spawn_blocking(move || (rest(&mut silent), rest(&mut once)));
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
    let ask = |mut stream: &TcpStream, body: &str| {
        write!(stream, "{HEAD}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    };
    let answered = |mut stream: &TcpStream| {
        let mut seen = String::new();
        let mut buffer = [0; 16 * 1024];
        while !seen.ends_with('}') {
            let read = stream.read(&mut buffer).unwrap();
            assert!(read > 0, "the connection ended: {seen}");
            seen += std::str::from_utf8(&buffer[..read]).unwrap();
        }
        assert!(seen.starts_with("HTTP/1.1 200"), "{seen}");
    };
    let all = tokio::task::spawn_blocking(move || {
        let address = server.address();
        let waiting = connect(address);
        ask(&waiting, &format!("{}&state=held", page::REQUEST));
        let [mut first, second, third] = [connect(address), connect(address), connect(address)];
        for stream in [&first, &second, &third] {
            ask(stream, page::REQUEST);
            answered(stream);
        }
        let fifth = connect(address);
        ask(&fifth, page::REQUEST);
        answered(&fifth);
        assert_eq!(rest(&mut first), "", "the longest idle");
        for stream in [&second, &third] {
            ask(stream, page::REQUEST);
            answered(stream);
        }
        ask(&third, &format!("{}&state=held", page::REQUEST));
        answered(&third);
        answered(&waiting);
    });
    all.await.unwrap();
}

#[tokio::test]
async fn a_head_may_be_as_large_as_is_set() {
    let head =
        |size: usize| format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(size));
    for (limit, sizes) in [(8 * 1024, [6_000, 20_000]), (64 * 1024, [60_000, 100_000])] {
        let server = server(Limits { head_size: limit, ..Limits::default() }).await;
        for (size, status) in sizes.into_iter().zip(["200", "431"]) {
            let mut stream = connect(server.address());
            let asked = head(size).replacen("\r\n", "\r\nConnection: close\r\n", 1);
            let seen = tokio::task::spawn_blocking(move || {
                // A server that has had enough may hang up while a client still writes.
                let _ = stream.write_all(asked.as_bytes());
                rest(&mut stream)
            });
            let seen = seen.await.unwrap();
            assert!(seen.starts_with(&format!("HTTP/1.1 {status}")), "{limit} {size}: {seen}");
        }
        answers(&server).await;
    }
}

/// Nor is the end of one waited for that is too large already.
#[tokio::test]
async fn a_head_without_end_is_refused() {
    let server = server(Limits::default()).await;
    let mut stream = connect(server.address());
    let seen = tokio::task::spawn_blocking(move || {
        write!(stream, "{HEAD}X: {}", "y".repeat(200_000)).unwrap();
        rest(&mut stream)
    });
    answers(&server).await;
    let seen = seen.await.unwrap();
    assert!(seen.is_empty() || seen.starts_with("HTTP/1.1 431"), "{seen}");
}

#[tokio::test]
async fn a_control_call_may_be_as_large_as_is_set() {
    let server = server(Limits { control_size: 1_000, ..Limits::default() }).await;
    let put = async |length: usize| {
        let body = format!("{{\"extends\":\"default\"{}}}", " ".repeat(length));
        let request = reqwest::Client::new().put(format!("{}/_mock/fixtures", server.base_url()));
        let request = request.header("Content-Type", "application/json").body(body);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!((put(500).await, put(1_000).await), (200, 413));
}

/// A hundred clients reach each of some limits: the log has a line for each limit, not for each
/// client.
#[test]
fn a_limit_that_is_reached_is_told_once() {
    let folder = Folder::new("limits-told");
    let limits = ["head_time=100ms", "body_time=100ms", "head_size=8192", "connections=40"];
    let arguments = [&["--limit"], &limits[..]].concat();
    let mut server = Running::start(&folder, &arguments);
    let address = server.address().to_owned();
    std::thread::scope(|scope| {
        for n in 0..100 {
            let address = &address;
            scope.spawn(move || {
                let mut stream = connect(address);
                let sent = match n % 4 {
                    0 => HEAD.to_owned(),
                    1 => format!("{HEAD}Content-Length: 100\r\n\r\nx"),
                    2 => format!("{HEAD}X: {}\r\n\r\n", "y".repeat(20_000)),
                    _ => format!("{HEAD}Content-Length: 70000\r\n\r\n{}", "x".repeat(70_000)),
                };
                let _ = stream.write_all(sent.as_bytes());
                rest(&mut stream);
            });
        }
    });
    server.signal("-TERM");
    assert_eq!(server.exit_code(), Some(0));
    let log = server.log();
    let told = |part: &str| log.lines().filter(|line| line.contains(part)).count();
    for part in [
        "--limit head_time",
        "--limit body_time",
        "--limit head_size",
        "--limit connections",
        "64 KiB",
    ] {
        assert_eq!(told(part), 1, "{part}: {log}");
    }
    assert!(log.lines().count() < 12, "{log}");
}

/// How much memory a process has in use, in megabytes.
fn resident(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
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
    let idle: Vec<TcpStream> = (0..MANY)
        .map(|n| {
            let mut stream = connect(server.address());
            if n % 2 == 0 {
                stream.write_all(&HEAD.as_bytes()[..n % HEAD.len()]).unwrap();
            }
            stream
        })
        .collect();
    for _ in 0..20 {
        let mut stream = connect(server.address());
        let close = "Connection: close\r\n";
        let body = page::REQUEST;
        write!(stream, "{HEAD}{close}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        assert!(rest(&mut stream).starts_with("HTTP/1.1 200"));
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
    let idle: Vec<TcpStream> = (0..200).map(|_| connect(server.address())).collect();
    for _ in 0..20 {
        let mut stream = connect(server.address());
        write!(stream, "GET /_mock/health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).expect("an answer");
        assert_eq!(&status, b"HTTP/1.1 200");
    }
    server.signal("-TERM");
    assert_eq!(server.exit_code(), Some(0));
    let log = server.log();
    assert_eq!(log.matches("the system gives no more sockets").count(), 1, "{log}");
    drop(idle);
}

/// Over TLS as well: a handshake that does not go on, and one that ends in a silent HTTP/2
/// connection. openssl, held open, ends when the server hangs up.
#[tokio::test]
async fn a_handshake_that_stands_still_and_a_silent_http2_client_are_hung_up_on() {
    let limits = Limits { handshake_time: SHORT, head_time: SHORT, ..Limits::default() };
    let server = MockAuthServer::builder().tls().limits(limits).start().await.unwrap();
    let address = server.address();
    for begun in [&b""[..], &[22, 3, 1, 0, 200, 1, 0]] {
        let mut stream = connect(address);
        stream.write_all(begun).unwrap();
        let seen = tokio::task::spawn_blocking(move || rest(&mut stream)).await.unwrap();
        assert_eq!(seen, "");
    }
    let silent = tokio::task::spawn_blocking(move || {
        let mut client = std::process::Command::new("openssl")
            .args(["s_client", "-alpn", "h2", "-connect", &address.to_string()])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("openssl");
        let held = client.stdin.take();
        let start = Instant::now();
        while client.try_wait().unwrap().is_none() {
            if start.elapsed() > PATIENCE {
                let _ = client.kill();
                panic!("a silent HTTP/2 client is kept");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        drop(held);
        let mut seen = Vec::new();
        client.stdout.take().unwrap().read_to_end(&mut seen).unwrap();
        let seen = String::from_utf8_lossy(&seen);
        assert!(seen.contains("ALPN protocol: h2"), "{seen}");
    });
    silent.await.unwrap();
}
