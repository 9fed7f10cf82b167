//! The program, run to its end or as a server.
#![allow(dead_code, reason = "each test binary uses some of it")]

use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::folder::Folder;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_smartpay-oauth-mock");

/// Runs the program to its end.
pub fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Sends a signal to a process, by its name with a dash.
pub fn send_signal(pid: u32, name: &str) {
    use nix::sys::signal::{Signal, kill};

    let signal: Signal = name.replace('-', "SIG").parse().expect("a signal");
    let pid = nix::unistd::Pid::from_raw(i32::try_from(pid).expect("a process ID"));
    kill(pid, signal).expect("the process");
}

/// The program running as a server, killed when dropped.
pub struct Running {
    pub child: Child,
    ready: Value,
    log: String,
}

impl Running {
    /// Starts a server on a free port and waits until it is ready.
    pub fn start(folder: &Folder, arguments: &[&str]) -> Self {
        Self::spawn(folder, &[&["--listen", "127.0.0.1:0"], arguments].concat())
    }

    /// Starts a server with HTTPS only.
    pub fn start_https(folder: &Folder, arguments: &[&str]) -> Self {
        let listen = ["--listen", "off", "--tls-listen", "127.0.0.1:0"];
        Self::spawn(folder, &[&listen, arguments].concat())
    }

    /// Starts a server with these arguments only, and waits until it is ready.
    pub fn spawn(folder: &Folder, arguments: &[&str]) -> Self {
        let log = fs::File::create(folder.path("log")).unwrap();
        Self::spawn_logging_to(folder, arguments, log)
    }

    /// Starts a server whose standard error is not a file of its own, on a free port.
    pub fn start_logging_to(folder: &Folder, arguments: &[&str], stderr: impl Into<Stdio>) -> Self {
        Self::spawn_logging_to(folder, &[&["--listen", "127.0.0.1:0"], arguments].concat(), stderr)
    }

    fn spawn_logging_to(folder: &Folder, arguments: &[&str], stderr: impl Into<Stdio>) -> Self {
        let (ready, log) = (folder.path("ready.json"), folder.path("log"));

        // A server that was killed before has not removed the file.
        let _ = fs::remove_file(&ready);
        let child = Command::new(PROGRAM)
            .args(["serve", "--ready-file", &ready])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut running = Self { child, ready: Value::Null, log };
        running.wait_until("is ready", |running| {
            assert!(running.child.try_wait().unwrap().is_none(), "it ended: {}", running.log());
            let text = fs::read_to_string(&ready).unwrap_or_default();
            running.ready = serde_json::from_str(&text).unwrap_or_default();
            !running.ready.is_null()
        });
        assert_eq!(running.ready["pid"], running.child.id());

        running
    }

    /// Returns the content of its ready file.
    pub fn ready(&self) -> &Value {
        &self.ready
    }

    /// Returns its HTTPS URL, or its HTTP URL if it has no HTTPS.
    pub fn url(&self) -> &str {
        let url = self.ready["https"].as_str().or(self.ready["http"].as_str());
        url.expect("a URL in the ready file")
    }

    /// Returns host and port.
    pub fn address(&self) -> &str {
        self.url().split("//").nth(1).unwrap()
    }

    pub fn port(&self) -> &str {
        self.address().rsplit(':').next().unwrap()
    }

    /// Returns everything that it has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has logged a text, and returns everything that it has logged so far: it serves
    /// requests before their lines are written.
    pub fn wait_for_log(&mut self, text: &str) -> String {
        self.wait_until(&format!("logs {text}"), |running| running.log().contains(text));
        self.log()
    }

    pub fn signal(&self, name: &str) {
        send_signal(self.child.id(), name);
    }

    /// Waits for the end of the process.
    pub fn exit_code(&mut self) -> Option<i32> {
        let mut status = None;
        self.wait_until("has stopped", |running| {
            status = running.child.try_wait().unwrap();
            status.is_some()
        });
        status.and_then(|status| status.code())
    }

    /// Waits until a condition holds. Panics after a minute.
    pub fn wait_until(&mut self, what: &str, mut condition: impl FnMut(&mut Self) -> bool) {
        let start = Instant::now();
        while !condition(self) {
            let log = self.log();
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "timed out waiting until the server {what}; {log}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Returns the resident memory of a process in megabytes.
pub fn resident(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
