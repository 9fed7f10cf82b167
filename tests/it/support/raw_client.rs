//! An HTTP/1.1 client that sends exactly the bytes it is given and returns the bytes it receives.
//!
//! For what a proper client neither sends nor accepts: half a request, contradictory headers, a
//! response that is cut short. It blocks; asynchronous tests may use it as it is, since the server
//! has threads of its own, or on a blocking thread where two clients take turns.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// How long a read or a write may take, unless a test sets another time. Far beyond any time that
/// the server needs.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// The head of a token request, without a body length and without the empty line.
pub const TOKEN_HEAD: &str = "POST /oauth2/v3/token HTTP/1.1\r\nHost: localhost\r\n\
                              Content-Type: application/x-www-form-urlencoded\r\n";

/// Returns a POST request with a form as its body. `headers` are whole lines.
pub fn form_request(path: &str, headers: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n{headers}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Returns the body of a response that has a head.
pub fn body_of(response: &str) -> &str {
    response.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {response:?}")).1
}

/// Sends bytes over a connection of their own and returns everything that is received until the
/// connection ends.
///
/// The server may close the connection while the client still sends, so errors while sending are
/// ignored.
pub fn send_and_read_all(address: impl ToSocketAddrs, bytes: impl AsRef<[u8]>) -> String {
    let mut client = RawClient::connect(address);
    let _ = client.send(bytes);
    client.read_all()
}

/// A connection to the server, and the bytes received over it that no caller has taken yet.
pub struct RawClient {
    stream: TcpStream,
    received: Vec<u8>,
}

impl RawClient {
    pub fn connect(address: impl ToSocketAddrs) -> Self {
        Self::try_connect(address).expect("a connection")
    }

    pub fn try_connect(address: impl ToSocketAddrs) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;

        let client = Self { stream, received: Vec::new() };
        client.set_timeout(TIMEOUT)?;
        Ok(client)
    }

    /// Sets how long a read or a write may take.
    pub fn set_timeout(&self, timeout: Duration) -> io::Result<()> {
        self.stream.set_read_timeout(Some(timeout))?;
        self.stream.set_write_timeout(Some(timeout))
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Sends a token request and keeps the connection open.
    pub fn post_token(&mut self, body: &str) -> io::Result<()> {
        self.send(form_request("/oauth2/v3/token", "", body))
    }

    /// Closes the sending half of the connection.
    pub fn finish_sending(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// Reads what has arrived, or waits for something to arrive, and keeps it for the next call.
    /// Returns the number of bytes: 0 at the end of the connection.
    pub fn receive(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 16 * 1024];
        let read = self.stream.read(&mut buffer)?;
        self.received.extend_from_slice(&buffer[..read]);
        Ok(read)
    }

    /// Takes what has been received so far.
    pub fn take_received(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.received)).into_owned()
    }

    /// Reads one response: its head, and a body of the declared length or in chunks.
    pub fn read_response(&mut self) -> io::Result<String> {
        let length = loop {
            if let Some(length) = response_length(&self.received) {
                break length;
            }

            let count = match self.receive() {
                Ok(0) => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                other => other,
            };
            count.map_err(|error| {
                let received = String::from_utf8_lossy(&self.received);
                io::Error::new(error.kind(), format!("{error} after {received:?}"))
            })?;
        };

        let rest = self.received.split_off(length);
        let response = std::mem::replace(&mut self.received, rest);
        Ok(String::from_utf8_lossy(&response).into_owned())
    }

    /// Reads everything until the connection ends, and returns it with the way it ended.
    pub fn read_to_end(&mut self) -> (Vec<u8>, io::Result<()>) {
        let start = Instant::now();
        let end = loop {
            // The time-out holds for one read, and a slow response can take many.
            assert!(start.elapsed() < TIMEOUT, "the connection does not end");

            match self.receive() {
                Ok(0) => break Ok(()),
                Ok(_) => {}
                Err(error) => break Err(error),
            }
        };

        (std::mem::take(&mut self.received), end)
    }

    /// Reads everything until the connection ends, be it by a reset, as text.
    pub fn read_all(&mut self) -> String {
        let (received, end) = self.read_to_end();
        if let Err(error) = end {
            assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "the connection did not end");
        }

        String::from_utf8_lossy(&received).into_owned()
    }
}

/// The length of the response at the start of these bytes, once they hold all of it.
fn response_length(received: &[u8]) -> Option<usize> {
    let head = find(received, b"\r\n\r\n")? + 4;
    let lines = std::str::from_utf8(&received[..head]).ok()?.lines();
    let headers: Vec<(String, &str)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    let value_of =
        |name| headers.iter().find(|(header, _)| header == name).map(|(_, value)| *value);

    let body = if value_of("transfer-encoding") == Some("chunked") {
        // No body of these tests has the end of the chunks in its middle.
        find(&received[head..], b"0\r\n\r\n")? + 5
    } else {
        value_of("content-length").map_or(0, |length| length.parse().expect("a length"))
    };
    Some(head + body).filter(|length| received.len() >= *length)
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
