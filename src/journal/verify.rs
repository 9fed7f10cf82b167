//! Whether the requests came that a test expects, and if not, which came close.

use std::ops::{Range, RangeFrom, RangeInclusive, RangeToInclusive};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Filter, Page, RecordedRequest};

/// How many near misses are told.
const NEAREST: usize = 3;

/// How many requests are expected: a number, or a range.
///
/// ```
/// use smartpay_oauth_mock::Times;
///
/// assert_eq!(Times::from(2), Times::exactly(2));
/// assert!(Times::from(1..).holds(7) && !Times::from(1..=3).holds(4));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "Times")]
pub struct Times {
    /// So many, no more and no less.
    #[serde(skip_serializing_if = "Option::is_none")]
    exactly: Option<u64>,
    /// So many or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<u64>,
    /// So many or fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<u64>,
}

/// Why a [`Times`] cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimesError {
    /// `exactly` says all there is to say.
    #[error("exactly goes alone; with a range, write at_least and at_most")]
    ExactlyAndMore,
    /// No number is in the range.
    #[error("at_most is less than at_least, which no number of requests can be")]
    Empty,
}

impl Times {
    /// So many, no more and no less.
    pub fn exactly(n: u64) -> Self {
        Self { exactly: Some(n), ..Self::default() }
    }

    /// So many or more.
    pub fn at_least(n: u64) -> Self {
        Self { at_least: Some(n), ..Self::default() }
    }

    /// So many or fewer.
    pub fn at_most(n: u64) -> Self {
        Self { at_most: Some(n), ..Self::default() }
    }

    /// Whether this many are as many as expected. Nothing given means at least one.
    pub fn holds(self, n: u64) -> bool {
        let one_at_least = self == Self::default();
        self.exactly.is_none_or(|exactly| n == exactly)
            && self.at_least.is_none_or(|least| n >= least)
            && self.at_most.is_none_or(|most| n <= most)
            && (!one_at_least || n > 0)
    }

    /// Refuses what no number of requests can be.
    pub(crate) fn check(self) -> Result<Self, TimesError> {
        if self.exactly.is_some() && (self.at_least.is_some() || self.at_most.is_some()) {
            return Err(TimesError::ExactlyAndMore);
        }
        match (self.at_least, self.at_most) {
            (Some(least), Some(most)) if most < least => Err(TimesError::Empty),
            _ => Ok(self),
        }
    }

    /// The count in words.
    pub(crate) fn in_words(self) -> String {
        match (self.exactly, self.at_least, self.at_most) {
            (Some(n), ..) => format!("exactly {n}"),
            (None, Some(least), Some(most)) => format!("{least} to {most}"),
            (None, Some(least), None) => format!("at least {least}"),
            (None, None, Some(most)) => format!("at most {most}"),
            (None, None, None) => "at least 1".to_owned(),
        }
    }
}

impl From<u64> for Times {
    fn from(n: u64) -> Self {
        Self::exactly(n)
    }
}

impl From<RangeFrom<u64>> for Times {
    fn from(range: RangeFrom<u64>) -> Self {
        Self::at_least(range.start)
    }
}

impl From<RangeToInclusive<u64>> for Times {
    fn from(range: RangeToInclusive<u64>) -> Self {
        Self::at_most(range.end)
    }
}

impl From<RangeInclusive<u64>> for Times {
    fn from(range: RangeInclusive<u64>) -> Self {
        Self { at_most: Some(*range.end()), ..Self::at_least(*range.start()) }
    }
}

impl From<Range<u64>> for Times {
    fn from(range: Range<u64>) -> Self {
        Self { at_most: Some(range.end.saturating_sub(1)), ..Self::at_least(range.start) }
    }
}

/// Whether the requests came that were expected.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "Verification")]
pub struct Verification {
    /// Whether as many came as were expected.
    pub satisfied: bool,
    /// How many came.
    pub matched: u64,
    /// How many of them were being answered at the same time, at most.
    pub overlapped: usize,
    /// How many entries the journal has dropped: requests that could not be looked at.
    pub dropped: u64,
    /// If it does not hold: the requests that came closest, with what differed; or, if too many
    /// came, the last of them.
    pub closest: Vec<NearMiss>,
}

/// A request that came close to what was expected.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NearMiss {
    /// The request.
    pub request: Arc<RecordedRequest>,
    /// What of it is otherwise.
    pub differs: Vec<Difference>,
}

/// A member of a request that is otherwise than expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Difference {
    /// Its name in the filter.
    #[schemars(with = "String")]
    pub member: &'static str,
    /// What was expected.
    pub expected: String,
    /// What it was.
    pub actual: Option<String>,
}

pub(super) fn verify(all: &Page, filter: &Filter, count: Times) -> Verification {
    let (fitting, others): (Vec<_>, Vec<_>) =
        all.entries.iter().partition(|entry| filter.fits(entry));
    let matched = fitting.len() as u64;
    let satisfied = count.holds(matched);
    let too_many = count.exactly.or(count.at_most).is_some_and(|most| matched > most);
    let closest = match (satisfied, too_many) {
        (true, _) => Vec::new(),
        (false, true) => {
            let last = fitting[fitting.len().saturating_sub(NEAREST)..].iter();
            last.map(|entry| NearMiss { request: Arc::clone(entry), differs: Vec::new() }).collect()
        }
        (false, false) => nearest(&others, filter),
    };
    Verification {
        satisfied,
        matched,
        overlapped: overlap(&fitting),
        dropped: all.dropped,
        closest,
    }
}

/// The fewest differences first; of equals, the newest.
fn nearest(others: &[&Arc<RecordedRequest>], filter: &Filter) -> Vec<NearMiss> {
    let miss = |entry: &&Arc<RecordedRequest>| NearMiss {
        request: Arc::clone(entry),
        differs: filter.differences(entry),
    };
    let mut misses: Vec<NearMiss> = others.iter().rev().map(miss).collect();
    misses.sort_by_key(|miss| miss.differs.len());
    misses.truncate(NEAREST);
    misses
}

/// How many requests were being answered at the same time, at most.
fn overlap(entries: &[&Arc<RecordedRequest>]) -> usize {
    let Some(origin) = entries.iter().map(|entry| entry.started).min() else { return 0 };
    let mut edges: Vec<(u128, bool)> = Vec::with_capacity(entries.len() * 2);
    for entry in entries {
        let (start, end) = entry.span(origin);
        edges.extend([(start, false), (end, true)]);
    }
    // At the same instant starts come before ends.
    edges.sort_unstable();
    let mut now = 0_usize;
    edges.iter().fold(0, |most, (_, ends)| {
        now = if *ends { now.saturating_sub(1) } else { now + 1 };
        most.max(now)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn all(entries: Vec<RecordedRequest>) -> Page {
        let total = entries.len();
        Page { entries: entries.into_iter().map(Arc::new).collect(), total, dropped: 0 }
    }

    #[test]
    fn counts_hold_or_not() {
        for (count, holds) in [
            (Times::default(), [false, true, true]),
            (Times::exactly(1), [false, true, false]),
            (Times::at_least(1), [false, true, true]),
            (Times::at_most(1), [true, true, false]),
            (Times::from(1..3), [false, true, true]),
            (Times::from(0..=1), [true, true, false]),
        ] {
            let actual = [0, 1, 2].map(|n| count.holds(n));
            assert_eq!(actual, holds, "{}", count.in_words());
            assert!(count.check().is_ok());
        }
        let wrong = |json| serde_json::from_str::<Times>(json).unwrap().check().unwrap_err();
        assert_eq!(wrong(r#"{"exactly":1,"at_most":1}"#), TimesError::ExactlyAndMore);
        assert_eq!(wrong(r#"{"at_least":2,"at_most":1}"#), TimesError::Empty);
    }

    #[test]
    fn what_came_close_is_told_the_nearest_first() {
        let mut other = RecordedRequest::example();
        other.client_id = Some("other".into());
        let mut further = other.clone();
        further.grant_type = None;
        let filter = Filter::default().client_id("v6*").grant_type("refresh_token").status(500);
        let entries = all(vec![further, RecordedRequest::example(), other]);
        let found = verify(&entries, &filter, Times::exactly(1));
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
        let found = verify(&entries, &Filter::default(), Times::exactly(2));
        assert_eq!((found.matched, found.closest.len()), (3, 3));
        assert!(found.closest.iter().all(|near| near.differs.is_empty()));
    }

    #[test]
    fn overlaps_are_counted_at_their_peak() {
        let origin = Instant::now();
        let entry = |start: u64, length: u64| {
            let started = origin + Duration::from_micros(start);
            RecordedRequest { started, duration_us: length, ..RecordedRequest::example() }
        };
        let any = Filter::default();
        let overlapped = |entries| verify(&all(entries), &any, Times::default()).overlapped;
        assert_eq!(overlapped(vec![]), 0);
        assert_eq!(overlapped(vec![entry(0, 10), entry(20, 10), entry(40, 1)]), 1);
        assert_eq!(overlapped(vec![entry(0, 100), entry(20, 10), entry(25, 10), entry(40, 1)]), 3);
    }
}
