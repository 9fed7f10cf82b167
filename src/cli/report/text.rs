//! A report as a table for people.

use super::verdict::{MetRow, Verdict, format_requests};
use crate::cli::output::Color;
use crate::report::{Finding, Severity};

/// The width of texts below a finding.
const WIDTH: usize = 88;

/// Returns the report as text.
pub(super) fn format(verdict: &Verdict<'_>, color: Color) -> String {
    let report = verdict.report;
    let mut lines = Vec::new();

    for finding in verdict.findings() {
        lines.extend(format_finding(verdict, finding, color));
    }
    for (title, rows) in verdict.tables() {
        lines.extend(format_rows(title, &rows, color));
    }
    if !report.unused_scenarios.is_empty() {
        let names = report.unused_scenarios.join(", ");
        lines.push(color.yellow(&format!("Scenarios that no request has matched: {names}")));
        lines.push(String::new());
    }

    lines.push(format_summary(verdict, color));
    lines.join("\n")
}

fn format_finding(verdict: &Verdict<'_>, finding: &Finding, color: Color) -> Vec<String> {
    let severity = format!("{:<7}", finding.severity);
    let severity = match finding.severity {
        Severity::Error => color.red(&severity),
        Severity::Warning => color.yellow(&severity),
        _ => color.dim(&severity),
    };
    let ignored = if verdict.is_ignored(&finding.rule) { " (ignored)" } else { "" };
    let requests = format_requests(&finding.requests);
    let times = if finding.times == 1 { "once" } else { &format!("{} times", finding.times) };

    let mut lines = vec![format!("{severity}  {:<24} {times}  {requests}{ignored}", finding.rule)];
    lines.extend(wrap(&finding.text).map(|line| format!("         {line}")));
    lines.extend(wrap(&finding.help).map(|line| color.dim(&format!("         {line}"))));
    lines.push(String::new());
    lines
}

fn format_rows(title: &str, rows: &[MetRow], color: Color) -> Vec<String> {
    if rows.is_empty() {
        return Vec::new();
    }

    let mut lines = vec![color.dim(&format!("{title:<34} times  then"))];
    lines.extend(rows.iter().map(|row| {
        format!("  {:<32} {:>5}  {}", row.name, row.times, row.then).trim_end().to_owned()
    }));
    lines.push(String::new());
    lines
}

fn format_summary(verdict: &Verdict<'_>, color: Color) -> String {
    let requests = verdict.report.requests;
    let mut summary = format!("{requests} requests: {}", verdict.summary());
    if let Some(min) = verdict.min_errors_met.filter(|_| verdict.lacks_errors()) {
        summary.push_str(&format!(
            "\n{min} errors should be met; missing: {}",
            verdict.unmet_errors().join(", ")
        ));
    }

    if verdict.is_passed() { color.green(&summary) } else { color.red(&summary) }
}

/// Breaks a text into lines.
fn wrap(text: &str) -> impl Iterator<Item = String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let is_full = lines.last().is_some_and(|line| line.len() + word.len() >= WIDTH);
        if is_full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.into_iter()
}
