//! The command `checkup`: a robust client survives all provocations, a naive one fails the right ones, and
//! nothing is left behind.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::folder::Folder;
use crate::support::program::{PROGRAM, run, text};
use crate::support::tools::lacks_tools;

const ROBUST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/checkup_robust.sh");
const NAIVE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/checkup_naive.sh");

/// Returns the provocations of a JSON result: names, and whether the command survived.
fn results(output: &Output) -> Vec<(String, bool)> {
    let json: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)));
    let provocations = json["provocations"].as_array().unwrap();
    let result = |it: &Value| {
        let name = it["provocation"].as_str().unwrap().to_owned();
        (name, it["survived"].as_bool().unwrap())
    };
    provocations.iter().map(result).collect()
}

fn failed(output: &Output) -> Vec<String> {
    let failed = results(output).into_iter().filter(|(_, survived)| !survived);
    failed.map(|(name, _)| name).collect()
}

#[test]
fn a_robust_client_survives_all_provocations() {
    if lacks_tools(&["bash", "curl"]) {
        return;
    }
    let output = run(&["checkup", "--format", "json", "--", "bash", ROBUST]);
    assert_eq!(failed(&output), [""; 0], "{}", text(&output.stdout));
    assert_eq!((results(&output).len(), output.status.code()), (25, Some(0)));
}

#[test]
fn a_naive_client_fails_with_the_right_names() {
    if lacks_tools(&["bash", "curl"]) {
        return;
    }
    let arguments = ["checkup", "--format", "json", "--timeout", "6s", "--", "bash", NAIVE];
    let output = run(&arguments);
    let expected = [
        "invalid_client_type",
        "invalid_client",
        "unauthorized_client",
        "client_not_found",
        "access_denied",
        "merchant_not_active",
        "client_not_active",
        "lost-response",
        "hang",
    ];
    assert_eq!(failed(&output), expected);
    assert_eq!(output.status.code(), Some(1));

    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let hang = json["provocations"].as_array().unwrap().iter();
    let hang = hang.clone().find(|it| it["provocation"] == "hang").unwrap();
    assert_eq!(hang["exit_code"], Value::Null);
    assert!(hang["seconds"].as_f64().unwrap() >= 6.0, "{hang}");
}

#[test]
fn a_command_that_fails_without_a_provocation_ends_the_checkup_and_is_shown() {
    for script in ["echo my-output; exit 3", "echo my-output"] {
        let output = run(&["checkup", "--", "sh", "-c", script]);
        assert_eq!(output.status.code(), Some(1), "{script}");
        assert!(text(&output.stderr).contains("my-output"), "{}", text(&output.stderr));
        let stdout = text(&output.stdout);
        assert!(stdout.starts_with("failed    none ") && !stdout.contains("my-output"), "{stdout}");
        assert!(stdout.contains("0 of 1 provocations survived"), "{stdout}");
    }
}

#[test]
fn unknown_names_and_commands_are_wrong_arguments() {
    for arguments in [
        &["checkup", "--only", "hangs", "--", "true"][..],
        &["checkup", "--", "/no/such/command"],
        &["checkup"],
    ] {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn the_command_gets_its_variables_and_its_own_values_are_replaced() {
    if lacks_tools(&["curl"]) {
        return;
    }
    let plain = "curl -s -o /dev/null $SMARTPAY_MOCK_TOKEN_URL -d x=1 && \
        test $SMARTPAY_MOCK_PROVOCATION = none && test -z \"${SMARTPAY_MOCK_CA+set}\" && \
        test $SMARTPAY_MOCK_AUTHORIZE_URL = $SMARTPAY_MOCK_SERVER/ebc2/oauth/authorize";
    let https = "curl -sf -o /dev/null --cacert $SMARTPAY_MOCK_CA --cert $SMARTPAY_MOCK_CERT \
        --key $SMARTPAY_MOCK_KEY $SMARTPAY_MOCK_SERVER/.well-known/jwks.json";
    for (options, script) in [(&[][..], plain), (&["--tls"], https)] {
        let output = Command::new(PROGRAM)
            .arg("checkup")
            .args(options)
            .args(["--only", "none", "--", "sh", "-c", script])
            .env("SMARTPAY_MOCK_CA", "/other.pem")
            .env("SMARTPAY_MOCK_CERT", "/other.pem")
            .env("SMARTPAY_MOCK_KEY", "/other.pem")
            .env("SMARTPAY_MOCK_PROVOCATION", "other")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{script}: {}", text(&output.stdout));
    }
}

#[test]
fn findings_count_over_the_realms_that_the_command_made_and_removed() {
    if lacks_tools(&["curl"]) {
        return;
    }
    let script = "REALM=$SMARTPAY_MOCK_SERVER/realms/mine; \
        curl -s -X PUT $SMARTPAY_MOCK_SERVER/_mock/realms/mine -H 'Content-Type: application/json' -d '{}'; \
        for TRY in 1 2 3; do curl -s $REALM/oauth2/v3/token -d grant_type=authorization_code \
            -d client_id=v6TJH1IqhM -d client_secret=v6TJH1IqhM-secret -d code=x; done; \
        curl -s -X DELETE $SMARTPAY_MOCK_SERVER/_mock/realms/mine";
    let output =
        run(&["checkup", "--only", "access_denied", "--format", "json", "--", "sh", "-c", script]);
    assert_eq!(failed(&output), ["access_denied"], "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("retried-permanent-error"));
}

#[test]
fn each_format_has_the_results() {
    let format = |name: &str| {
        let output = run(&["checkup", "--format", name, "--", "sh", "-c", "echo my-output"]);
        let stdout = text(&output.stdout);
        assert!(!stdout.contains("my-output"), "{stdout}");
        stdout
    };
    assert!(format("junit").contains("name=\"none\" time=\""));
    assert!(format("markdown").contains("| `none` | failed | exit 0 |"));
    assert!(format("html").contains("<code>none</code>"));
    assert!(format("json").contains("\"provocation\":\"none\",\"survived\":false,\"exit_code\":0"));
}

/// Whether a process exists that is no zombie.
fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "timed out waiting until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A script that leaves a child running, and writes the number of its process to a file.
fn script_with_child(folder: &Folder) -> (String, String) {
    let file = folder.path("pid");
    (format!("sleep 1000 & echo $! > {file}.new; mv {file}.new {file}; wait"), file)
}

#[test]
fn a_command_that_takes_too_long_is_ended_with_its_children() {
    let folder = Folder::new("checkup-timeout");
    let (script, file) = script_with_child(&folder);
    let output = run(&["checkup", "--timeout", "1s", "--", "sh", "-c", &script]);
    assert_eq!(output.status.code(), Some(1));
    let pid = fs::read_to_string(file).unwrap();
    wait_until("the child is gone", || !is_alive(pid.trim()));
}

#[test]
fn ctrl_c_ends_everything_and_leaves_no_files() {
    let folder = Folder::new("checkup-signal");
    let (script, file) = script_with_child(&folder);
    let temporary = folder.path("tmp");
    fs::create_dir(&temporary).unwrap();
    let mut child = Command::new(PROGRAM)
        .args(["checkup", "--tls", "--", "sh", "-c", &script])
        .env("TMPDIR", &temporary)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the command runs", || Path::new(&file).exists());
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());

    assert_eq!(child.wait().unwrap().code(), Some(1));
    let pid = fs::read_to_string(file).unwrap();
    wait_until("the child is gone", || !is_alive(pid.trim()));
    assert_eq!(fs::read_dir(temporary).unwrap().count(), 0);
}
