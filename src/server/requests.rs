//! The journal of a realm, read in process.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio_stream::Stream;
use tokio_stream::wrappers::WatchStream;

use super::RealmHandle;
use crate::journal::{Expectation, Filter, RecordedRequest, Times, Verification};
use crate::realm::Realm;
use crate::report::Report;

impl RealmHandle {
    /// Returns the requests that the journal holds, the newest last. Those without a response yet
    /// have no outcome.
    pub async fn requests(&self) -> Vec<RecordedRequest> {
        self.requests_matching(&Filter::new()).await
    }

    /// Returns the requests that match a filter, the newest last.
    pub async fn requests_matching(&self, filter: &Filter) -> Vec<RecordedRequest> {
        let found = self.realm.journal.read(filter, None, usize::MAX);
        found.requests.into_iter().map(Arc::unwrap_or_clone).collect()
    }

    /// Checks whether the expected number of requests matches a filter. If not, the result has the
    /// requests that come closest, and shows them as text.
    ///
    /// ```
    /// use smartpay_oauth_mock::{ErrorCode, Filter, MockAuthServer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let server = MockAuthServer::start().await;
    /// let failures = Filter::new().error(ErrorCode::ServerError);
    /// let verification = server.verify(&failures, 0).await;
    /// assert!(verification.satisfied, "{verification}");
    /// # }
    /// ```
    pub async fn verify(&self, filter: &Filter, count: impl Into<Times>) -> Verification {
        self.realm.journal.verify(&Expectation::Count(filter, count.into()))
    }

    /// Waits until the expected number of requests matches a filter, or the timeout has passed.
    pub async fn verify_timeout(
        &self,
        filter: &Filter,
        count: impl Into<Times>,
        timeout: Duration,
    ) -> Verification {
        let expectation = Expectation::Count(filter, count.into());
        self.realm.journal.verify_timeout(&expectation, timeout).await
    }

    /// Checks whether requests that match these filters arrived in this order. Other requests may be
    /// between them. If not, the result has the number found, and the requests closest to the
    /// next one.
    ///
    /// ```
    /// use smartpay_oauth_mock::{Filter, MockAuthServer, RecordedEndpoint};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let server = MockAuthServer::start().await;
    /// let refresh = Filter::new().grant_type("refresh_token");
    /// let payment = Filter::new().endpoint(RecordedEndpoint::Resource);
    /// assert!(!server.verify_order(&[refresh, payment]).await.satisfied);
    /// # }
    /// ```
    pub async fn verify_order(&self, filters: &[Filter]) -> Verification {
        self.realm.journal.verify(&Expectation::Order(filters))
    }

    /// Waits until requests that match these filters have arrived in this order, or the timeout has
    /// passed.
    pub async fn verify_order_timeout(
        &self,
        filters: &[Filter],
        timeout: Duration,
    ) -> Verification {
        self.realm.journal.verify_timeout(&Expectation::Order(filters), timeout).await
    }

    /// Removes all requests from the journal, also those without a response yet, and begins a new
    /// report.
    pub async fn clear_requests(&self) {
        self.realm.clear_requests();
    }

    /// Returns the report on the clients under test: what they met, and what they did wrong.
    ///
    /// ```
    /// use smartpay_oauth_mock::MockAuthServer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let server = MockAuthServer::start().await;
    /// // ... run the client under test ...
    /// server.report().await.assert_no_findings();
    /// # }
    /// ```
    pub async fn report(&self) -> Report {
        self.realm.report()
    }

    /// Follows the journal: returns each request that gets its response from now on, once, in the
    /// order of the responses.
    pub fn follow(&self) -> Follower {
        let journal = &self.realm.journal;
        Follower {
            realm: Arc::downgrade(&self.realm),
            changes: WatchStream::from_changes(journal.watch()),
            position: journal.position(),
        }
    }
}

/// A stream of the requests of a realm, which ends when the realm is removed.
///
/// A slow follower does not slow down the server: it misses the requests that the journal drops in
/// the meantime.
#[derive(Debug)]
#[must_use = "a follower returns requests only when it is polled"]
pub struct Follower {
    realm: Weak<Realm>,
    /// Has an item when the journal has changed.
    changes: WatchStream<u64>,
    /// The position of the last completion that was returned or missed.
    position: u64,
}

impl Follower {
    /// Waits for the next request. Returns `None` once the realm is removed.
    pub async fn next(&mut self) -> Option<RecordedRequest> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for Follower {
    type Item = RecordedRequest;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<RecordedRequest>> {
        loop {
            let Some(realm) = self.realm.upgrade() else { return Poll::Ready(None) };
            let tail = realm.journal.tail(self.position, 1);
            self.position = tail.position;
            if let Some((_, entry)) = tail.entries.into_iter().next() {
                return Poll::Ready(Some(Arc::unwrap_or_clone(entry)));
            }

            // While it waits, the follower must not keep a removed realm alive.
            drop(realm);
            if ready!(Pin::new(&mut self.changes).poll_next(context)).is_none() {
                return Poll::Ready(None);
            }
        }
    }
}
