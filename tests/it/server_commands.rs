//! The commands that list, show, set and delete what a running server has.

use std::process::Command;

use serde_json::Value;

use crate::support::folder::Folder;
use crate::support::program::{PROGRAM, Running, run, text};

/// A running server, and the commands for it.
struct Shell {
    folder: Folder,
    server: Running,
}

impl Shell {
    fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        let server = Running::start(&folder, &[]);
        Self { folder, server }
    }

    /// Runs a command line that succeeds. Returns what it prints on standard output.
    fn run(&self, line: &str) -> String {
        let output = self.output(line);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", text(&output.stderr));
        text(&output.stdout).trim().to_owned()
    }

    fn output(&self, line: &str) -> std::process::Output {
        let words: Vec<&str> = line.split_whitespace().collect();
        run(&[&words[..], &["--server", self.server.url()]].concat())
    }

    /// Runs a command line that fails. Returns the error.
    fn fail(&self, line: &str, exit: i32) -> String {
        let output = self.output(line);
        assert_eq!(output.status.code(), Some(exit), "{line}: {}", text(&output.stdout));
        text(&output.stderr)
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.run(&format!("{line} --json"))).expect("JSON")
    }
}

#[test]
fn scenarios_are_listed_shown_set_released_and_deleted() {
    let shell = Shell::new("scenarios-command");
    let file = shell.folder.write("busy.yaml", "respond: [{ error: server_error }]\ntimes: 2\n");

    assert_eq!(shell.run(&format!("scenarios set busy {file}")), "busy");
    let list = shell.run("scenarios");
    let line = list.lines().find(|line| line.starts_with("busy ")).expect("the scenario");
    assert!(line.contains("enabled"), "{list}");
    assert!(list.contains("error-access_denied"), "the built-in ones, too: {list}");
    assert_eq!(shell.run("scenarios list"), list);
    assert!(shell.run("scenarios show busy").contains("remaining  2"));
    assert_eq!(shell.json("scenarios show busy")["times"], 2);
    assert_eq!(shell.run("scenarios release busy"), "released 0 requests");

    assert_eq!(shell.run("scenarios delete busy"), "deleted busy");
    assert!(shell.fail("scenarios show busy", 1).contains("no scenario"));
    assert!(shell.fail("scenarios delete busy", 1).contains("no scenario"));
    shell.run("scenarios clear");
    assert_eq!(shell.json("scenarios")["scenarios"].as_array().map(Vec::len), Some(0));
}

/// The hint is not on standard output, which has the name alone.
#[test]
fn inject_prints_how_to_take_it_back() {
    let shell = Shell::new("inject-hint");
    let output = shell.output("inject server_error --name mine");
    assert_eq!(text(&output.stdout), "mine\n");

    let stderr = text(&output.stderr);
    let hint = stderr.trim().strip_prefix("remove it with: smartpay-oauth-mock ").expect("a hint");
    let words: Vec<&str> = hint.split_whitespace().collect();
    assert_eq!(run(&words).status.code(), Some(0), "{hint}");
    assert!(shell.fail("scenarios show mine", 1).contains("no scenario"));

    let json = shell.output("inject server_error --json");
    assert!(json.stderr.is_empty(), "{}", text(&json.stderr));
}

#[test]
fn grants_are_listed_shown_and_revoked() {
    let shell = Shell::new("grants-command");
    let token = "token --client v6TJH1IqhM --merchant rahulrama --json";
    let tokens: Value = serde_json::from_str(&shell.run(token)).unwrap();
    let grants = shell.json("grants");
    let newest = grants["grants"].as_array().and_then(|grants| grants.last()).unwrap();
    let id = newest["id"].as_str().unwrap();

    assert!(shell.run("grants").lines().any(|line| line.contains(id) && line.contains("active")));
    assert!(shell.run(&format!("grants show {id}")).contains("merchant_id  rahulrama"));
    assert_eq!(shell.run(&format!("grants delete {id}")), format!("revoked {id}"));
    assert_eq!(shell.json(&format!("grants show {id}"))["revoked"], true);
    assert!(shell.fail("grants show nowhere", 1).contains("nowhere"));
    shell.fail("grants delete nowhere", 1);

    // The token itself is still well-formed and signed. Only the server knows.
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(run(&["inspect", token]).status.code(), Some(0));
    let inspected = shell.output(&format!("inspect {token}"));
    assert_eq!(inspected.status.code(), Some(1));
    assert!(text(&inspected.stdout).contains("revoked"), "{}", text(&inspected.stdout));
}

#[test]
fn clients_and_merchants_are_listed_shown_set_and_deleted() {
    let shell = Shell::new("accounts-command");
    let list = shell.run("clients");
    assert!(list.lines().next().unwrap().starts_with("id "), "{list}");
    assert!(list.contains("v6TJH1IqhM"), "{list}");

    let shown = shell.run("clients set v6TJH1IqhM status=inactive");
    assert!(shown.contains("status          inactive"), "{shown}");
    // A value of digits is a text, and a list is JSON.
    shell.run(r#"clients set new secret=83748374 redirect_urls=["https://a.example/b"]"#);
    let new = shell.json("clients show new");
    assert_eq!(
        (&new["secret"], &new["redirect_urls"][0]),
        (&"83748374".into(), &"https://a.example/b".into())
    );
    assert_eq!(shell.run("clients delete new"), "deleted new");
    assert!(shell.fail("clients show new", 1).contains("no client"));

    shell.run("merchants set shop can_grant=false");
    assert_eq!(shell.json("merchants show shop")["can_grant"], false);
    assert!(shell.run("merchants").contains("shop"));
    shell.run("merchants delete shop");
    shell.fail("merchants delete shop", 1);
}

#[test]
fn fixtures_are_shown_and_replaced_and_what_is_shown_can_be_set() {
    let shell = Shell::new("fixtures-command");
    let shown = shell.run("fixtures");
    let file = shell.folder.write("shown.json", &shown);
    assert_eq!(run(&["check", &file]).status.code(), Some(0), "{shown}");

    let own = shell.folder.write("own.yaml", "clients: [{ id: only, secret: s }]\n");
    assert_eq!(shell.run(&format!("fixtures set {own}")), "fixtures replaced");
    assert_eq!(shell.json("clients")["clients"].as_array().map(Vec::len), Some(1));
    shell.run(&format!("fixtures set {file}"));
    assert_eq!(shell.run("fixtures show"), shown);

    let wrong = shell.folder.write("wrong.yaml", "clients: [{ id: only, secrt: s }]\n");
    let error = shell.fail(&format!("fixtures set {wrong}"), 2);
    assert!(error.contains("wrong.yaml:1:") && error.contains("secret"), "{error}");
    assert_eq!(shell.run("fixtures"), shown);
}

#[test]
fn realms_are_listed_shown_set_and_deleted_and_an_option_selects_one() {
    let shell = Shell::new("realms-command");
    let own = shell.folder.write("own.yaml", "clients: [{ id: only, secret: s }]\n");
    let set = shell.run(&format!("realms set blue --fixtures {own} --host blue.test --listen"));
    assert!(set.contains("token_url") && set.contains("blue.test"), "{set}");

    let list = shell.run("realms");
    assert!(list.lines().any(|line| line.starts_with("default ")), "{list}");
    assert!(list.lines().any(|line| line.starts_with("blue ")), "{list}");
    assert!(shell.json("realms show blue")["http"].is_string());
    assert_eq!(shell.json("clients --realm blue")["clients"][0]["id"], "only");
    assert!(shell.json("clients")["clients"].as_array().unwrap().len() > 1);

    // What is printed to take an injected error back names the realm.
    let injected = shell.output("inject server_error --name x --realm blue");
    assert!(text(&injected.stderr).trim().ends_with("--realm blue"));

    assert_eq!(shell.run("realms delete blue"), "deleted blue");
    assert!(shell.fail("clients --realm blue", 1).contains("realm"));
    assert!(shell.fail("realms show blue", 1).contains("blue"));
    shell.fail("realms delete default", 1);
}

/// As it is copied from the header of a request, or from a log.
#[test]
fn inspect_takes_the_value_of_the_authorization_header() {
    let shell = Shell::new("inspect-bearer");
    let token = "token --client v6TJH1IqhM --merchant rahulrama --json";
    let tokens: Value = serde_json::from_str(&shell.run(token)).unwrap();
    let token = tokens["access_token"].as_str().unwrap();
    let with = |prefix: &str| format!("{prefix}{token}");

    for argument in [with(""), with("Bearer "), with("bearer  "), with("Authorization: Bearer ")] {
        let output = run(&["inspect", &argument]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
        assert!(text(&output.stdout).contains("access_token: It is valid"));
    }
    // Without quotes, the shell makes two arguments of it.
    assert_eq!(run(&["inspect", "Bearer", token]).status.code(), Some(0));
    assert_eq!(shell.output(&format!("inspect Bearer {token}")).status.code(), Some(0));

    // The server's clock decides there, this machine's here.
    shell.run("clock advance 16m");
    let expired = shell.output(&format!("inspect {token}"));
    assert_eq!(expired.status.code(), Some(1));
    assert!(text(&expired.stdout).contains("expired"), "{}", text(&expired.stdout));
    assert_eq!(run(&["inspect", token]).status.code(), Some(0));
    let variable = Command::new(PROGRAM)
        .args(["inspect", token])
        .env("SMARTPAY_MOCK_SERVER", shell.server.url())
        .output()
        .unwrap();
    assert_eq!(variable.status.code(), Some(1), "the variable names the server as well");
}
