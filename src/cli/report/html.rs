//! A report as one HTML file, which needs nothing else.

use askama::Template;

use super::verdict::{MetRow, Verdict, errors, faults, flows, format_requests};
use crate::report::{Finding, RuleInfo};

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage<'a> {
    is_passed: bool,
    requests: u64,
    since: String,
    summary: String,
    errors_met: usize,
    errors_of: usize,
    findings: Vec<ShownFinding<'a>>,
    kept: Vec<&'static RuleInfo>,
    tables: [Table; 3],
    unmet_errors: Vec<String>,
    unused_scenarios: &'a [String],
}

struct ShownFinding<'a> {
    finding: &'a Finding,
    severity: &'static str,
    requests: String,
    is_ignored: bool,
}

/// What was met of one kind.
struct Table {
    title: &'static str,
    rows: Vec<MetRow>,
}

/// Returns the report as an HTML page.
pub(super) fn format(verdict: &Verdict<'_>) -> String {
    let report = verdict.report;
    let shown = |finding| ShownFinding {
        finding,
        severity: finding.severity.as_str(),
        requests: format_requests(&finding.requests),
        is_ignored: verdict.is_ignored(&finding.rule),
    };

    let page = ReportPage {
        is_passed: verdict.is_passed(),
        requests: report.requests,
        since: jiff::Timestamp::try_from(report.since)
            .map(|since| format!("{since:.0}"))
            .unwrap_or_default(),
        summary: verdict.summary(),
        errors_met: report.coverage.errors_met,
        errors_of: report.coverage.errors_of,
        findings: verdict.findings().into_iter().map(shown).collect(),
        kept: verdict.kept_rules().collect(),
        tables: [
            Table { title: "Errors", rows: errors(report) },
            Table { title: "Faults", rows: faults(report) },
            Table { title: "Flows", rows: flows(report) },
        ],
        unmet_errors: verdict.unmet_errors(),
        unused_scenarios: &report.unused_scenarios,
    };
    page.render().unwrap_or_default()
}
