//! Adds the report on one realm to that on another.

use super::model::{Coverage, Finding, NextStep, Report};
use super::rules::rules;
use crate::oauth::ErrorCode;

/// The maximum number of requests and of next steps that are kept, as in the report on one realm.
const MAX_REQUESTS: usize = 100;
const MAX_STEPS: usize = 10_000;

impl Report {
    /// Adds the counts and findings of another realm.
    pub(crate) fn merge(&mut self, other: Self) {
        self.since = self.since.min(other.since);
        self.requests += other.requests;
        self.coverage.merge(other.coverage);

        for finding in other.findings {
            match self.findings.iter_mut().find(|own| own.rule == finding.rule) {
                Some(own) => own.merge(finding),
                None => self.findings.push(finding),
            }
        }
        let position = |finding: &Finding| rules().position(|rule| rule.name == finding.rule);
        self.findings.sort_by_key(position);

        self.unused_scenarios.extend(other.unused_scenarios);
        self.unused_scenarios.sort();
        self.unused_scenarios.dedup();
    }
}

impl Finding {
    fn merge(&mut self, other: Self) {
        self.times += other.times;
        self.severity = self.severity.max(other.severity);

        self.requests.extend(other.requests);
        self.requests.sort_unstable();
        self.requests.dedup();
        self.requests.truncate(MAX_REQUESTS);
    }
}

impl Coverage {
    fn merge(&mut self, other: Self) {
        for met in other.errors {
            match self.errors.iter_mut().find(|own| own.error == met.error) {
                Some(own) => add(&mut own.times, &mut own.then, met.times, met.then),
                None => self.errors.push(met),
            }
        }
        for met in other.faults {
            match self.faults.iter_mut().find(|own| own.fault == met.fault) {
                Some(own) => add(&mut own.times, &mut own.then, met.times, met.then),
                None => self.faults.push(met),
            }
        }
        for met in other.flows {
            match self.flows.iter_mut().find(|own| own.flow == met.flow) {
                Some(own) => own.times += met.times,
                None => self.flows.push(met),
            }
        }

        let codes = ErrorCode::DOCUMENTED.iter().map(ErrorCode::as_str);
        let is_met = |code: &&str| self.errors.iter().any(|met| met.error == *code);
        self.errors_met = codes.filter(is_met).count();
    }
}

fn add(times: &mut u64, then: &mut Vec<NextStep>, more: u64, next: Vec<NextStep>) {
    *times += more;
    then.extend(next);
    then.truncate(MAX_STEPS);
}
