//! What `--ready-file` writes, replaces and removes: files of servers, and nothing else.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::folder::Folder;
use crate::support::program::{PROGRAM, Running, run, text};

/// Starts a server with a ready file that is no file, and returns the process and its log.
fn serve(ready: &str) -> (std::process::Child, BufReader<std::process::ChildStderr>) {
    let mut child = Command::new(PROGRAM)
        .args(["--listen", "127.0.0.1:0", "--exit-on-stdin-close", "--ready-file", ready])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    (child, log)
}

#[test]
fn a_device_is_written_to_and_neither_replaced_nor_removed() {
    let folder = Folder::new("ready-device");
    // A link, so that a mistake here cannot harm the machine.
    let link = folder.path("ready.json");
    symlink("/dev/null", &link).unwrap();
    let (mut server, mut log) = serve(&link);
    let mut line = String::new();
    while !line.contains("listening") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "it ended");
    }
    drop(server.stdin.take());
    assert!(server.wait().unwrap().success());
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("/dev/null"));
    assert!(!fs::metadata(&link).unwrap().is_file());
}

#[test]
fn a_named_pipe_gets_the_urls() {
    let folder = Folder::new("ready-pipe");
    let pipe = folder.path("ready");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (mut server, _log) = serve(&pipe);
    let mut line = String::new();
    BufReader::new(fs::File::open(&pipe).unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(ready["pid"], server.id());
    drop(server.stdin.take());
    assert!(server.wait().unwrap().success());
    assert!(fs::metadata(&pipe).is_ok(), "the pipe is still there");
}

#[test]
fn a_file_of_another_kind_is_refused_and_kept() {
    let folder = Folder::new("ready-other");
    for content in ["clients: []\n", "{\"scripts\": {}}", "[]", "\u{0}"] {
        let file = folder.write("package.json", content);
        let output = run(&["--listen", "127.0.0.1:0", "--ready-file", &file]);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{content}: {stderr}");
        assert!(stderr.contains("the file exists and is not a ready file"), "{stderr}");
        assert_eq!(fs::read_to_string(&file).unwrap(), content);
    }
}

#[test]
fn an_empty_or_stale_file_is_replaced() {
    let folder = Folder::new("ready-stale");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for stale in ["", r#"{"http":"http://127.0.0.1:1","https":null,"pid":4194999}"#] {
        let file = folder.write("ready.json", stale);
        assert_eq!(run(&["--listen", &address, "--ready-file", &file]).status.code(), Some(1));
        assert!(!Path::new(&file).exists(), "it would announce a server: {stale}");
    }
}

/// The same command once more does not take away the file of the server that runs.
#[test]
fn the_file_of_a_running_server_is_removed_by_that_server_only() {
    let folder = Folder::new("ready-running");
    let mut first = Running::start(&folder, &[]);
    let file = folder.path("ready.json");
    let content = fs::read_to_string(&file).unwrap();
    let second = run(&["--listen", first.address(), "--ready-file", &file]);
    assert_eq!(second.status.code(), Some(1), "the port is taken");
    assert_eq!(fs::read_to_string(&file).unwrap(), content);

    // One that has started meanwhile owns the file.
    let other = content.replace(&first.child.id().to_string(), "1");
    folder.write("ready.json", &other);
    first.signal("-TERM");
    assert_eq!(first.exit_code(), Some(0));
    assert_eq!(fs::read_to_string(&file).unwrap(), other);
}
