//! The journal, followed request by request.

use super::wait::wait;
use crate::journal::RecordedRequest;
use crate::server::requests;

/// An iterator over the requests that a realm records, which ends when the realm is removed.
///
/// This is the blocking version of [`Follower`](crate::Follower): each step blocks until there is a
/// request.
#[derive(Debug)]
#[must_use = "a follower returns requests only when it is iterated"]
pub struct Follower {
    pub(super) inner: requests::Follower,
}

impl Iterator for Follower {
    type Item = RecordedRequest;

    fn next(&mut self) -> Option<RecordedRequest> {
        wait(self.inner.next())
    }
}
