//! The program under test.

use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::EXCHANGE;
use crate::client::{Connection, h2load};

pub const PROGRAM: &str = "target/release/smartpay-oauth-mock";

pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    /// Starts one with the usual settings on a free port; returns when it accepts requests.
    pub fn start() -> Self {
        let ready = std::env::temp_dir().join(format!("smartpay-report-{}", std::process::id()));
        let _ = fs::remove_file(&ready);
        let child = Command::new(PROGRAM)
            .args(["--listen", "127.0.0.1:0", "--ready-file"])
            .arg(&ready)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program");
        let start = Instant::now();
        let ready = loop {
            match fs::read_to_string(&ready) {
                Ok(text) => break text,
                Err(_) => std::thread::sleep(Duration::from_micros(100)),
            }
            assert!(start.elapsed() < Duration::from_secs(30), "the program did not start");
        };
        let ready: serde_json::Value = serde_json::from_str(&ready).expect("a ready file");
        let url = ready["http"].as_str().expect("a URL");
        let address = url.trim_start_matches("http://").parse().expect("an address");
        Self { child, address }
    }

    /// Asks for it politely, and waits for its end.
    pub fn stop(mut self) {
        let pid = self.child.id().to_string();
        Command::new("kill").arg(pid).status().expect("kill");
        self.child.wait().expect("its end");
    }

    /// Sends so many token requests; how many a second were answered.
    pub fn load(&self, body: &str, requests: usize) -> f64 {
        h2load(self.address, body, requests)
    }

    pub fn refresh_token(&self) -> String {
        let mut connection = Connection::open(self.address, EXCHANGE);
        let answer: serde_json::Value = serde_json::from_str(connection.ask()).expect("JSON");
        answer["refresh_token"].as_str().expect("a token").to_owned()
    }

    /// In megabytes of 1,000,000 bytes.
    pub fn resident_mb(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("/proc");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
        let kib: f64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("KiB");
        kib * 1024.0 / 1e6
    }
}

/// So that a report that fails half way leaves no server behind.
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
