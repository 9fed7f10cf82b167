//! Standard output and standard error that cannot be written, or that nobody reads.

use std::fs::File;
use std::io::{PipeReader, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::folder::Folder;
use crate::support::page;
use crate::support::program::{PROGRAM, Running, run, text};
use crate::support::raw_client::RawClient;

/// Returns a file that is always full.
fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

/// Returns the writing end of a pipe whose reader is gone.
fn closed_pipe() -> Stdio {
    std::io::pipe().unwrap().1.into()
}

/// Sends requests for a path that does not exist, each of which is a line of the log, over one
/// connection.
fn send_refused_requests(server: &Running, count: usize) {
    let mut client = RawClient::connect(server.address());
    let path = "x".repeat(100);
    let request = format!("GET /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for _ in 0..count / 50 {
        client.send(request.repeat(50)).unwrap();
        for _ in 0..50 {
            assert!(client.read_response().unwrap().starts_with("HTTP/1.1 404"));
        }
    }
}

fn stop(mut server: Running) {
    server.signal("-TERM");
    assert_eq!(server.exit_code(), Some(0));
}

#[test]
fn a_log_that_cannot_be_written_does_not_harm_the_server() {
    for (name, stderr) in [("log-full", Stdio::from(full())), ("log-closed", closed_pipe())] {
        let folder = Folder::new(name);
        let server = Running::start_logging_to(&folder, &["--log", "trace"], stderr);
        send_refused_requests(&server, 200);
        stop(server);
    }
}

#[test]
fn a_server_without_standard_error_works() {
    let folder = Folder::new("log-none");
    let ready = folder.path("ready.json");
    let mut shell = Command::new("sh")
        .args(["-c", "exec \"$0\" \"$@\" 2>&-", PROGRAM, "--listen", "127.0.0.1:0"])
        .args(["--exit-on-stdin-close", "--ready-file", &ready])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let url = loop {
        assert!(shell.try_wait().unwrap().is_none(), "it ended");
        let text = std::fs::read_to_string(&ready).unwrap_or_default();
        if let Ok(ready) = serde_json::from_str::<serde_json::Value>(&text) {
            break ready["http"].as_str().unwrap().to_owned();
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let mut client = RawClient::connect(url.trim_start_matches("http://"));
    client.post_token(page::REQUEST).unwrap();
    assert!(client.read_response().unwrap().starts_with("HTTP/1.1 200"));
    drop(shell.stdin.take());
    assert!(shell.wait().unwrap().success());
}

/// A pipe holds some 64 KiB. What the server then keeps is bounded, and it says what it dropped.
#[test]
fn a_log_that_nobody_reads_delays_no_request_and_counts_what_it_drops() {
    const REQUESTS: usize = 8_000;
    let (mut reader, writer) = std::io::pipe().unwrap();
    let folder = Folder::new("log-unread");
    let mut server = Running::start_logging_to(&folder, &[], writer);
    send_refused_requests(&server, REQUESTS);

    let (mut log, mut dropped) = (String::new(), 0);
    while lines_with_404(&log) + dropped < REQUESTS {
        read_some(&mut reader, &mut log);
        dropped = dropped_lines(&log);
    }
    assert_eq!(lines_with_404(&log) + dropped, REQUESTS);
    assert!(dropped > 0 && log.contains("WARN lines of the log were dropped"), "{dropped}");

    // Two signals stop it even while nobody reads.
    send_refused_requests(&server, REQUESTS);
    server.signal("-TERM");
    assert_eq!(server.exit_code(), Some(0));
}

fn read_some(reader: &mut PipeReader, log: &mut String) {
    let mut buffer = [0; 64 * 1024];
    let count = reader.read(&mut buffer).unwrap();
    assert!(count > 0, "the log has ended");
    log.push_str(&text(&buffer[..count]));
}

/// Returns the number of whole lines about refused requests.
fn lines_with_404(log: &str) -> usize {
    log.split_inclusive('\n').filter(|line| line.contains("404") && line.ends_with('\n')).count()
}

/// Returns the sum of the numbers of dropped lines.
fn dropped_lines(log: &str) -> usize {
    let lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let counts =
        lines.filter_map(|line| line.trim_end().split_once("dropped=")?.1.parse::<usize>().ok());
    counts.sum::<usize>()
}

/// Every command, with its exit code if its output can be written.
const COMMANDS: [(&[&str], i32); 9] = [
    (&["--help"], 0),
    (&["--version"], 0),
    (&["requests", "--help"], 0),
    (&["schema"], 0),
    (&["man"], 0),
    (&["completions", "bash"], 0),
    (&["check", "fixtures"], 0),
    (&["inspect", page::ACCESS_TOKEN], 1),
    (&["inspect", "--json", page::ACCESS_TOKEN], 1),
];

/// The same for the commands that need a server.
const SERVER_COMMANDS: [&[&str]; 14] = [
    &["health"],
    &["code", "--client", "v6TJH1IqhM", "--merchant", "rahulrama"],
    &["token", "--client", "v6TJH1IqhM", "--merchant", "rahulrama"],
    &["inject", "server_error"],
    &["requests"],
    &["requests", "verify"],
    &["scenarios"],
    &["grants"],
    &["clients"],
    &["merchants"],
    &["fixtures"],
    &["realms"],
    &["clock"],
    &["reset"],
];

fn run_with_stdout(arguments: &[&str], stdout: impl Into<Stdio>) -> (Option<i32>, String) {
    let mut command = Command::new(PROGRAM);
    let output = command.args(arguments).stdin(Stdio::null()).stdout(stdout);
    let output = output.stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    (output.status.code(), text(&output.stderr))
}

#[test]
fn an_unwritable_standard_output_is_an_error_of_every_command() {
    let folder = Folder::new("stdout-full");
    let server = Running::start(&folder, &[]);
    let at_server = ["--server", server.url()];
    let certs = ["certs", &folder.path("certs")];
    let mut commands: Vec<Vec<&str>> =
        COMMANDS.iter().map(|(arguments, _)| arguments.to_vec()).collect();
    commands.extend(SERVER_COMMANDS.map(|arguments| [arguments, &at_server].concat()));
    commands.push(certs.to_vec());

    for arguments in commands {
        let (code, stderr) = run_with_stdout(&arguments, full());
        assert_eq!(code, Some(1), "{arguments:?}: {stderr}");
        let expected = "cannot write to standard output: No space left on device";
        assert!(stderr.starts_with(expected), "{arguments:?}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
    }
}

/// As in `schema | head -1`.
#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    for (arguments, code) in COMMANDS {
        let found = run_with_stdout(arguments, closed_pipe());
        assert_eq!(found, (Some(code), String::new()), "{arguments:?}");
    }
}

#[test]
fn following_ends_when_its_reader_is_gone() {
    let folder = Folder::new("follow-closed");
    let server = Running::start(&folder, &[]);
    let mut follow = Command::new(PROGRAM)
        .args(["requests", "--follow", "--server", server.url()])
        .stdout(closed_pipe())
        .spawn()
        .unwrap();
    while follow.try_wait().unwrap().is_none() {
        send_refused_requests(&server, 50);
    }
    assert_eq!(follow.wait().unwrap().code(), Some(0));
}

#[test]
fn errors_of_a_command_need_no_standard_error() {
    for (arguments, code) in [(&["no-such-command"][..], 2), (&["check", "/nowhere.yaml"], 2)] {
        for stderr in [Stdio::from(full()), closed_pipe()] {
            let mut command = Command::new(PROGRAM);
            let status = command.args(arguments).stderr(stderr).status().unwrap();
            assert_eq!(status.code(), Some(code), "{arguments:?}");
        }
    }
    assert_eq!(run(&["no-such-command"]).status.code(), Some(2));
}
