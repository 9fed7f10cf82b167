//! The command line: output, files and exit codes.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::folder::Folder;
use crate::support::page;
use crate::support::program::{PROGRAM, Running, run, send_signal, text};
use crate::support::raw_client::{RawClient, body_of, send_and_read_all};
use crate::support::tools::lacks_tools;

#[test]
fn the_ready_file_exists_while_the_server_accepts_requests_and_sigterm_stops_it() {
    let folder = Folder::new("ready");
    let mut server = Running::start(&folder, &[]);
    let health = run(&["health", "--server", server.url()]);
    assert!(health.status.success());
    assert!(text(&health.stdout).contains(r#""status":"ok""#));
    server.signal("-TERM");
    assert_eq!(server.exit_code(), Some(0));
    assert!(!Path::new(&folder.path("ready.json")).exists(), "the ready file is gone");
    let log = server.log();
    assert!(log.contains("listening url=http://127.0.0.1:") && log.contains("SIGTERM"), "{log}");
    let health = run(&["health", "--server", server.url()]);
    assert_eq!(health.status.code(), Some(1));
    assert_eq!(text(&health.stderr).lines().count(), 1);
}

#[test]
fn the_ready_file_of_an_earlier_run_is_removed() {
    let folder = Folder::new("stale");
    let stale = folder.write("ready.json", "{}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["--listen", &address, "--ready-file", &stale]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!Path::new(&stale).exists());
}

#[test]
fn ctrl_c_and_the_end_of_standard_input_stop_the_server() {
    let folder = Folder::new("stdin");
    let mut server = Running::start(&folder, &[]);
    server.signal("-INT");
    assert_eq!(server.exit_code(), Some(0));

    let mut server = Running::start(&folder, &["--exit-on-stdin-close"]);
    server.child.stdin.as_mut().unwrap().write_all(b"still here\n").unwrap();
    assert!(run(&["health", "--server", server.url()]).status.success());
    drop(server.child.stdin.take());
    assert_eq!(server.exit_code(), Some(0));
}

#[test]
fn requests_in_flight_are_finished_unless_there_is_a_second_signal() {
    let folder = Folder::new("drain");
    let fixtures = folder.write(
        "slow.yaml",
        "extends: default\nscenarios: [{ name: slow, respond: { delay: 600ms } }]\n",
    );
    for (signals, finished) in [(1, true), (2, false)] {
        let mut server = Running::start(&folder, &["--fixtures", &fixtures]);
        let address = server.address().to_owned();
        let mut client = RawClient::connect(address);
        client.post_token(page::REQUEST).unwrap();
        // The request is in flight once the server has answered another.
        assert!(run(&["health", "--server", server.url()]).status.success());
        for _ in 0..signals {
            server.signal("-TERM");
            std::thread::sleep(Duration::from_millis(50));
        }
        let response = client.read_response().unwrap_or_default();
        assert_eq!(response.starts_with("HTTP/1.1 200"), finished, "{response}");
        assert_eq!(server.exit_code(), Some(0));
    }
}

#[test]
fn a_server_that_cannot_start_prints_one_line_and_leaves_no_ready_file() {
    let folder = Folder::new("refused");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ec = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
    let ec = folder.write("ec.pem", ec);
    let typo = folder.write("typo.yaml", "clients:\n  - id: a\n    secrt: b\n    secret: c\n");
    let garbled = folder.write("garbled.yaml", "clients: [");
    let empty = folder.path("nowhere.yaml");
    let cases: [(&[&str], i32, &str); 16] = [
        (&["--listen", &address], 1, "cannot listen on 127.0.0.1:"),
        (&["--listen", "nonsense"], 2, "--listen nonsense: expected an address and a port"),
        (&["--fixtures", &empty], 2, "nowhere.yaml: cannot be read: No such file"),
        (
            &["--fixtures", &typo],
            2,
            "typo.yaml:3:5: unknown member \"secrt\", did you mean \"secret\"?",
        ),
        (&["--fixtures", &garbled], 2, "garbled.yaml:2:1: invalid YAML or JSON"),
        (&["--signing-key", &ec], 2, "is not an RSA key"),
        (&["--signing-key", &typo], 2, "contains no private key"),
        (&["--signing-key", &empty], 2, "nowhere.yaml: No such file"),
        (&["--log", "a=b=c"], 2, "--log a=b=c"),
        (&["--log", "loud"], 2, "--log loud: expected error, warn, info"),
        (&["--log", "[span]=debug"], 2, "or a filter by module"),
        (&["--log", "info,a b{c}=debug"], 2, "or a filter by module"),
        (&["--log", "info,a="], 2, "or a filter by module"),
        (&["--log-format", "xml"], 2, "--log-format xml: expected text or json"),
        (&["--control", "maybe"], 2, "--control maybe: expected on or off"),
        (&["--public-url", "mock"], 2, "--public-url mock: expected a URL such as"),
    ];
    for (arguments, exit, line) in cases {
        let ready = folder.path("ready.json");
        let default: &[&str] =
            if arguments[0] == "--listen" { &[] } else { &["--listen", "127.0.0.1:0"] };
        let output = run(&[default, arguments, &["--ready-file", &ready]].concat());
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {stderr}");
        assert!(stderr.contains(line), "{arguments:?}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
        assert!(output.stdout.is_empty() && !Path::new(&ready).exists());
    }
    assert_eq!(run(&["--no-such-option"]).status.code(), Some(2));
    assert_eq!(run(&["no-such-command"]).status.code(), Some(2));
}

#[test]
fn the_signing_key_is_read_from_a_file_or_generated() {
    let folder = Folder::new("key");
    let own = folder.write("own.pem", include_str!("../../src/token/other.pem"));
    let mut kids = Vec::new();
    for key in [own.as_str(), own.as_str(), "generate", "generate"] {
        let server = Running::start(&folder, &["--signing-key", key]);
        let request = "GET /.well-known/jwks.json HTTP/1.0\r\n\r\n";
        let response = send_and_read_all(server.address(), request);
        let jwks: serde_json::Value = serde_json::from_str(body_of(&response)).unwrap();
        kids.push(jwks["keys"][0]["kid"].as_str().unwrap().to_owned());
    }
    assert_eq!(kids[0], kids[1]);
    assert_ne!(kids[2], kids[3]);
}

#[test]
fn check_prints_ok_or_all_errors() {
    let good = run(&["check", "fixtures", "fixtures/errors/access_denied.yaml"]);
    assert_eq!(good.status.code(), Some(0));
    assert!(text(&good.stdout).starts_with("ok: 7 clients, 3 merchants, 5 codes"));

    let folder = Folder::new("check");
    let bad = folder.write(
        "bad.yaml",
        "settings:\n  access_token_lifetime: 15\n  dialect: rfc\nclients:\n  - id: a\n    \
         secrt: x\ncodes:\n  - { code: c, client: b, merchant: m }\n",
    );
    let other = folder.write("other.json", "{\"errors\": {\"acces_denied\": {}}}");
    let output = run(&["check", &bad, &other]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = text(&output.stderr);
    for line in [
        "bad.yaml:2:26: \"15\" is not a duration: 15 has no unit; write 15s for seconds",
        "bad.yaml:3:12: unknown value \"rfc\", did you mean \"rfc6749\"?",
        "bad.yaml:6:5: unknown member \"secrt\", did you mean \"secret\"?",
        "bad.yaml:8:24: there is no client \"b\"",
        "bad.yaml:8:37: there is no merchant \"m\"",
        "other.json:1:13: unknown error code \"acces_denied\", did you mean \"access_denied\"?",
    ] {
        assert!(stderr.contains(line), "{line}\nis not in\n{stderr}");
    }
    assert_eq!(stderr.lines().count(), 6, "{stderr}");
    assert_eq!(run(&["check"]).status.code(), Some(2));
}

#[test]
fn check_hides_no_error_behind_another_and_reports_no_false_ones() {
    let folder = Folder::new("check-all");
    let check = |files: &[&str]| {
        let output = run(&[&["check"], files].concat());
        let lines: Vec<String> = text(&output.stderr)
            .lines()
            .map(|line| line.rsplit_once(".yaml:").map_or(line, |(_, rest)| rest).to_owned())
            .collect();
        lines
    };
    // All missing members, and errors beside a missing or misspelled member.
    let file = folder.write("a.yaml", "clients:\n  - { nmae: x, redirect_urls: [nope] }\n");
    let found = check(&[&file]);
    for part in ["\"id\" is missing", "\"secret\" is missing", "\"nmae\"", "a redirect URL must be"]
    {
        assert!(found.iter().any(|line| line.contains(part)), "{part}: {found:#?}");
    }
    assert_eq!(found.len(), 4, "{found:#?}");
    // A duplicate name does not end the check.
    let file =
        folder.write("b.yaml", "clients: []\nclients: []\ncolour: red\nsettings: { dialect: x }\n");
    assert_eq!(check(&[&file]).len(), 3);
    // A broken file causes no errors in the files that refer to it.
    let broken = folder.write("c.yaml", "clients: [{ id: a, secret: s }]\nmerchants: [\n");
    let user = folder.write("d.yaml", "codes: [{ code: c, client: a, merchant: m }]\n");
    assert_eq!(check(&[&broken, &user]).len(), 1);
    let misnamed = folder.write(
        "e.yaml",
        "extends: defalt\ncodes: [{ code: c, client: v6TJH1IqhM, merchant: rahulrama }]\n",
    );
    assert_eq!(check(&[&misnamed]).len(), 1);
    // An empty section has no effect.
    let empty = folder.write("f.yaml", "extends: default\nclients:\n  # - { id: a }\nsettings:\n");
    assert_eq!(check(&[&empty]), Vec::<String>::new());
    // Scenarios without any effect, and a number that may be a secret.
    for (fixture, part) in [
        ("scenarios: [{ respond: { error: } }]", "does nothing"),
        ("scenarios: [{ when: [], respond: pass }]", "matches no request"),
        (
            "scenarios: [{ respond: { error: x, headers: { Content-Length: '5' } } }]",
            "sets the header Content-Length itself",
        ),
        (
            "clients: [{ id: a, secret: 83748374 }]",
            "expected a string, found a number; put it in quotes",
        ),
        ("errors: { server_error: { status: 70000 } }", "a whole number"),
    ] {
        let found = check(&[&folder.write("g.yaml", fixture)]);
        assert!(found.len() == 1 && found[0].contains(part), "{fixture}: {found:?}");
        assert!(!found[0].contains("83748374"));
    }
}

#[test]
fn json_fixtures_are_parsed_as_strict_json() {
    let folder = Folder::new("json-fixtures");
    let emoji = folder.write(
        "a.json",
        r#"{"extends": "default", "merchants": [{"id": "shop", "name": "Shop \ud83d\ude00"}]}"#,
    );
    assert_eq!(run(&["check", &emoji]).status.code(), Some(0));
    let comma = folder.write("b.json", "{\n  \"clients\": [],\n}\n");
    let output = run(&["check", &comma]);
    assert!(text(&output.stderr).contains("b.json:3:1: invalid JSON"), "{}", text(&output.stderr));
}

#[test]
fn the_version_names_the_commit_that_the_program_is_built_from() {
    let version = text(&run(&["--version"]).stdout);
    let number = format!("smartpay-oauth-mock {}", env!("CARGO_PKG_VERSION"));
    assert!(version.starts_with(&number), "{version}");

    // A source archive has no commit, and neither has a machine without git.
    let git = Command::new("git").args(["rev-parse", "HEAD"]).output();
    if let (true, Ok(head)) = (Path::new(".git").exists(), git) {
        let commit = &text(&head.stdout)[..10];
        assert_eq!(version.trim(), format!("{number} ({commit})"));
    }
}

#[test]
fn schema_prints_a_json_schema() {
    let output = run(&["schema"]);
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(schema["properties"]["clients"]["description"].is_string());
}

#[test]
fn inspect_decodes_a_token() {
    let nonsense = run(&["inspect", "nonsense"]);
    assert_eq!(nonsense.status.code(), Some(1), "no good token");
    assert_eq!(text(&nonsense.stdout).trim(), "The token is malformed: it is not a JWT.");
    // The sample of the vendor's documentation is readable, but not signed by this key.
    let sample = format!("{}.AAAA", page::ACCESS_TOKEN);
    let mut child = Command::new(PROGRAM)
        .args(["inspect", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(sample.as_bytes()).unwrap();
    let stdout = text(&child.wait_with_output().unwrap().stdout);
    for part in [
        "access_token: The token has an invalid signature.",
        "iat            1619518736895  (2021-04-27T10:18:56.895Z)",
        "merchant_id    rahulrama",
    ] {
        assert!(stdout.contains(part), "{part}\nis not in\n{stdout}");
    }
    let json = run(&["inspect", "--json", &sample]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["valid"], false);
    assert_eq!(json["claims"]["client_id"], "v6TJH1IqhM");
}

#[test]
fn environment_variables_of_serve_do_not_affect_other_commands() {
    let output = Command::new(PROGRAM).env("SMARTPAY_MOCK_LISTEN", "nonsense").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let output = Command::new(PROGRAM)
        .args(["check", "fixtures"])
        .env("SMARTPAY_MOCK_LISTEN", "nonsense")
        .env("SMARTPAY_MOCK_LOG", "debug")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

/// A shell script: issues a code and tokens, injects an error, changes the clock, resets.
#[test]
fn commands_control_a_running_server() {
    let folder = Folder::new("shell");
    let server = Running::start(&folder, &[]);
    let shell = |arguments: &[&str]| run(&[arguments, &["--server", server.url()]].concat());
    let stdout_of = |arguments: &[&str]| {
        let output = shell(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout).trim().to_owned()
    };
    let parties = ["--client", "v6TJH1IqhM", "--merchant", "rahulrama"];
    let code = stdout_of(&[&["code"][..], &parties].concat());
    assert_eq!(code.len(), 43, "{code}");
    let tokens = stdout_of(&[&["token"][..], &parties].concat());
    assert!(tokens.contains("expires_in                899"), "{tokens}");
    let tokens = stdout_of(&[&["token", "--json"][..], &parties].concat());
    let tokens: serde_json::Value = serde_json::from_str(&tokens).unwrap();
    assert_eq!(tokens["token_type"], "bearer");

    let name = stdout_of(&["inject", "server_error", "--times", "2", "--client", "v6TJH1IqhM"]);
    let form = format!(
        "grant_type=authorization_code&code={code}&client_id=v6TJH1IqhM&client_secret=v6TJH1IqhM-secret"
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = format!("{}/oauth2/v3/token", server.url());
    let status = || runtime.block_on(crate::support::post(&url, form.clone())).status;
    assert_eq!([status(), status(), status()], [500, 500, 200], "{name}");

    let refunds = ["inject", "busy", "--path", "/pts/v2/payments/*/refunds", "--method", "POST"];
    let name = stdout_of(&[&refunds[..], &["--for", "30s"]].concat());
    let shown = runtime.block_on(async {
        let url = format!("{}/_mock/scenarios/{name}", server.url());
        reqwest::get(url).await.unwrap().json::<serde_json::Value>().await.unwrap()
    });
    assert_eq!(shown["for"], "30s");
    let when = r#"{"endpoint":"any","method":"POST","path":"/pts/v2/payments/*/refunds"}"#;
    assert_eq!(shown["when"].to_string(), when);

    assert!(stdout_of(&["clock", "set", "2021-04-27T10:18:56Z"]).contains("2021-04-27T10:18:56"));
    stdout_of(&["clock", "freeze"]);
    let clock = stdout_of(&["clock", "advance", "16m"]);
    assert!(clock.contains("2021-04-27T10:34:5") && clock.contains("frozen     true"), "{clock}");
    assert_eq!(stdout_of(&["reset"]), "reset to the initial state");
    assert!(stdout_of(&["clock"]).contains("offset_ms  0"));

    for (arguments, exit, part) in
        [(&["inject"][..], 2, "required"), (&["health", "--realm", "nowhere"], 1, "no realm")]
    {
        let output = shell(arguments);
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}");
        assert!(text(&output.stderr).contains(part), "{arguments:?}: {}", text(&output.stderr));
    }
}

/// Whether the program or the server finds the error: the exit code is 2, and the option is named.
#[test]
fn a_wrong_value_is_an_error_that_names_its_argument() {
    let folder = Folder::new("wrong-values");
    let server = Running::start(&folder, &[]);
    let scenario = folder.write("scenario.yaml", "respond: { eror: x }\n");
    let merchant = ["--merchant", "rahulrama"];
    let client = ["--client", "v6TJH1IqhM"];

    for (arguments, argument, part) in [
        (&["clock", "advance", "16"][..], "DURATION", "16 has no unit"),
        (&["clock", "set", "noon"], "TIME", "noon"),
        (&[&["code", "--client", "nobody"], &merchant[..]].concat(), "--client", "nobody"),
        (&[&["code", "--merchant", "no"], &client[..]].concat(), "--merchant", "no"),
        (&[&["code", "--scopes", "x"], &client[..], &merchant].concat(), "--scopes", "\"x\""),
        (&[&["token", "--client", "nobody"], &merchant[..]].concat(), "--client", "nobody"),
        (&["inject", "server_eror"], "CODE", "did you mean \"server_error\""),
        (&["inject", "x", "--for", "0s"], "--for", "longer than 0s"),
        (&["inject", "x", "--for", "soon"], "--for", "soon"),
        (&["inject", "x", "--delay", "5"], "--delay", "no unit"),
        (&["inject", "x", "--method", "post"], "--method", "write capital letters"),
        (&["inject", "x", "--path", "pts/*"], "--path", "a path starts with a slash"),
        (&["inject", "x", "--times", "0"], "--times", "at least 1"),
        (&["inject", "x", "--status", "99"], "--status", "99"),
        (&["inject", "x", "--name", "a b"], "--name", "name"),
        (&["inject", "x", "--client", "v6TJH1Iqhn"], "--client", "v6TJH1IqhM"),
        (&["inject", "x", "--endpoint", "nowhere"], "--endpoint", "nowhere"),
        (&["inject", "--fault", "explosion"], "--fault", "explosion"),
        (&["requests", "--endpoint", "nowhere"], "--endpoint", "nowhere"),
        (&["requests", "--status", "many"], "--status", "many"),
        (&["requests", "verify", "--wait", "soon"], "--wait", "soon"),
        (&["requests", "verify", "--at-least", "2", "--at-most", "1"], "--at-most", "less than"),
        (&["clients", "set", "v6TJH1IqhM", "status=away"], "/status", "away"),
        (&["clients", "set", "v6TJH1IqhM", "status"], "MEMBER=VALUE", "status=inactive"),
        (&["scenarios", "set", "mine", &scenario], "FILE", "eror"),
        (&["scenarios", "set", "mine", "/nowhere"], "FILE", "/nowhere"),
        (&["realms", "set", "blue", "--host", "a b"], "--host", "a b"),
        (&["realms", "set", "blue", "--fixtures", "/nowhere"], "/nowhere", "cannot be read"),
        (&["fixtures", "set", "/nowhere"], "/nowhere", "cannot be read"),
    ] {
        let output = run(&[arguments, &["--server", server.url()]].concat());
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(argument) && stderr.contains(part), "{arguments:?}: {stderr}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn invalid_variables_of_serve_do_not_break_other_commands_and_empty_ones_are_ignored() {
    let output = Command::new(PROGRAM)
        .args(["check", "fixtures"])
        .env("SMARTPAY_MOCK_LOG_FORMAT", "bogus")
        .env("SMARTPAY_MOCK_EXIT_ON_STDIN_CLOSE", "maybe")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let folder = Folder::new("variables");
    let ready = folder.path("ready.json");
    let mut child = Command::new(PROGRAM)
        .env("SMARTPAY_MOCK_LISTEN", "127.0.0.1:0")
        .env("SMARTPAY_MOCK_READY_FILE", &ready)
        .env("SMARTPAY_MOCK_FIXTURES", "fixtures, fixtures/errors/access_denied.yaml")
        .env("SMARTPAY_MOCK_SIGNING_KEY", "")
        .env("SMARTPAY_MOCK_PUBLIC_URL", "")
        .env("SMARTPAY_MOCK_LOG", "")
        .env("SMARTPAY_MOCK_LOG_FORMAT", "")
        .env("SMARTPAY_MOCK_EXIT_ON_STDIN_CLOSE", "1")
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !Path::new(&ready).exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended early");
        assert!(start.elapsed() < Duration::from_secs(60), "it is not ready");
        std::thread::sleep(Duration::from_millis(2));
    }
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// A parent process that cleans up sends SIGTERM, then closes the pipe.
#[test]
fn the_end_of_standard_input_is_not_a_second_signal_and_an_incomplete_request_does_not_delay_the_exit()
 {
    let folder = Folder::new("cleanup");
    let fixtures = folder.write(
        "slow.yaml",
        "extends: default\nscenarios: [{ name: slow, respond: { delay: 600ms } }]\n",
    );
    let mut server = Running::start(&folder, &["--exit-on-stdin-close", "--fixtures", &fixtures]);
    let address = server.address().to_owned();
    let mut half = RawClient::connect(&address);
    half.send("POST /oauth2").unwrap();
    let mut client = RawClient::connect(&address);
    client.post_token(page::REQUEST).unwrap();
    assert!(run(&["health", "--server", server.url()]).status.success());
    server.signal("-TERM");
    drop(server.child.stdin.take());
    let response = client.read_response().unwrap();
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    assert_eq!(server.exit_code(), Some(0));
    assert!(!server.log().contains("aborted"));
}

#[test]
fn a_wrong_path_is_one_line_of_the_log() {
    let folder = Folder::new("wrong-path");
    let mut server = Running::start(&folder, &[]);
    let long = "x".repeat(10_000);
    for path in
        ["/oauth/token?code=s3cret", "/pts/v2/nothing", "/realms/nope/x", &format!("/{long}")]
    {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert!(send_and_read_all(server.address(), request).starts_with("HTTP/1.1 404"));
    }
    let log = server.wait_for_log("GET /xxx");
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("status=404")).collect();
    let expected = ["GET /oauth/token ", "GET /pts/v2/nothing ", "no realm: nope ", "GET /xxx"];
    assert_eq!(lines.len(), expected.len(), "{log}");
    for (line, part) in lines.into_iter().zip(expected) {
        assert!(line.contains(part) && line.len() < 300, "{line}");
    }
    assert!(!log.contains("s3cret"));
}

/// So that a quiet log shows the failures only, and a verbose one everything.
#[test]
fn a_success_is_a_line_of_the_log_at_debug() {
    let folder = Folder::new("log-success");
    for (filter, is_logged) in [("debug", true), ("debug,", true), ("info", false)] {
        let mut server = Running::start(&folder, &["--log", filter]);
        let mut client = RawClient::connect(server.address());
        client.post_token(page::REQUEST).unwrap();
        assert!(client.read_response().unwrap().starts_with("HTTP/1.1 200"));

        server.signal("-TERM");
        assert_eq!(server.exit_code(), Some(0));
        let log = server.log();
        let line = log.lines().find(|line| line.contains("POST /oauth2/v3/token"));
        assert_eq!(line.is_some(), is_logged, "{log}");
        assert!(line.is_none_or(|line| line.contains("DEBUG") && line.contains("status=200")));
        assert!(!log.contains("yourClientSecret") && !log.contains("eyJraK"), "{log}");
    }
}

/// Each port that cannot be used is named with the option that selects another.
#[test]
fn a_port_that_is_taken_is_an_error_that_names_the_option() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let localhost = format!("localhost:{}", taken.local_addr().unwrap().port());
    let free = "127.0.0.1:0";

    for (arguments, option) in [
        (vec!["--listen", &address], "--listen"),
        (vec!["--listen", free, &format!("--listen={address}")], "--listen"),
        (vec!["--listen", &localhost], "--listen"),
        (vec!["--listen", free, "--tls-listen", &address], "--tls-listen"),
        (vec!["--listen", free, "--portal-listen", &address], "--portal-listen"),
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(1));
        let stderr = text(&output.stderr);
        let advice = format!("select another port with {option}, or a free one with {option} 127");
        assert!(stderr.contains(&advice), "{arguments:?}: {stderr}");
        assert!(stderr.contains(&address), "{arguments:?}: {stderr}");
    }
}

#[test]
fn unknown_variables_with_the_prefix_are_warned_of() {
    let run_with = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).envs(variables.iter().copied()).output().unwrap()
    };

    let typos = [("SMARTPAY_MOCK_LISTN", "x"), ("SMARTPAY_MOCK_NONSENSE", "x")];
    let output = run_with(&typos, &["check", "fixtures"]);
    assert_eq!(output.status.code(), Some(0));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("SMARTPAY_MOCK_LISTN: unknown"), "{stderr}");
    assert!(stderr.contains("did you mean SMARTPAY_MOCK_LISTEN?"), "{stderr}");
    assert!(stderr.contains("SMARTPAY_MOCK_NONSENSE: unknown"), "{stderr}");

    // The server says so in its log, whose format it keeps.
    let output = run_with(&typos, &["--log-format", "json", "--listen", "off"]);
    let line = text(&output.stderr).lines().next().unwrap_or_default().to_owned();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["level"], "WARN");

    // Those of other commands, of clients under test and of packages are no mistake.
    let known = [
        ("SMARTPAY_MOCK_FIXTURES", "fixtures"),
        ("SMARTPAY_MOCK_SERVER", "http://127.0.0.1:1"),
        ("SMARTPAY_MOCK_TOKEN_URL", "x"),
        ("SMARTPAY_OAUTH_MOCK_BINARY", "x"),
    ];
    assert_eq!(text(&run_with(&known, &["check", "fixtures"]).stderr), "");
}

/// A server that other machines reach says so, and says what restricts its control API.
#[test]
fn a_server_on_all_interfaces_says_who_can_reach_its_control_api() {
    let folder = Folder::new("exposed");
    let log_of = |arguments: &[&str]| {
        let mut server = Running::spawn(&folder, arguments);
        server.wait_until("logs its URL", |server| server.log().contains("listening"));
        server.log()
    };

    let open = log_of(&["--listen", "0.0.0.0:0"]);
    assert!(open.contains("other machines can reach 0.0.0.0:0 and control it"), "{open}");
    assert!(open.contains("--control-token restricts this"), "{open}");
    let with_token = log_of(&["--listen", "0.0.0.0:0", "--control-token", "s3cret"]);
    assert!(with_token.contains("with the token of --control-token"), "{with_token}");
    assert!(!with_token.contains("s3cret"), "{with_token}");
    for arguments in [
        &["--listen", "127.0.0.1:0"][..],
        &["--listen", "localhost:0"],
        &["--listen", "0.0.0.0:0", "--control", "off"],
        &["--listen", "127.0.0.1:0", "--portal-listen", "0.0.0.0:0"],
    ] {
        let log = log_of(arguments);
        assert!(!log.contains("control API"), "{arguments:?}: {log}");
    }
}

#[test]
fn the_log_can_be_json() {
    let folder = Folder::new("json");
    let mut server = Running::start(&folder, &["--log-format", "json"]);
    server.signal("-TERM");
    server.exit_code();
    for line in server.log().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["level"], "INFO");
    }
}

/// `script` (util-linux) runs the program in a terminal.
#[test]
fn the_banner_on_a_terminal_has_an_example_that_works() {
    if lacks_tools(&["script", "curl"]) {
        return;
    }
    let folder = Folder::new("banner");
    let ready = folder.path("ready.json");
    let command = format!("{PROGRAM} --listen 127.0.0.1:0 --log off --ready-file {ready}");
    let mut terminal = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut banner = String::new();
    let mut lines = BufReader::new(terminal.stdout.take().unwrap());
    while !banner.contains("curl") {
        assert!(lines.read_line(&mut banner).unwrap() > 0, "{banner}");
    }
    assert!(banner.contains("listening on") && banner.contains("v6TJH1IqhM"), "{banner}");
    let curl = banner.lines().find_map(|line| Some(&line[line.find("curl")?..])).unwrap().trim();
    let output = Command::new("sh").args(["-c", curl]).output().unwrap();
    assert!(text(&output.stdout).contains("\"access_token\""), "{}", text(&output.stdout));
    let ready: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&ready).unwrap()).unwrap();
    send_signal(u32::try_from(ready["pid"].as_u64().unwrap()).unwrap(), "-TERM");
    terminal.wait().unwrap();
}

/// The health check of the image has no options, so it follows the variables of `serve`.
#[test]
fn the_health_check_finds_the_server_that_the_variables_of_serve_describe() {
    let folder = Folder::new("health-variables");
    let health = |variables: &[(&str, &str)]| {
        let mut command = Command::new(PROGRAM);
        command.arg("health").env_remove("SMARTPAY_MOCK_SERVER");
        command.envs(variables.iter().copied()).output().unwrap()
    };
    let server = Running::start(&folder, &["--tls-listen", "127.0.0.1:0"]);
    let of = |scheme: &str| {
        let url = server.ready()[scheme].as_str().unwrap();
        url.replace(&format!("{scheme}://127.0.0.1"), "0.0.0.0")
    };

    let moved = health(&[("SMARTPAY_MOCK_LISTEN", &of("http"))]);
    assert!(moved.status.success(), "{}", text(&moved.stderr));
    let tls_only = [("SMARTPAY_MOCK_LISTEN", "off"), ("SMARTPAY_MOCK_TLS_LISTEN", &of("https"))];
    let checked = health(&tls_only);
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    assert!(text(&checked.stdout).contains(r#""status":"ok""#));

    // A URL that is given wins, and then the CA is required.
    let https = server.ready()["https"].as_str().unwrap();
    let explicit = health(&[("SMARTPAY_MOCK_SERVER", https)]);
    assert!(text(&explicit.stderr).contains("--ca FILE"), "{}", text(&explicit.stderr));
}

#[test]
fn the_health_check_fails_if_another_program_responds() {
    for body in
        ["", "<html></html>", "{}", r#"{"status":"ok"}"#, r#"{"status":"UP","version":"1"}"#]
    {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let other = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let _ = std::io::Read::read(&mut stream, &mut request).unwrap();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            std::io::Write::write_all(&mut stream, format!("{head}{body}").as_bytes()).unwrap();
        });
        let output = run(&["health", "--server", &url]);
        other.join().unwrap();
        assert_eq!(output.status.code(), Some(1), "{body}");
        assert!(text(&output.stderr).contains("another program has this port"), "{body}");
    }
}
