//! A client that writes its HTTP by hand.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// How long a client waits for anything: far beyond what a server may take.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// The head of a token request, but for its length and its end.
pub const HEAD: &str = "POST /oauth2/v3/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: \
                        application/x-www-form-urlencoded\r\n";

pub fn connect(address: impl ToSocketAddrs) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Asks for a token.
pub fn ask(mut stream: &TcpStream, form: &str) -> io::Result<()> {
    stream.write_all(format!("{HEAD}Content-Length: {}\r\n\r\n{form}", form.len()).as_bytes())
}

/// A whole answer of JSON; an error if it does not come.
pub fn answer(mut stream: &TcpStream) -> Result<String, String> {
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

/// What comes until the connection ends. It is a failure if it does not end.
pub fn rest(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    let mut buffer = [0; 64 * 1024];
    let start = Instant::now();
    loop {
        assert!(start.elapsed() < PATIENCE, "the connection does not end");
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => seen.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("the connection did not end: {error}"),
        }
    }
    String::from_utf8_lossy(&seen).into_owned()
}
