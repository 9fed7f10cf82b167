//! Waits until the requests are as expected.

use std::time::{Duration, Instant};

use super::{Expectation, Journal, RecordedRequest, Verification};

/// The time between two checks of a waiting reader, for each reader that waits: all of them together
/// take a small part of the processor's time, however many they are.
const TIME_PER_READER: Duration = Duration::from_micros(200);

impl Journal {
    /// Waits until the requests are as expected, or until the timeout.
    ///
    /// The whole journal is verified again only when enough requests have come that might match. Until
    /// then, only those that are new are looked at.
    pub(crate) async fn verify_timeout(
        &self,
        expectation: &Expectation<'_>,
        timeout: Duration,
    ) -> Verification {
        let deadline = Instant::now() + timeout;
        let mut changes = self.watch();
        let mut is_first_check = true;

        loop {
            // Marked as seen before the check, so that a change after it ends the wait.
            changes.borrow_and_update();
            let mut position = self.position();
            let mut completed = 0;
            let started = Instant::now();
            let verification = self.verify(expectation);
            if verification.satisfied || deadline <= Instant::now() {
                return verification;
            }

            let cost = started.elapsed();
            let missing = expectation.missing(verification.matched);
            loop {
                let left = deadline.saturating_duration_since(Instant::now());
                if tokio::time::timeout(left, changes.changed()).await.is_err() {
                    break;
                }
                // If none is missing, there are too many, and old ones may be dropped.
                if missing == 0 {
                    break;
                }
                let is_needed = |entry: &RecordedRequest| expectation.may_need(entry);
                // Before the completed ones, so that none is missed that is completed meanwhile.
                let in_flight = self.in_flight();
                let new = self.tail(position, usize::MAX);
                position = new.position;
                completed += new.entries.iter().filter(|(_, entry)| is_needed(entry)).count();
                let in_flight = in_flight.iter().filter(|entry| is_needed(entry)).count();
                if (completed + in_flight) as u64 >= missing {
                    break;
                }
                self.pause(TIME_PER_READER, deadline).await;
            }
            // What has come was not enough, so the next may not be enough, either.
            if !is_first_check {
                self.pause(cost, deadline).await;
            }
            is_first_check = false;
        }
    }

    /// Waits for a time for each reader, but not beyond the deadline.
    async fn pause(&self, time: Duration, deadline: Instant) {
        let readers = u32::try_from(self.readers()).unwrap_or(u32::MAX);
        let end = (Instant::now() + time.saturating_mul(readers)).min(deadline);
        tokio::time::sleep_until(end.into()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Completion, ErrorTag, Filter, RequestInfo, RequestRecorder, Times};
    use std::sync::Arc;

    fn begin(journal: &Journal, path: &str) -> Arc<crate::journal::RequestInFlight> {
        journal.begin(RequestInfo::example(path), RequestRecorder::default())
    }

    fn append(journal: &Journal, path: &str) {
        let request = begin(journal, path);
        journal.finish(&request, Completion::Sent(200, ErrorTag::default()), |_, _| {});
    }

    /// Without a look at the new requests alone, this takes minutes.
    #[tokio::test]
    async fn readers_who_wait_for_other_requests_cost_a_request_little() {
        let journal = Arc::new(Journal::new(2_000));
        (0..2_000).for_each(|_| append(&journal, "/other"));
        let wait = |path: &'static str, times| {
            let journal = Arc::clone(&journal);
            tokio::spawn(async move {
                let filter = Filter::new().path(path);
                let expected = Expectation::Count(&filter, times);
                journal.verify_timeout(&expected, Duration::from_secs(600)).await
            })
        };
        let waiting: Vec<_> = (0..150).map(|_| wait("/last", Times::at_least(2))).collect();
        let requests = async {
            for _ in 0..150 {
                append(&journal, "/other");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            append(&journal, "/last");
            tokio::task::yield_now().await;
            append(&journal, "/last");
            for reader in waiting {
                let found = reader.await.unwrap();
                assert_eq!((found.satisfied, found.matched), (true, 2));
            }
        };
        tokio::time::timeout(Duration::from_secs(60), requests).await.expect("in time");
    }

    /// The first request of the order gets its response last.
    #[tokio::test]
    async fn an_order_can_be_met_by_one_more_response() {
        let journal = Arc::new(Journal::new(10));
        let first = begin(&journal, "/a");
        append(&journal, "/b");
        let other = Arc::clone(&journal);
        let reader = tokio::spawn(async move {
            let order = [Filter::new().path("/a").status(200), Filter::new().path("/b")];
            other.verify_timeout(&Expectation::Order(&order), Duration::from_secs(600)).await
        });
        tokio::task::yield_now().await;
        append(&journal, "/other");
        tokio::task::yield_now().await;
        journal.finish(&first, Completion::Sent(200, ErrorTag::default()), |_, _| {});
        assert!(reader.await.unwrap().satisfied);
    }

    /// There are too many, until the journal drops the oldest.
    #[tokio::test]
    async fn a_reader_sees_when_old_requests_are_dropped() {
        let journal = Arc::new(Journal::new(3));
        (0..2).for_each(|_| append(&journal, "/a"));
        let other = Arc::clone(&journal);
        let reader = tokio::spawn(async move {
            let filter = Filter::new().path("/a");
            let expected = Expectation::Count(&filter, Times::exactly(1));
            other.verify_timeout(&expected, Duration::from_secs(600)).await
        });
        for _ in 0..2 {
            tokio::task::yield_now().await;
            append(&journal, "/b");
        }
        assert!(reader.await.unwrap().satisfied);
    }

    #[tokio::test]
    async fn a_reader_whose_time_is_up_gets_what_there_is() {
        let journal = Journal::new(10);
        let any = Filter::new();
        let one = Expectation::Count(&any, Times::at_least(1));
        let found = journal.verify_timeout(&one, Duration::from_millis(5)).await;
        assert_eq!((found.satisfied, found.matched), (false, 0));
    }
}
