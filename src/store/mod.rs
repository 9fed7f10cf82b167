//! The state that requests change: in the memory of this process, or in a store that replicas share.

mod grant;
mod grants;
pub(crate) mod memory;
pub(crate) mod options;
#[cfg(feature = "redis")]
pub(crate) mod redis;

pub(crate) use grant::{
    Code, CodeEntry, Conflict, FixtureGrants, Found, Grant, Presented, Redemption,
    RefreshTokenEntry, Renewal, RenewalOutcome, Revocation, Rotation,
};
pub(crate) use grants::GrantStore;

use crate::oauth::{Refusal, Row};

/// The error when the shared store is away, so that nothing was changed, or nobody knows whether.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store is not available")]
pub(crate) struct Unavailable;

impl From<Unavailable> for Refusal {
    fn from(Unavailable: Unavailable) -> Self {
        Self::new(Row::Server, "The store of the server is not available.")
    }
}
