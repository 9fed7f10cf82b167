//! Runs `docs/report.md`: the commands of each rule make exactly the finding of that rule.

use std::process::Command;

use crate::support::tools::lacks_tools;
use smartpay_oauth_mock::{MockAuthServer, Report};

const PAGE: &str = include_str!("../../docs/report.md");
/// The rules that every client without HTTPS breaks.
const TRANSPORT: [&str; 2] = ["plain-http", "no-client-certificate"];

/// Returns the shell commands of a part of the page.
fn commands(part: &str) -> &str {
    let (_, rest) = part.split_once("```sh\n").expect("a block of commands");
    rest.split_once("```").expect("its end").0
}

/// Returns the functions that all rules use, and each rule with its severity and its commands.
fn rules() -> (&'static str, Vec<(&'static str, &'static str, &'static str)>) {
    let (_, rules) = PAGE.split_once("\n## The rules\n").expect("the rules");
    let mut parts = rules.split("\n### ");
    let functions = commands(parts.next().expect("the functions"));
    let rule = |part: &'static str| {
        let (name, text) = part.split_once('\n').expect("a name");
        let severity = text.trim_start().trim_start_matches('*').split(['*', '.']).next();
        (name, severity.expect("a severity"), commands(text))
    };
    (functions, parts.map(rule).collect())
}

/// Runs the commands of a rule against a fresh server, and returns its report.
async fn report_of(rule: &str, commands: &str) -> Report {
    let server = MockAuthServer::start().await;
    let url = server.base_url();
    let script = format!("{}{commands}", rules().0);
    let bash = move || {
        Command::new("bash").args(["-e", "-c", &script]).env("MOCK", url).output().expect("bash")
    };
    let output = tokio::task::spawn_blocking(bash).await.unwrap();
    assert!(output.status.success(), "{rule}: {}", String::from_utf8_lossy(&output.stderr));
    server.report().await
}

async fn check(name: &str, severity: &str, commands: &str) {
    let report = report_of(name, commands).await;
    let found: Vec<&str> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    let others: Vec<&str> =
        found.iter().copied().filter(|rule| *rule == name || !TRANSPORT.contains(rule)).collect();
    assert_eq!(others, [name], "{name}");

    let finding = report.findings.iter().find(|finding| finding.rule == name).unwrap();
    let expected = if TRANSPORT.contains(&name) { "info" } else { &severity.to_lowercase() };
    assert_eq!(finding.severity.as_str(), expected, "{name}");
}

#[tokio::test]
async fn each_block_makes_the_finding_of_its_rule_and_no_other() {
    if lacks_tools(&["bash", "curl"]) {
        return;
    }
    let (_, rules) = rules();
    assert_eq!(rules.len(), 20);
    for (name, severity, commands) in rules {
        if name != "no-timeout" {
            check(name, severity, commands).await;
        }
    }
}

/// Waits for over a minute, as the client of this rule does.
#[tokio::test]
async fn a_client_without_a_timeout_is_found() {
    if lacks_tools(&["bash", "curl"]) {
        return;
    }
    let (_, rules) = rules();
    let (name, severity, commands) = rules.into_iter().find(|rule| rule.0 == "no-timeout").unwrap();
    check(name, severity, commands).await;
}
