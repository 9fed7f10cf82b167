//! Finds what a client did next after an error or a fault.

use std::collections::VecDeque;
use std::time::Instant;

use super::model::NextStep;
use super::observation::{GrantKey, Observation};
use crate::journal::RecordedEndpoint;

/// The maximum number of errors and faults that wait for a next step. What waits longer has none.
const MAX_WAITING: usize = 512;

/// Where a next step belongs: to an error or a fault, by its index there.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Error(String, usize),
    Fault(usize, usize),
}

/// The errors and faults whose next step is not known yet, the oldest first.
#[derive(Default)]
pub(super) struct NextSteps(VecDeque<Waiting>);

struct Waiting {
    place: Place,
    end: Instant,
    key: u64,
    client: Option<u64>,
    merchant: Option<u64>,
    grant: Option<GrantKey>,
    /// The code that was presented, since another one is a new one.
    code: Option<u64>,
}

impl NextSteps {
    /// Waits for the next step after a request.
    pub(super) fn wait_for(&mut self, seen: &Observation<'_>, place: Place) {
        if self.0.len() >= MAX_WAITING {
            self.0.pop_front();
        }
        self.0.push_back(Waiting {
            place,
            end: seen.end,
            key: seen.key,
            client: seen.client,
            merchant: seen.merchant,
            grant: seen.grant,
            code: seen.credential.filter(|_| seen.is_exchange()),
        });
    }

    /// Returns those whose next step is this request.
    pub(super) fn take(&mut self, seen: &Observation<'_>) -> Vec<(Place, NextStep)> {
        let mut taken = Vec::new();
        if self.0.is_empty() {
            return taken;
        }

        self.0.retain(|waiting| match waiting.next_step(seen) {
            None => true,
            Some(step) => {
                taken.push((waiting.place.clone(), step));
                false
            }
        });
        taken
    }
}

impl Waiting {
    /// Returns the step that a request is, if it is about the same grant or client.
    fn next_step(&self, seen: &Observation<'_>) -> Option<NextStep> {
        if !seen.follows(self.end) {
            return None;
        }
        if seen.key == self.key {
            return Some(NextStep::Retried);
        }

        let is_same_client = self.client.is_some() && self.client == seen.client;
        let is_authorize = seen.entry.endpoint == RecordedEndpoint::Authorize;
        if is_authorize || seen.is_exchange() {
            let is_other_merchant =
                self.merchant.zip(seen.merchant).is_some_and(|(own, other)| own != other);
            let is_new_code = is_authorize || seen.credential != self.code;
            return (is_same_client && !is_other_merchant && is_new_code)
                .then_some(NextStep::Reauthorized);
        }

        let is_same_grant = match (self.grant, seen.grant) {
            (Some(own), Some(other)) => own == other,
            _ => is_same_client,
        };
        (seen.is_refresh() && is_same_grant).then_some(NextStep::Refreshed)
    }
}
