//! What goes with the change of a realm that is being made.

use crate::store::FixtureGrants;

/// What the change in progress does to grants and the journal.
#[derive(Debug, Default)]
pub(super) struct Staged {
    pub(super) clear_grants: bool,
    pub(super) clear_requests: bool,
    pub(super) fixtures: Option<FixtureGrants>,
}
