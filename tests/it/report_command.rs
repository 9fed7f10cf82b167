//! The command `report`: its formats, and the exit code for a CI job.

use std::process::{Command, Output};

use serde_json::Value;
use smartpay_oauth_mock::{ErrorCode, MockAuthServer, Outcome, Scenario};

use crate::support::folder::Folder;
use crate::support::program::{PROGRAM, run, text};
use crate::support::{code, exchange};

/// Runs the command against a server.
async fn report(server: &MockAuthServer, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("report").args(arguments).env("SMARTPAY_MOCK_SERVER", server.base_url());
    tokio::task::spawn_blocking(move || command.output().expect("the program")).await.unwrap()
}

async fn report_text(server: &MockAuthServer, arguments: &[&str]) -> String {
    text(&report(server, arguments).await.stdout)
}

/// A server whose client has exchanged a code twice, and has met one scenario with an odd error.
async fn server_with_findings() -> MockAuthServer {
    let server = MockAuthServer::start().await;
    let code = code(&server).await;
    exchange(&server, &code).await.ok();
    exchange(&server, &code).await;
    let odd = Scenario::respond(Outcome::error("<b>&|odd")).times(1).name("odd");
    let _odd = server.inject(odd).await;
    exchange(&server, "none").await;
    drop(
        server
            .inject(Scenario::respond(Outcome::error(ErrorCode::InvalidScope)).name("busy"))
            .await,
    );
    server
}

#[tokio::test]
async fn a_table_has_the_findings_and_what_was_met() {
    let server = server_with_findings().await;
    let table = report_text(&server, &[]).await;
    for part in [
        "error    code-reused              once  #1, #2\n",
        "         A code was presented again after it had been exchanged.\n",
        "warning  no-correlation-id        3 times  #1, #2, #3\n",
        "info     plain-http               once  #1\n",
        "  invalid_request                      1  1 reauthorized\n",
        "  code_exchange                        1\n",
        "Scenarios that no request has matched: busy\n",
        "3 requests: 1 of 11 documented errors met, 4 findings\n",
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }
    assert!(!table.contains('\x1b'), "no colors in a pipe");
    assert!(table.find("code-reused") < table.find("no-correlation-id"), "the worst comes first");
}

#[tokio::test]
async fn the_exit_code_says_whether_the_report_passes() {
    let server = server_with_findings().await;
    for (arguments, expected) in [
        (&[][..], 1),
        (&["--ignore", "code-reused"], 0),
        (&["--fail-on", "never"], 0),
        (&["--fail-on", "warning", "--ignore", "code-reused"], 1),
        (&["--fail-on", "warning", "--ignore", "code-reused", "no-correlation-id"], 0),
        (&["--fail-on", "info", "--ignore", "code-reused,no-correlation-id"], 1),
        (&["--fail-on", "never", "--min-errors-met", "1"], 0),
        (&["--fail-on", "never", "--min-errors-met", "2"], 1),
        (&["--ignore", "code-reusd"], 2),
        (&["--format", "xml"], 2),
        (&["--output", "/nowhere/report"], 1),
    ] {
        let output = report(&server, arguments).await;
        assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn without_a_server_nobody_can_tell() {
    let output = run(&["report", "--server", "http://127.0.0.1:1"]);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(3), ""));
    assert!(text(&output.stderr).contains("http://127.0.0.1:1"), "{}", text(&output.stderr));
}

#[tokio::test]
async fn the_response_of_another_program_is_no_report() {
    let server = MockAuthServer::start().await;
    let url = server.base_url() + "/realms/none";
    let output =
        tokio::task::spawn_blocking(move || run(&["report", "--server", &url])).await.unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
}

#[tokio::test]
async fn json_is_that_of_the_control_api_in_a_file_too() {
    let server = server_with_findings().await;
    let json: Value =
        serde_json::from_str(&report_text(&server, &["--format", "json"]).await).unwrap();
    assert_eq!(json["findings"][0]["rule"], "code-reused");
    assert_eq!(
        json,
        serde_json::from_str::<Value>(&report_text(&server, &["--json"]).await).unwrap()
    );

    let folder = Folder::new("report");
    let file = folder.path("report.json");
    let output = report(&server, &["--format", "json", "--output", &file]).await;
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""));
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(json, serde_json::from_str::<Value>(&written).unwrap());
}

#[tokio::test]
async fn junit_has_a_test_case_for_each_rule() {
    let server = server_with_findings().await;
    let arguments = ["--format", "junit", "--min-errors-met", "5", "--ignore", "plain-http"];
    let xml = report_text(&server, &arguments).await;
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "), "{xml}");
    assert!(xml.contains("tests=\"21\" failures=\"2\" errors=\"0\" skipped=\"1\""), "{xml}");
    assert_eq!(xml.matches("<testcase ").count(), 21);
    for part in [
        "name=\"code-reused\" time=\"0\"><failure type=\"error\" message=\"A code was presented again",
        "name=\"no-correlation-id\" time=\"0\"><system-out>warning: ",
        "name=\"plain-http\" time=\"0\"><skipped message=\"ignored\"/></testcase>",
        "name=\"no-state\" time=\"0\"/>",
        "name=\"min-errors-met\" time=\"0\"><failure type=\"coverage\"",
    ] {
        assert!(xml.contains(part), "{part}: {xml}");
    }
}

#[tokio::test]
async fn html_is_one_file_without_scripts() {
    let server = server_with_findings().await;
    let html = report_text(&server, &["--format", "html"]).await;
    for part in [
        "<!DOCTYPE html>",
        "Failed: 1 of 11 documented errors met, 4 findings",
        "<article class=\"error\">",
        "prefers-color-scheme: dark",
        "@media print",
        "<code>merchant_not_active</code>",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    for part in ["<script", "src=", "href=", "<b>", "<link"] {
        assert!(!html.contains(part), "{part}: {html}");
    }
}

#[tokio::test]
async fn markdown_has_tables_in_which_nothing_breaks_out() {
    let server = server_with_findings().await;
    let markdown = report_text(&server, &["--format", "markdown"]).await;
    assert!(markdown.contains("3 requests: **1 of 11 documented errors met, 4 findings**"));
    assert!(markdown.contains("| error | `code-reused` | 1 | A code was presented again"));
    assert!(markdown.contains("| `&lt;b>&\\|odd` | 1 |"), "{markdown}");
}
