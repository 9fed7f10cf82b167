//! A report as one HTML file, which needs nothing else.

use askama::Template;

use super::verdict::{Verdict, format_requests};

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage<'a> {
    verdict: &'a Verdict<'a>,
    since: String,
}

/// Returns the report as an HTML page.
pub(super) fn format(verdict: &Verdict<'_>) -> String {
    let since = jiff::Timestamp::try_from(verdict.report.since)
        .map(|since| format!("{since:.0}"))
        .unwrap_or_default();

    ReportPage { verdict, since }.render().unwrap_or_default()
}
