//! Whether a report passes.

use serde::Serialize;

use crate::oauth::ErrorCode;
use crate::report::{Coverage, Finding, NextStep, Report, RuleInfo, Severity, rules};

/// A report, and what decides whether it passes.
pub(super) struct Verdict<'a> {
    pub(super) report: &'a Report,
    /// The lowest severity that fails.
    pub(super) fail_on: Option<Severity>,
    /// The rules whose findings do not matter.
    pub(super) ignored: &'a [String],
    pub(super) min_errors_met: Option<usize>,
}

impl Verdict<'_> {
    pub(super) fn is_ignored(&self, rule: &str) -> bool {
        self.ignored.iter().any(|ignored| ignored == rule)
    }

    /// Whether a finding fails the report.
    pub(super) fn fails(&self, finding: &Finding) -> bool {
        let is_serious = self.fail_on.is_some_and(|lowest| finding.severity >= lowest);
        is_serious && !self.is_ignored(&finding.rule)
    }

    /// Whether the clients have met fewer errors than they should have.
    pub(super) fn lacks_errors(&self) -> bool {
        self.min_errors_met.is_some_and(|min| self.report.coverage.errors_met < min)
    }

    pub(super) fn is_passed(&self) -> bool {
        !self.lacks_errors() && !self.report.findings.iter().any(|finding| self.fails(finding))
    }

    /// Returns the findings, the most serious first.
    pub(super) fn findings(&self) -> Vec<&Finding> {
        let mut findings: Vec<&Finding> = self.report.findings.iter().collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }

    /// Returns the rules that no request has broken.
    pub(super) fn kept_rules(&self) -> impl Iterator<Item = &'static RuleInfo> {
        rules().filter(|rule| self.report.findings.iter().all(|found| found.rule != rule.name))
    }

    /// Returns what was met of each kind, below its title.
    pub(super) fn tables(&self) -> [(&'static str, Vec<MetRow>); 3] {
        let Coverage { errors, faults, flows, .. } = &self.report.coverage;
        let errors = errors.iter().map(|met| MetRow::new(&met.error, met.times, &met.then));
        let faults = faults.iter().map(|met| MetRow::new(&met.fault, met.times, &met.then));
        let flows = flows.iter().map(|met| MetRow::new(&met.flow, met.times, &[]));

        [("Errors", errors.collect()), ("Faults", faults.collect()), ("Flows", flows.collect())]
    }

    /// Returns the documented error codes that the clients have not met.
    pub(super) fn unmet_errors(&self) -> Vec<String> {
        let met = &self.report.coverage.errors;
        let codes = ErrorCode::DOCUMENTED.iter().map(ErrorCode::as_str);
        codes.filter(|code| met.iter().all(|met| met.error != *code)).map(str::to_owned).collect()
    }

    /// Returns one line that says it all.
    pub(super) fn summary(&self) -> String {
        let coverage = &self.report.coverage;
        let findings = self.report.findings.len();
        format!(
            "{} of {} documented errors met, {findings} {}",
            coverage.errors_met,
            coverage.errors_of,
            if findings == 1 { "finding" } else { "findings" },
        )
    }
}

/// An error, fault or flow that was met: its name, how often, and what came next.
pub(super) struct MetRow {
    pub(super) name: String,
    pub(super) times: u64,
    pub(super) then: String,
}

impl MetRow {
    fn new(met: &impl Serialize, times: u64, then: &[NextStep]) -> Self {
        Self { name: name_of(met), times, then: count_steps(then) }
    }
}

/// Returns the name of a value in JSON.
fn name_of(value: &impl Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|name| Some(name.as_str()?.to_owned()))
        .unwrap_or_default()
}

/// Counts what the clients did next, such as `2 retried, 1 stopped`.
fn count_steps(then: &[NextStep]) -> String {
    let all = [NextStep::Retried, NextStep::Refreshed, NextStep::Reauthorized, NextStep::Stopped];
    let counts = all.iter().filter_map(|step| {
        let times = then.iter().filter(|other| *other == step).count();
        (times > 0).then(|| format!("{times} {}", name_of(step)))
    });
    counts.collect::<Vec<_>>().join(", ")
}

/// Returns the numbers of requests, such as `#3, #5`, at most eight of them.
pub(super) fn format_requests(requests: &[u64]) -> String {
    let shown: Vec<String> = requests.iter().take(8).map(|id| format!("#{id}")).collect();
    let more = requests.len() - shown.len();
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
