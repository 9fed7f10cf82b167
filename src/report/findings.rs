//! Counts how often a rule was broken, and by which requests.

use super::Severity;

/// The maximum number of requests that are listed.
const MAX_REQUESTS: usize = 100;

/// How often a rule was broken, how seriously, and by which requests.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    /// The usual severity of the rule.
    usual: Severity,
    pub(super) times: u64,
    /// The highest severity so far.
    pub(super) severity: Option<Severity>,
    /// Sorted. The first ones only, to limit its size.
    pub(super) requests: Vec<u64>,
}

impl Tally {
    pub(super) fn new(usual: Severity) -> Self {
        Self { usual, times: 0, severity: None, requests: Vec::new() }
    }

    /// Counts a violation of the usual severity. `requests` are the one that breaks the rule, and those
    /// that show it.
    pub(super) fn add(&mut self, requests: impl IntoIterator<Item = u64>) {
        self.add_as(self.usual, requests);
    }

    /// Counts a violation of another severity.
    pub(super) fn add_as(&mut self, severity: Severity, requests: impl IntoIterator<Item = u64>) {
        self.times += 1;
        self.severity = self.severity.max(Some(severity));

        for id in requests {
            if let Err(index) = self.requests.binary_search(&id)
                && self.requests.len() < MAX_REQUESTS
            {
                self.requests.insert(index, id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_listed_once_and_their_number_is_limited() {
        let mut tally = Tally::new(Severity::Warning);
        tally.add([7, 3]);
        tally.add_as(Severity::Info, [3]);
        assert_eq!((tally.times, tally.severity), (2, Some(Severity::Warning)));
        assert_eq!(tally.requests, [3, 7]);

        (0..1_000).for_each(|id| tally.add([id]));
        assert_eq!((tally.times, tally.requests.len()), (1_002, MAX_REQUESTS));
    }
}
