//! The grant store of a realm: codes, grants, and what became of refresh tokens.

#[cfg(feature = "redis")]
use std::sync::Arc;

use super::memory::MemoryGrants;
#[cfg(feature = "redis")]
use super::redis::SharedRealm;
use super::{
    Code, Conflict, FixtureGrants, Found, Grant, Presented, Redemption, Renewal, Revocation,
    Unavailable,
};
use crate::token::GrantId;

/// The codes and grants of a realm. Every operation is one atomic step.
#[derive(Debug)]
#[cfg_attr(
    feature = "redis",
    expect(clippy::large_enum_variant, reason = "there is one for each realm")
)]
pub(crate) enum GrantStore {
    Memory(MemoryGrants),
    #[cfg(feature = "redis")]
    Shared(Arc<SharedRealm>),
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
            #[cfg(feature = "redis")]
            Self::Shared(realm) => realm.record_code(code, issued, now_ms).await,
        }
    }

    /// Looks up what a request presents.
    pub(crate) async fn look_up(&self, presented: &Presented<'_>) -> Result<Found, Unavailable> {
        match self {
            Self::Memory(grants) => Ok(grants.look_up(presented)),
            #[cfg(feature = "redis")]
            Self::Shared(realm) => realm.look_up(presented).await,
        }
    }

    /// Returns an ID for a new grant.
    pub(crate) fn new_grant_id(&self) -> GrantId {
        match self {
            Self::Memory(grants) => grants.unused_grant_id(),
            #[cfg(feature = "redis")]
            // Of 2^40 IDs, another grant hardly has this one.
            Self::Shared(_) => GrantId::random(),
        }
    }

    /// Exchanges a code. Of many concurrent callers exactly one succeeds, unless the code is
    /// reusable.
    pub(crate) async fn redeem(&self, redemption: Redemption<'_>) -> Result<(), Conflict> {
        match self {
            Self::Memory(grants) => grants.redeem(redemption),
            #[cfg(feature = "redis")]
            Self::Shared(realm) => realm.redeem(redemption).await,
        }
    }

    /// Renews a refresh token: extends its expiry, replaces it once, or leaves it as it was.
    pub(crate) async fn renew(&self, renewal: Renewal) -> Result<(), Conflict> {
        match self {
            Self::Memory(grants) => grants.renew(renewal),
            #[cfg(feature = "redis")]
            Self::Shared(realm) => realm.renew(renewal).await,
        }
    }

    /// Inserts or updates the grant of a new token, unless it has been revoked.
    pub(crate) async fn upsert_grant(&self, grant: Grant, now_ms: i64) -> Result<(), Conflict> {
        match self {
            Self::Memory(grants) => grants.upsert_grant(grant, now_ms),
            #[cfg(feature = "redis")]
            Self::Shared(realm) => realm.upsert_grant(grant, now_ms).await,
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
            #[cfg(feature = "redis")]
            Self::Shared(realm) => realm.revoke(id, reason).await,
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
            #[cfg(feature = "redis")]
            Self::Shared(realm) => realm.revoke_grant(grant, reason, now_ms).await,
        }
    }

    /// Returns the grants that may still have valid tokens, the oldest first.
    pub(crate) async fn grants(&self, now_ms: i64) -> Result<Vec<Grant>, Unavailable> {
        match self {
            Self::Memory(grants) => Ok(grants.grants(now_ms)),
            #[cfg(feature = "redis")]
            Self::Shared(realm) => realm.grants(now_ms).await,
        }
    }

    /// Replaces the codes and tokens of the fixtures. Grants that codes made stay.
    pub(crate) fn replace_fixture_grants(&self, new: FixtureGrants) {
        match self {
            Self::Memory(grants) => grants.replace_fixture_grants(new),
            #[cfg(feature = "redis")]
            // Part of the change of the realm that is being made.
            Self::Shared(realm) => realm.stage_fixture_grants(new),
        }
    }

    /// Removes everything.
    pub(crate) fn clear(&self) {
        match self {
            Self::Memory(grants) => grants.clear(),
            #[cfg(feature = "redis")]
            Self::Shared(realm) => realm.stage_clear_grants(),
        }
    }
}
