//! A report as JUnit XML, in the form that GitLab, GitHub's actions and Jenkins read.

use std::fmt::Write;

use super::verdict::{Verdict, format_requests};
use crate::report::{Finding, rules};

/// The name of the suite.
const SUITE: &str = "smartpay-oauth-mock report";

/// Returns the report as JUnit XML: a test case for each rule.
pub(super) fn format(verdict: &Verdict<'_>) -> String {
    let findings = &verdict.report.findings;
    let known = rules().map(|rule| rule.name);
    // A newer server may have more rules.
    let unknown = findings.iter().map(|finding| finding.rule.as_str());
    let unknown = unknown.filter(|name| rules().all(|rule| rule.name != *name));

    let mut cases = String::new();
    let (mut tests, mut failures, mut skipped) = (0, 0, 0);
    for name in known.chain(unknown) {
        let finding = findings.iter().find(|finding| finding.rule == name);
        tests += 1;
        failures += usize::from(finding.is_some_and(|finding| verdict.fails(finding)));
        skipped += usize::from(verdict.is_ignored(name));
        write_case(&mut cases, name, &content(verdict, name, finding));
    }
    if let Some(min) = verdict.min_errors_met {
        tests += 1;
        failures += usize::from(verdict.lacks_errors());
        write_case(&mut cases, "min-errors-met", &errors_content(verdict, min));
    }

    let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\"");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"{SUITE}\" {counts} time=\"0\">\n  \
         <testsuite name=\"{SUITE}\" {counts} skipped=\"{skipped}\" time=\"0\">\n\
         {cases}  </testsuite>\n</testsuites>\n"
    )
}

fn write_case(cases: &mut String, name: &str, content: &str) {
    let name = escape(name);
    let start =
        format!("    <testcase classname=\"smartpay-oauth-mock\" name=\"{name}\" time=\"0\"");
    let _ = if content.is_empty() {
        writeln!(cases, "{start}/>")
    } else {
        writeln!(cases, "{start}>{content}</testcase>")
    };
}

/// Returns the content of a rule's test case.
fn content(verdict: &Verdict<'_>, name: &str, finding: Option<&Finding>) -> String {
    if verdict.is_ignored(name) {
        return "<skipped message=\"ignored\"/>".to_owned();
    }
    let Some(finding) = finding else { return String::new() };

    let Finding { severity, times, text, requests, help, .. } = finding;
    let requests = format_requests(requests);
    let times = if *times == 1 { "Once" } else { &format!("{times} times") };
    let detail = escape(&format!("{text}\n{times}: {requests}\n{help}"));
    if verdict.fails(finding) {
        let message = escape(text);
        format!("<failure type=\"{severity}\" message=\"{message}\">{detail}</failure>")
    } else {
        format!("<system-out>{severity}: {detail}</system-out>")
    }
}

fn errors_content(verdict: &Verdict<'_>, min: usize) -> String {
    if !verdict.lacks_errors() {
        return String::new();
    }

    let missing = verdict.unmet_errors().join(", ");
    let summary = verdict.summary();
    format!(
        "<failure type=\"coverage\" message=\"{summary}; expected {min}\">missing: {missing}</failure>"
    )
}

/// Escapes a text for XML. Characters that XML cannot have are left out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            '\u{FFFE}' | '\u{FFFF}' => {}
            character if character.is_control() => {}
            character => escaped.push(character),
        }
    }
    escaped
}
