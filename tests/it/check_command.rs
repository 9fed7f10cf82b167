//! The command `check`: errors of fixtures, and what is probably not meant.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::folder::Folder;
use crate::support::program::{PROGRAM, run, text};
use serde_json::Value;
use smartpay_oauth_mock::fixture::{Source, load_sources};

/// Checks a text on standard input.
fn check_stdin(fixtures: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(["check", "-"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program");
    child.stdin.take().unwrap().write_all(fixtures.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// A test may mean each of these, so the server takes them.
#[test]
fn what_is_probably_not_meant_is_found() {
    let client = "clients: [{ id: a, secret: s, scopes: [read] }]";
    let table = [
        (
            "resources: [{ path: /a, scope: raed }]",
            "stdin:2:32: no client has the scope \"raed\", did you mean \"read\"?",
        ),
        ("resources: [{ path: /a, methods: [GET, FETCH] }]", "stdin:2:40: FETCH is no HTTP method"),
        (
            "scenarios: [{ when: { grant_type: refresh }, respond: pass }]",
            "stdin:2:35: there is no grant type \"refresh\", did you mean \"refresh_token\"?",
        ),
        (
            "scenarios: [{ when: [{ method: GETS }], respond: pass }]",
            "stdin:2:32: GETS is no HTTP method",
        ),
        (
            "scenarios: [{ name: access_denied, respond: pass }]",
            "stdin:2:21: access_denied is the name of a built-in scenario",
        ),
        (
            "scenarios: [{ respond: [{ error: access_denied, status: 200 }] }]",
            "stdin:2:57: 200 is not the status of an error",
        ),
        (
            "errors: { access_denied: { status: 302 } }",
            "stdin:2:36: 302 is not the status of an error",
        ),
        ("errors: { quota: { status: 429 } }", "stdin:2:18: nothing responds with the error quota"),
        (
            "errors: { invalid_grant: { status: 400 } }",
            "stdin:2:26: nothing responds with the error invalid_grant",
        ),
    ];
    for (line, expected) in table {
        let fixtures = format!("{client}\n{line}\n");
        let output = check_stdin(&fixtures, &[]);
        let found = text(&output.stderr);
        assert_eq!((output.status.code(), found.lines().count()), (Some(2), 1), "{line}: {found}");
        assert!(found.starts_with(expected), "{line}: {found}");
        assert!(load_sources(&[Source::new("a.yaml", fixtures)]).is_ok(), "{line}");
    }
}

#[test]
fn what_is_meant_is_not_found() {
    for fixtures in [
        "errors: { quota: { status: 429 } }\nscenarios: [{ respond: { error: quota } }]",
        "settings: { dialect: rfc6749 }\nerrors: { invalid_grant: { status: 401 } }",
        "scenarios: [{ when: { grant_type: '*token', method: 'P*' }, respond: { status: 200 } }]",
        "extends: default\nresources: [{ path: /a, scope: transactions }]",
    ] {
        let output = check_stdin(fixtures, &[]);
        assert_eq!(output.status.code(), Some(0), "{fixtures}: {}", text(&output.stderr));
    }
}

#[test]
fn an_empty_file_and_a_directory_in_a_directory_are_told() {
    let folder = Folder::new("check-empty");
    let file = folder.write("a.yaml", "# clients: []\n");
    fs::create_dir(folder.0.join("more")).unwrap();
    let output = run(&["check", &folder.path("")]);
    let found = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(found.contains(&format!("{file}: contains no fixtures")), "{found}");
    let skipped = text(&output.stdout);
    assert!(skipped.contains("skipped the directory") && skipped.contains("more"), "{skipped}");
}

#[test]
fn the_result_may_be_json() {
    let output = check_stdin("clients: [{ id: a, secret: s }]", &["--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&json["ok"], &json["clients"], output.status.code()),
        (&true.into(), &1.into(), Some(0))
    );

    let output = check_stdin("clients: [{ id: a, secrt: s }]", &["--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(2), ""));
    assert_eq!(json["ok"], false);
    let error = &json["errors"][0];
    assert_eq!((&error["file"], &error["line"]), (&"stdin".into(), &1.into()));
    assert_eq!((&error["column"], &error["pointer"]), (&20.into(), &"/clients/0/secrt".into()));
    assert!(error["message"].as_str().unwrap().contains("did you mean \"secret\""), "{error}");
}

/// The fixtures of this project have neither errors nor doubts.
#[test]
fn every_file_of_the_project_is_as_it_is_meant() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let folders = [root.clone(), root.join("errors"), root.join("scenarios")];
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let files = entries.map(|entry| entry.unwrap().path());

    for file in files.filter(|file| file.extension().is_some_and(|it| it == "yaml")) {
        let output = run(&["check", &file.display().to_string()]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
}
