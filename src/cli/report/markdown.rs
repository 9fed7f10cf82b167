//! A report as Markdown, for the summary of a CI job or a comment.

use std::fmt::Write;

use super::verdict::{MetRow, Verdict, format_requests};

/// Returns the report as Markdown.
pub(super) fn format(verdict: &Verdict<'_>) -> String {
    let report = verdict.report;
    let mut text = format!(
        "## smartpay-oauth-mock report\n\n{} requests: **{}**\n",
        report.requests,
        verdict.summary()
    );

    let findings = verdict.findings();
    if !findings.is_empty() {
        text.push_str("\n| severity | rule | times | what | what to do | requests |\n|---|---|---|---|---|---|\n");
        for finding in findings {
            let ignored = if verdict.is_ignored(&finding.rule) { " (ignored)" } else { "" };
            let _ = writeln!(
                text,
                "| {}{ignored} | `{}` | {} | {} | {} | {} |",
                finding.severity,
                cell(&finding.rule),
                finding.times,
                cell(&finding.text),
                cell(&finding.help),
                format_requests(&finding.requests),
            );
        }
    }

    for (title, (_, rows)) in ["error", "fault", "flow"].into_iter().zip(verdict.tables()) {
        write_rows(&mut text, title, &rows);
    }
    write_list(&mut text, "Documented errors that were not met", &verdict.unmet_errors());
    write_list(&mut text, "Scenarios that no request has matched", &report.unused_scenarios);
    text
}

fn write_rows(text: &mut String, title: &str, rows: &[MetRow]) {
    if rows.is_empty() {
        return;
    }

    let _ = write!(text, "\n| {title} | times | then |\n|---|---|---|\n");
    for MetRow { name, times, then } in rows {
        let _ = writeln!(text, "| `{}` | {times} | {then} |", cell(name));
    }
}

fn write_list(text: &mut String, title: &str, names: &[String]) {
    if !names.is_empty() {
        let names: Vec<String> = names.iter().map(|name| format!("`{}`", cell(name))).collect();
        let _ = write!(text, "\n{title}: {}\n", names.join(", "));
    }
}

/// Escapes a text for a cell of a table: a scenario may have any error code.
fn cell(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control() && *c != '`').collect();
    text.replace('|', "\\|").replace('<', "&lt;")
}
