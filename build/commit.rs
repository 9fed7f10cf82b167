//! The commit that the crate is built from, for `--version`.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Set by builds without the repository, such as that of the image.
const COMMIT_VARIABLE: &str = "SMARTPAY_OAUTH_MOCK_COMMIT";
/// The file with the commit in a published crate.
const PACKAGE_INFO: &str = ".cargo_vcs_info.json";
/// The number of hex digits that are shown.
const SHOWN_DIGITS: usize = 10;

/// Sets `SMARTPAY_OAUTH_MOCK_VERSION` for the crate: the version and the commit, if it is known.
pub fn set_version() {
    println!("cargo::rerun-if-env-changed={COMMIT_VARIABLE}");

    // The library does not show its version.
    if env::var_os("CARGO_FEATURE_CLI").is_none() {
        return;
    }

    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let commit = given_commit().or_else(packaged_commit).or_else(checked_out_commit);
    let version = match commit {
        Some(commit) => format!("{version} ({})", &commit[..SHOWN_DIGITS.min(commit.len())]),
        None => version,
    };
    println!("cargo::rustc-env=SMARTPAY_OAUTH_MOCK_VERSION={version}");
}

fn given_commit() -> Option<String> {
    env::var(COMMIT_VARIABLE).ok().and_then(|commit| check_commit(&commit))
}

/// Returns the commit that a published crate was packaged from.
fn packaged_commit() -> Option<String> {
    let info = fs::read_to_string(PACKAGE_INFO).ok()?;
    let (_, value) = info.split_once("\"sha1\"")?;
    check_commit(value.split('"').nth(1)?)
}

/// Returns the commit of this repository. The folder may be part of another one, whose commit would
/// say nothing.
fn checked_out_commit() -> Option<String> {
    if !Path::new(".git").exists() {
        return None;
    }

    // Git writes a line to this file with every commit and checkout.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"])
        && Path::new(&log).exists()
    {
        println!("cargo::rerun-if-changed={log}");
    }
    check_commit(&git(&["rev-parse", "HEAD"])?)
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn check_commit(text: &str) -> Option<String> {
    let text = text.trim();
    let is_commit = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_commit.then(|| text.to_owned())
}
