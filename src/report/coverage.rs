//! Counts the errors, faults and flows that clients meet.

use std::collections::BTreeMap;

use super::model::{Coverage, ErrorCoverage, FaultCoverage, Flow, FlowCoverage, NextStep};
use super::next_step::{NextSteps, Place};
use super::observation::Observation;
use crate::journal::{CredentialState, IssuedKind, RecordedEndpoint};
use crate::oauth::ErrorCode;
use crate::scenario::Fault;

/// The maximum number of next steps that are kept of an error or a fault.
const MAX_STEPS: usize = 10_000;
/// The maximum number of error codes that are told apart; scenarios may have any.
const MAX_ERRORS: usize = 100;

/// What clients have met so far.
#[derive(Default)]
pub(super) struct Counts {
    errors: BTreeMap<String, Met>,
    faults: Vec<(Fault, Met)>,
    flows: BTreeMap<Flow, u64>,
    next_steps: NextSteps,
}

/// How often an error or a fault was met.
#[derive(Clone, Debug, Default)]
struct Met {
    times: u64,
    /// What the client did next, each time.
    then: Vec<NextStep>,
}

impl Met {
    /// Counts one. Returns the index of its next step, if that is kept.
    fn count(&mut self) -> Option<usize> {
        self.times += 1;
        if self.then.len() >= MAX_STEPS {
            return None;
        }

        // Until the client does something else.
        self.then.push(NextStep::Stopped);
        Some(self.then.len() - 1)
    }
}

impl Counts {
    /// Counts what a request met, after it has been seen as the next step of earlier ones.
    pub(super) fn observe(&mut self, seen: &Observation<'_>) {
        for (place, step) in self.next_steps.take(seen) {
            self.set(&place, step);
        }

        self.count_flows(seen);
        if let Some(error) = seen.error() {
            self.count_error(error, seen);
        }
        if let Some(fault) = seen.fault() {
            self.count_fault(fault, seen);
        }
    }

    fn count_error(&mut self, error: &str, seen: &Observation<'_>) {
        if !self.errors.contains_key(error) {
            if self.errors.len() >= MAX_ERRORS {
                return;
            }
            self.errors.insert(error.to_owned(), Met::default());
        }

        let index = self.errors.get_mut(error).and_then(Met::count);
        if let Some(index) = index {
            self.next_steps.wait_for(seen, Place::Error(error.to_owned(), index));
        }
    }

    fn count_fault(&mut self, fault: Fault, seen: &Observation<'_>) {
        let known = self.faults.iter().position(|(known, _)| *known == fault);
        let index = known.unwrap_or_else(|| {
            self.faults.push((fault, Met::default()));
            self.faults.len() - 1
        });

        if let Some(step) = self.faults[index].1.count() {
            self.next_steps.wait_for(seen, Place::Fault(index, step));
        }
    }

    fn set(&mut self, place: &Place, step: NextStep) {
        let (met, index) = match place {
            Place::Error(error, index) => (self.errors.get_mut(error), *index),
            Place::Fault(fault, index) => (self.faults.get_mut(*fault).map(|(_, met)| met), *index),
        };
        if let Some(slot) = met.and_then(|met| met.then.get_mut(index)) {
            *slot = step;
        }
    }

    fn count_flows(&mut self, seen: &Observation<'_>) {
        let has_tokens = seen.is_success() && seen.issued(IssuedKind::AccessToken).is_some();
        let is_told = seen.error().is_some();
        let is_at_authorize = seen.entry.endpoint == RecordedEndpoint::Authorize;

        let flows = [
            (Flow::CodeExchange, has_tokens && seen.is_exchange()),
            (Flow::Refresh, has_tokens && seen.is_refresh()),
            (Flow::RefreshInGrace, has_tokens && seen.presents(CredentialState::InGrace)),
            (Flow::RefreshAfterGrace, is_told && seen.presents(CredentialState::AfterGrace)),
            (Flow::Revoked, is_told && seen.presents(CredentialState::Revoked)),
            (Flow::AccessTokenExpired, seen.is_refused_as_expired()),
            (
                Flow::ConsentDenied,
                is_at_authorize && seen.facts.is_denied && seen.status().is_some(),
            ),
        ];
        for (flow, _) in flows.into_iter().filter(|(_, is_met)| *is_met) {
            *self.flows.entry(flow).or_default() += 1;
        }
    }

    /// Returns the counts as users see them.
    pub(super) fn coverage(&self) -> Coverage {
        let documented = ErrorCode::DOCUMENTED.iter().map(ErrorCode::as_str);
        let errors = self.errors.iter().map(|(error, met)| ErrorCoverage {
            error: error.clone(),
            times: met.times,
            then: met.then.clone(),
        });
        let faults = self.faults.iter().map(|(fault, met)| FaultCoverage {
            fault: *fault,
            times: met.times,
            then: met.then.clone(),
        });
        let flows =
            self.flows.iter().map(|(flow, times)| FlowCoverage { flow: *flow, times: *times });

        Coverage {
            errors: errors.collect(),
            faults: faults.collect(),
            flows: flows.collect(),
            errors_met: documented.filter(|error| self.errors.contains_key(*error)).count(),
            errors_of: ErrorCode::DOCUMENTED.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Run, api_call, consent, exchange, refresh};
    use super::*;
    use crate::journal::CredentialState::{AfterGrace, Expired, InGrace, Revoked};
    use NextStep::{Reauthorized, Refreshed, Retried, Stopped};

    fn steps(run: &Run, error: &str) -> Vec<NextStep> {
        let errors = run.report().coverage.errors;
        errors.into_iter().find(|met| met.error == error).expect("the error").then
    }

    #[test]
    fn each_error_has_what_the_client_did_next() {
        let mut run = Run::default();
        let denied = || refresh("r1").refused(403, "access_denied");
        run.send(denied());
        run.send(denied());
        run.send(consent("code"));
        run.send(api_call("a1").refused(401, "ACCESS_TOKEN_EXPIRED").presents(Expired));
        run.send(refresh("r1").gives("a2", "r1"));
        run.send(exchange("code").refused(400, "invalid_request"));

        assert_eq!(steps(&run, "access_denied"), [Retried, Reauthorized]);
        assert_eq!(steps(&run, "ACCESS_TOKEN_EXPIRED"), [Refreshed]);
        assert_eq!(steps(&run, "invalid_request"), [Stopped]);
        let coverage = run.report().coverage;
        assert_eq!((coverage.errors_met, coverage.errors_of), (2, 11));
    }

    #[test]
    fn the_next_step_is_that_of_the_same_grant() {
        let mut run = Run::default();
        run.send(refresh("r1").grant(1).refused(403, "access_denied"));
        run.send(refresh("r2").grant(2).refused(403, "access_denied"));
        run.send(refresh("r2").grant(2).refused(500, "server_error"));
        run.send(refresh("r3").grant(3).gives("a", "r3"));
        assert_eq!(steps(&run, "access_denied"), [Stopped, Retried]);
        assert_eq!(steps(&run, "server_error"), [Stopped]);
    }

    #[test]
    fn a_fault_has_the_next_step_and_a_lost_error_is_none_that_was_met() {
        let mut run = Run::default();
        run.send(refresh("r").refused(500, "server_error").meets(Fault::ConnectionReset));
        run.send(refresh("r").gives("a", "r"));
        let coverage = run.report().coverage;
        assert!(coverage.errors.is_empty());
        assert_eq!(coverage.faults[0].fault, Fault::ConnectionReset);
        assert_eq!(coverage.faults[0].then, [Retried]);
    }

    #[test]
    fn flows_are_those_that_succeeded_or_were_refused_for_their_reason() {
        let mut run = Run::default();
        run.send(exchange("code").gives("a1", "r1"));
        run.send(exchange("other").refused(400, "invalid_request"));
        run.send(refresh("r1").gives("a2", "r2").presents(InGrace));
        run.send(refresh("r2").refused(403, "access_denied").presents(AfterGrace));
        run.send(refresh("r2").refused(403, "access_denied").presents(Revoked));
        run.send(api_call("a2").refused(401, "ACCESS_TOKEN_EXPIRED").presents(Expired));
        run.send(consent("none").denied());

        let flows = run.report().coverage.flows;
        let flows: Vec<_> = flows.iter().map(|met| (met.flow, met.times)).collect();
        let expected = [
            Flow::CodeExchange,
            Flow::Refresh,
            Flow::RefreshInGrace,
            Flow::RefreshAfterGrace,
            Flow::Revoked,
            Flow::AccessTokenExpired,
            Flow::ConsentDenied,
        ];
        assert_eq!(flows, expected.map(|flow| (flow, 1)));
    }
}
