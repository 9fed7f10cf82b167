//! Compares the journal with what a test expects.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Difference, Filter, RecordedRequest, Times};

/// The maximum number of near misses in a verification.
const MAX_NEAR_MISSES: usize = 3;

/// Whether the expected number of requests matched a filter.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "Verification")]
#[non_exhaustive]
pub struct Verification {
    /// Whether the number of requests is as expected.
    pub satisfied: bool,
    /// The number of requests that matched.
    pub matched: u64,
    /// The maximum number of them that were in flight at the same time.
    pub overlapped: usize,
    /// The number of entries that the journal has dropped. They were not checked.
    pub dropped: u64,
    /// If not satisfied: the requests that were closest to a match, with their differences. If too
    /// many matched: the last of them, without differences.
    pub closest: Vec<NearMiss>,
}

/// A request that was close to a match.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct NearMiss {
    /// The request.
    pub request: Arc<RecordedRequest>,
    /// The conditions that it does not meet.
    pub differs: Vec<Difference>,
}

/// Verifies the entries of a journal.
pub(super) fn verify(
    entries: &[Arc<RecordedRequest>],
    dropped: u64,
    filter: &Filter,
    times: Times,
) -> Verification {
    let (matching, others): (Vec<_>, Vec<_>) =
        entries.iter().partition(|entry| filter.matches(entry));
    let matched = matching.len() as u64;
    let satisfied = times.contains(matched);

    let closest = if satisfied {
        Vec::new()
    } else if times.is_exceeded_by(matched) {
        // No entry was close to a match: all of these match, and there are too many of them.
        let last = &matching[matching.len().saturating_sub(MAX_NEAR_MISSES)..];
        last.iter().map(|entry| near_miss(entry, filter)).collect()
    } else {
        nearest(&others, filter)
    };

    let overlapped = max_in_flight(&matching);
    Verification { satisfied, matched, overlapped, dropped, closest }
}

/// Returns the entries with the fewest differences; among equals, the newest first.
fn nearest(entries: &[&Arc<RecordedRequest>], filter: &Filter) -> Vec<NearMiss> {
    let mut near_misses: Vec<NearMiss> =
        entries.iter().rev().map(|entry| near_miss(entry, filter)).collect();
    near_misses.sort_by_key(|near_miss| near_miss.differs.len());
    near_misses.truncate(MAX_NEAR_MISSES);
    near_misses
}

fn near_miss(entry: &Arc<RecordedRequest>, filter: &Filter) -> NearMiss {
    NearMiss { request: Arc::clone(entry), differs: filter.differences(entry) }
}

/// Returns the maximum number of requests that were in flight at the same time.
fn max_in_flight(entries: &[&Arc<RecordedRequest>]) -> usize {
    let Some(origin) = entries.iter().map(|entry| entry.started).min() else { return 0 };

    let mut events: Vec<(u128, bool)> = Vec::with_capacity(entries.len() * 2);
    for entry in entries {
        let (start, end) = entry.span(origin);
        events.extend([(start, false), (end, true)]);
    }
    // At the same instant, starts sort before ends.
    events.sort_unstable();

    let mut in_flight = 0_usize;
    let mut max = 0;
    for (_, is_end) in events {
        in_flight = if is_end { in_flight.saturating_sub(1) } else { in_flight + 1 };
        max = max.max(in_flight);
    }
    max
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn verification(entries: &[RecordedRequest], filter: &Filter, times: Times) -> Verification {
        let entries: Vec<_> = entries.iter().cloned().map(Arc::new).collect();
        verify(&entries, 0, filter, times)
    }

    #[test]
    fn near_misses_are_sorted_by_the_number_of_differences() {
        let mut other = RecordedRequest::example();
        other.client_id = Some("other".into());
        let mut further = other.clone();
        further.grant_type = None;
        let filter = Filter::new().client_id("v6*").grant_type("refresh_token").status(500);
        let entries = [further, RecordedRequest::example(), other];
        let found = verification(&entries, &filter, Times::exactly(1));
        assert!(!found.satisfied);
        let members: Vec<Vec<&str>> = found
            .closest
            .iter()
            .map(|miss| miss.differs.iter().map(|d| d.member).collect())
            .collect();
        assert_eq!(
            members,
            [
                vec!["status"],
                vec!["status", "client_id"],
                vec!["status", "client_id", "grant_type"]
            ]
        );
        assert_eq!(found.closest[0].differs[0].actual.as_deref(), Some("200"));
        let found = verification(&entries, &Filter::new(), Times::exactly(2));
        assert_eq!((found.matched, found.closest.len()), (3, 3));
        assert!(found.closest.iter().all(|near| near.differs.is_empty()));
    }

    #[test]
    fn overlapped_is_the_maximum_of_concurrent_requests() {
        let origin = Instant::now();
        let entry = |start: u64, length: u64| {
            let started = origin + Duration::from_micros(start);
            RecordedRequest { started, duration_us: length, ..RecordedRequest::example() }
        };
        let any = Filter::new();
        let overlapped =
            |entries: &[RecordedRequest]| verification(entries, &any, Times::default()).overlapped;
        assert_eq!(overlapped(&[]), 0);
        assert_eq!(overlapped(&[entry(0, 10), entry(20, 10), entry(40, 1)]), 1);
        assert_eq!(overlapped(&[entry(0, 100), entry(20, 10), entry(25, 10), entry(40, 1)]), 3);
    }
}
