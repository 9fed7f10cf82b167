//! Compares the journal with what a test expects.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Difference, Filter, RecordedRequest, Times};

/// The maximum number of near misses in a verification.
const MAX_NEAR_MISSES: usize = 3;

/// What the requests are expected to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expectation<'a> {
    /// This number of requests matches a filter.
    Count(&'a Filter, Times),
    /// Requests that match these filters arrived in this order. Others may be between them.
    Order(&'a [Filter]),
}

/// Whether the requests are as expected.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "Verification")]
#[non_exhaustive]
pub struct Verification {
    /// Whether the requests are as expected.
    pub satisfied: bool,
    /// The number of requests that matched. For an order: the number of its filters, from the first
    /// one on, that a request was found for.
    pub matched: u64,
    /// The maximum number of them that were in flight at the same time.
    pub overlapped: usize,
    /// The number of entries that the journal has dropped. They were not checked.
    pub dropped: u64,
    /// If not satisfied: the requests that were closest to a match, with their differences. If too
    /// many matched: the last of them, without differences. For an order: those closest to the
    /// first filter that no request was found for; the difference `order` marks one that came too
    /// early.
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

impl fmt::Display for Verification {
    /// Writes whether the requests are as expected, and the closest ones if they are not.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.satisfied { "expectation met" } else { "expectation not met" };
        write!(f, "{verdict}: {} matched", self.matched)?;
        if self.dropped > 0 {
            write!(f, "; {} older requests were dropped and not counted", self.dropped)?;
        }

        for near_miss in &self.closest {
            write!(f, "\n  {near_miss}")?;
        }
        Ok(())
    }
}

impl fmt::Display for NearMiss {
    /// Writes the request, and a line for each condition that it does not meet.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.request)?;
        for difference in &self.differs {
            write!(f, "\n    {difference}")?;
        }
        Ok(())
    }
}

impl Expectation<'_> {
    /// Returns how many more requests are needed at least, if this many match.
    pub(super) fn missing(&self, matched: u64) -> u64 {
        match *self {
            Self::Count(_, times) => times.missing_from(matched),
            // One that gets its response may be followed by all others already.
            Self::Order(_) => 1,
        }
    }

    /// Returns whether an entry could be one of those that are needed.
    pub(super) fn may_need(&self, entry: &RecordedRequest) -> bool {
        match *self {
            Self::Count(filter, _) => filter.matches(entry),
            Self::Order(filters) => filters.iter().any(|filter| filter.matches(entry)),
        }
    }

    /// Verifies the entries of a journal.
    pub(super) fn verify(&self, entries: &[Arc<RecordedRequest>], dropped: u64) -> Verification {
        match *self {
            Self::Count(filter, times) => verify_count(entries, dropped, filter, times),
            Self::Order(filters) => verify_order(entries, dropped, filters),
        }
    }
}

fn verify_count(
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
        nearest(&others, |entry| filter.differences(entry))
    };

    let overlapped = max_in_flight(&matching);
    Verification { satisfied, matched, overlapped, dropped, closest }
}

fn verify_order(
    entries: &[Arc<RecordedRequest>],
    dropped: u64,
    filters: &[Filter],
) -> Verification {
    // The earliest match of a filter leaves the most requests for the filters after it.
    let mut rest = entries.iter();
    let mut matching = Vec::new();
    let unmet = filters.iter().find(|filter| {
        let found = rest.find(|entry| filter.matches(entry));
        matching.extend(found);
        found.is_none()
    });

    let closest = match unmet {
        None => Vec::new(),
        Some(filter) => {
            let after = matching.last().map(|entry| entry.id);
            nearest(&entries.iter().collect::<Vec<_>>(), |entry| {
                let mut differences = filter.differences(entry);
                differences.extend(too_early(entry, after));
                differences
            })
        }
    };

    Verification {
        satisfied: unmet.is_none(),
        matched: matching.len() as u64,
        overlapped: max_in_flight(&matching),
        dropped,
        closest,
    }
}

/// Returns the difference of an entry that is expected after another one.
fn too_early(entry: &RecordedRequest, after: Option<u64>) -> Option<Difference> {
    let after = after.filter(|after| entry.id <= *after)?;
    Some(Difference {
        member: "order".into(),
        expected: format!("after #{after}"),
        actual: Some(format!("#{}", entry.id)),
    })
}

/// Returns the entries with the fewest differences; among equals, the newest first.
fn nearest(
    entries: &[&Arc<RecordedRequest>],
    differences: impl Fn(&RecordedRequest) -> Vec<Difference>,
) -> Vec<NearMiss> {
    let newest_first = entries.iter().rev();
    let mut near_misses: Vec<NearMiss> = newest_first
        .map(|entry| NearMiss { request: Arc::clone(entry), differs: differences(entry) })
        .collect();
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
        Expectation::Count(filter, times).verify(&entries, 0)
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
            .map(|miss| miss.differs.iter().map(|d| &*d.member).collect())
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
    fn an_order_holds_with_others_in_between_and_shows_how_far_it_got() {
        let paths = ["/a", "/b", "/x", "/a", "/c"];
        let entries: Vec<_> = (1..)
            .zip(paths)
            .map(|(id, path)| RecordedRequest {
                id,
                path: path.into(),
                ..RecordedRequest::example()
            })
            .map(Arc::new)
            .collect();
        let verify = |paths: &[&str]| {
            let filters: Vec<_> = paths.iter().map(|path| Filter::new().path(*path)).collect();
            Expectation::Order(&filters).verify(&entries, 0)
        };
        for (paths, satisfied, matched) in [
            (&["/a", "/b", "/c"][..], true, 3),
            (&["/a", "/a"], true, 2),
            (&["*", "*", "*", "*", "*"], true, 5),
            (&[], true, 0),
            (&["/b", "/b"], false, 1),
            (&["/c", "/a"], false, 1),
            (&["/d", "/a"], false, 0),
            (&["*", "*", "*", "*", "*", "*"], false, 5),
        ] {
            let found = verify(paths);
            assert_eq!((found.satisfied, found.matched), (satisfied, matched), "{paths:?}");
            assert_eq!(found.closest.is_empty(), satisfied);
        }
        let closest = &verify(&["/c", "/b"]).closest[0];
        assert_eq!(closest.request.id, 2);
        let [difference] = closest.differs.as_slice() else { panic!("{closest:?}") };
        let Difference { member, expected, actual } = difference;
        assert_eq!((&**member, &**expected, actual.as_deref()), ("order", "after #5", Some("#2")));
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
