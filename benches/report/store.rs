//! A store that replicas share, and what it costs.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A Redis in a process of its own, killed when dropped.
pub struct Store {
    process: Child,
    port: String,
}

impl Store {
    /// Starts a store that keeps nothing; `None` if Redis is not installed.
    pub fn start() -> Option<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port().to_string();
        drop(listener);

        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--port", &port])
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        let store = Self { process, port };
        let start = Instant::now();
        while store.run(&["PING"]) != "PONG" {
            assert!(start.elapsed() < Duration::from_secs(30), "the store did not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(store)
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Removes everything.
    pub fn clear(&self) {
        assert_eq!(self.run(&["FLUSHALL"]), "OK");
    }

    /// Returns the CPU time that the store has taken so far, in seconds.
    pub fn cpu_seconds(&self) -> f64 {
        let info = self.run(&["INFO", "cpu"]);
        let used = |name: &str| {
            let line = info.lines().find(|line| line.starts_with(name)).expect("CPU time");
            line.trim()
                .rsplit(':')
                .next()
                .and_then(|time| time.parse::<f64>().ok())
                .expect("a time")
        };
        used("used_cpu_user:") + used("used_cpu_sys:")
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = Command::new("redis-cli").args(["-p", &self.port]).args(arguments).output();
        String::from_utf8_lossy(&output.expect("redis-cli").stdout).trim().to_owned()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
