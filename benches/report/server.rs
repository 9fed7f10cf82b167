//! The program under test.

use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::EXCHANGE;
use crate::client::{Connection, h2load};

pub const PROGRAM: &str = "target/release/smartpay-oauth-mock";

/// A running server, killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    /// Starts a server on a free port with more arguments. Returns when it accepts requests.
    pub fn start(arguments: &[&str]) -> Self {
        let ready_file =
            std::env::temp_dir().join(format!("smartpay-report-{}", std::process::id()));
        let _ = fs::remove_file(&ready_file);
        let child = Command::new(PROGRAM)
            .args(["--listen", "127.0.0.1:0", "--ready-file"])
            .arg(&ready_file)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program");

        let start = Instant::now();
        let ready = loop {
            if let Ok(text) = fs::read_to_string(&ready_file) {
                break text;
            }
            assert!(start.elapsed() < Duration::from_secs(30), "the program did not start");
            std::thread::sleep(Duration::from_micros(100));
        };

        let ready: serde_json::Value = serde_json::from_str(&ready).expect("a ready file");
        let url = ready["http"].as_str().expect("a URL");
        let address = url.trim_start_matches("http://").parse().expect("an address");
        Self { child, address }
    }

    /// Sends SIGTERM and waits for the end of the process.
    pub fn stop(mut self) {
        let pid = self.child.id().to_string();
        Command::new("kill").arg(pid).status().expect("kill");
        self.child.wait().expect("the end of the process");
    }

    /// Sends token requests as fast as they are answered. Returns requests per second.
    pub fn load(&self, body: &str, requests: usize) -> f64 {
        h2load(self.address, body, requests)
    }

    /// Returns a new refresh token.
    pub fn refresh_token(&self) -> String {
        let body = Connection::open(self.address, EXCHANGE).request();
        let tokens: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        tokens["refresh_token"].as_str().expect("a token").to_owned()
    }

    /// Returns the resident memory in megabytes of 1,000,000 bytes.
    pub fn resident_mb(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("/proc");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
        let kib: f64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("KiB");
        kib * 1024.0 / 1e6
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A report that fails must not leave a server behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
