//! The journal of a realm, read in process.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio_stream::Stream;
use tokio_stream::wrappers::WatchStream;

use super::RealmHandle;
use crate::journal::{Filter, RecordedRequest, Times, Verification};
use crate::realm::Realm;

impl RealmHandle {
    /// Returns the requests that the journal holds, the newest last.
    pub async fn requests(&self) -> Vec<RecordedRequest> {
        self.requests_matching(&Filter::new()).await
    }

    /// Returns the requests that match a filter, the newest last.
    pub async fn requests_matching(&self, filter: &Filter) -> Vec<RecordedRequest> {
        let found = self.realm.journal.read(filter, None, usize::MAX);
        found.entries.into_iter().map(Arc::unwrap_or_clone).collect()
    }

    /// Checks whether the expected number of requests matches a filter. If not, the result has the
    /// requests that come closest.
    ///
    /// ```
    /// use smartpay_oauth_mock::{Filter, MockAuthServer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let server = MockAuthServer::start().await;
    /// let refreshes = Filter::new().grant_type("refresh_token");
    /// assert!(server.verify(&refreshes, 0).await.satisfied);
    /// # }
    /// ```
    pub async fn verify(&self, filter: &Filter, count: impl Into<Times>) -> Verification {
        self.realm.journal.verify(filter, count.into())
    }

    /// Waits until the expected number of requests matches a filter, or the timeout has passed.
    pub async fn verify_timeout(
        &self,
        filter: &Filter,
        count: impl Into<Times>,
        timeout: Duration,
    ) -> Verification {
        self.realm.journal.verify_timeout(filter, count.into(), timeout).await
    }

    /// Removes all requests from the journal.
    pub async fn clear_requests(&self) {
        self.realm.journal.clear();
    }

    /// Follows the journal: returns the requests from now on, one by one.
    pub fn follow(&self) -> Follower {
        let newest = self.realm.journal.watch();
        let after = *newest.borrow();
        Follower {
            realm: Arc::downgrade(&self.realm),
            changes: WatchStream::from_changes(newest),
            after,
        }
    }
}

/// A stream of the requests that a realm records, which ends when the realm is removed.
///
/// A slow follower does not slow down the server: it misses the requests that the journal drops in
/// the meantime.
#[derive(Debug)]
#[must_use = "a follower returns requests only when it is polled"]
pub struct Follower {
    realm: Weak<Realm>,
    /// Has an item when the journal has changed.
    changes: WatchStream<u64>,
    /// The ID of the last request that was returned or missed.
    after: u64,
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
            let tail = realm.journal.tail(self.after, 1);
            self.after += tail.missed;
            if let Some(entry) = tail.entries.into_iter().next() {
                self.after = entry.id;
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
