//! What a realm was asked: its journal, in the hands of a test.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;

use super::RealmHandle;
use crate::journal::{Filter, RecordedRequest, Times, Verification};
use crate::realm::Realm;

impl RealmHandle {
    /// The requests that came, the newest last, as far as the journal still has them.
    pub async fn requests(&self) -> Vec<RecordedRequest> {
        self.requests_matching(&Filter::new()).await
    }

    /// The requests that fit, the newest last.
    pub async fn requests_matching(&self, filter: &Filter) -> Vec<RecordedRequest> {
        let found = self.realm.journal().read(filter, None, usize::MAX);
        found.entries.into_iter().map(Arc::unwrap_or_clone).collect()
    }

    /// Whether as many requests came as are expected, and if not, which came close.
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
        self.realm.journal().verify(filter, count.into())
    }

    /// Waits until as many requests have come as are expected, or the time is over.
    pub async fn verify_timeout(
        &self,
        filter: &Filter,
        count: impl Into<Times>,
        patience: Duration,
    ) -> Verification {
        self.realm.journal().verify_timeout(filter, count.into(), patience).await
    }

    /// Empties the journal.
    pub async fn clear_requests(&self) {
        self.realm.journal().clear();
    }

    /// The requests that come from now on, one by one.
    pub fn follow(&self) -> Follower {
        let newest = self.realm.journal().watch();
        let after = *newest.borrow();
        Follower { realm: Arc::downgrade(&self.realm), newest, after }
    }
}

/// Reads a realm's journal as it grows. One that is slow costs nothing; what the journal drops in
/// the meantime it does not see.
#[derive(Debug)]
pub struct Follower {
    realm: Weak<Realm>,
    newest: watch::Receiver<u64>,
    after: u64,
}

impl Follower {
    /// Waits for the next request. `None`: the realm is gone.
    pub async fn next(&mut self) -> Option<RecordedRequest> {
        loop {
            self.newest.borrow_and_update();
            let later = self.realm.upgrade()?.journal().tail(self.after, 1);
            self.after += later.missed;
            if let Some(entry) = later.entries.into_iter().next() {
                self.after = entry.id;
                return Some(Arc::unwrap_or_clone(entry));
            }
            self.newest.changed().await.ok()?;
        }
    }
}
