//! Programs that tests need and that may be missing. What is skipped for that is shown, although its
//! tests pass: on standard error past the capture of the test harness, and once more at the end of
//! `cargo test`, by `tests/skipped.rs`.
#![allow(dead_code, reason = "each test binary uses some of it")]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Whether a program is missing that the test needs. Then the test is reported as skipped.
pub fn lacks_tools(programs: &[&str]) -> bool {
    let missing: Vec<&str> =
        programs.iter().copied().filter(|program| !is_installed(program)).collect();
    if missing.is_empty() {
        return false;
    }

    skip(&format!("{} not installed (.ci/run installs it)", missing.join(", ")));
    true
}

/// Returns whether a program can be started.
pub fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    let command = command.arg("--version").stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Reports the current test as skipped.
pub fn skip(reason: &str) {
    let thread = std::thread::current();
    let line = format!("{}: {reason}\n", thread.name().unwrap_or("a test"));
    // `eprintln` would be captured.
    let _ = write!(std::io::stderr(), "skipped: {line}");

    let file = OpenOptions::new().create(true).append(true).open(list_of_skipped());
    let _ = file.and_then(|mut file| file.write_all(line.as_bytes()));
}

/// Returns the file that has a line for each skipped test of this run of `cargo test`.
pub fn list_of_skipped() -> PathBuf {
    // All test binaries of a run have the same parent.
    let run = std::os::unix::process::parent_id();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let _ = fs::create_dir_all(&folder);
    folder.join(format!("skipped-{run}"))
}
