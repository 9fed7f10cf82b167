//! The grant store of a realm: codes, grants, and what became of refresh tokens.

use super::memory::MemoryGrants;
use super::{
    Code, Conflict, FixtureGrants, Found, Grant, Presented, Redemption, Renewal, Revocation,
    Unavailable,
};
use crate::token::GrantId;

/// The codes and grants of a realm. Every operation is one atomic step.
#[derive(Debug)]
pub(crate) enum GrantStore {
    Memory(MemoryGrants),
}

impl GrantStore {
    /// Inserts a new code. Returns false if the code exists already, and leaves it as it is.
    pub(crate) async fn record_code(
        &self,
        code: &str,
        issued: Code,
        now_ms: i64,
    ) -> Result<bool, Unavailable> {
        match self {
            Self::Memory(grants) => Ok(grants.record_code(code, issued, now_ms)),
        }
    }

    /// Looks up what a request presents.
    pub(crate) async fn look_up(&self, presented: &Presented<'_>) -> Result<Found, Unavailable> {
        match self {
            Self::Memory(grants) => Ok(grants.look_up(presented)),
        }
    }

    /// Returns an ID for a new grant.
    pub(crate) fn new_grant_id(&self) -> GrantId {
        match self {
            Self::Memory(grants) => grants.unused_grant_id(),
        }
    }

    /// Exchanges a code. Of many concurrent callers exactly one succeeds, unless the code is
    /// reusable.
    pub(crate) async fn redeem(&self, redemption: Redemption<'_>) -> Result<(), Conflict> {
        match self {
            Self::Memory(grants) => grants.redeem(redemption),
        }
    }

    /// Renews a refresh token: extends its expiry, replaces it once, or leaves it as it was.
    pub(crate) async fn renew(&self, renewal: Renewal) -> Result<(), Conflict> {
        match self {
            Self::Memory(grants) => grants.renew(renewal),
        }
    }

    /// Inserts or updates the grant of a new token, unless it has been revoked.
    pub(crate) async fn upsert_grant(&self, grant: Grant, now_ms: i64) -> Result<(), Conflict> {
        match self {
            Self::Memory(grants) => grants.upsert_grant(grant, now_ms),
        }
    }

    /// Revokes a grant with everything that was issued under it. Returns why it is revoked, which is
    /// the first reason, or `None` if it does not exist.
    pub(crate) async fn revoke(
        &self,
        id: GrantId,
        reason: Revocation,
    ) -> Result<Option<Revocation>, Unavailable> {
        match self {
            Self::Memory(grants) => Ok(grants.revoke(id, reason)),
        }
    }

    /// Revokes the grant of a token, even if it is not stored, as after a restart.
    pub(crate) async fn revoke_grant(
        &self,
        grant: Grant,
        reason: Revocation,
        now_ms: i64,
    ) -> Result<(), Unavailable> {
        match self {
            Self::Memory(grants) => {
                grants.revoke_grant(grant, reason, now_ms);
                Ok(())
            }
        }
    }

    /// Returns the grants that may still have valid tokens, the oldest first.
    pub(crate) async fn grants(&self, now_ms: i64) -> Result<Vec<Grant>, Unavailable> {
        match self {
            Self::Memory(grants) => Ok(grants.grants(now_ms)),
        }
    }

    /// Replaces the codes and tokens of the fixtures. Grants that codes made stay.
    pub(crate) fn replace_fixture_grants(&self, new: FixtureGrants) {
        match self {
            Self::Memory(grants) => grants.replace_fixture_grants(new),
        }
    }

    /// Removes everything.
    pub(crate) fn clear(&self) {
        match self {
            Self::Memory(grants) => grants.clear(),
        }
    }
}
