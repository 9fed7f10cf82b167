//! Codes, grants, and what became of refresh tokens, in the memory of this process.
//!
//! Most tokens leave no entry here. The claims of a token say what it allows, and its `jti` says to
//! which grant it belongs. The store only keeps what the token cannot know: that its grant was
//! revoked, that its expiry was extended, that another token replaced it. So the store stays small,
//! and tokens outlive a restart.
//!
//! Every operation takes the one lock once, and none awaits while it holds the lock.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::expiring_map::ExpiringMap;
use super::sync::Lock;
use crate::store::{
    Code, CodeEntry, Conflict, FixtureGrants, Found, Grant, Presented, Redemption,
    RefreshTokenEntry, Renewal, RenewalOutcome, Revocation,
};
use crate::token::{GrantId, TokenId};

/// The codes and grants of a realm. See the module documentation.
#[derive(Default)]
pub(crate) struct MemoryGrants {
    state: Lock<State>,
}

/// Codes and tokens are secrets, so only their numbers are shown.
impl fmt::Debug for MemoryGrants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        f.debug_struct("MemoryGrants")
            .field("codes", &state.codes.entries.len())
            .field("grants", &state.grants.entries.len())
            .field("refresh_tokens", &state.refresh_tokens.entries.len())
            .finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    codes: ExpiringMap<String, CodeEntry>,
    grants: ExpiringMap<GrantId, GrantEntry>,
    /// The number of grants that were ever inserted.
    inserted: u64,
    refresh_tokens: ExpiringMap<TokenId, RefreshTokenEntry>,
    /// The literal refresh tokens of the fixtures, each with its grant.
    fixture_tokens: HashMap<String, GrantId>,
    /// The codes of the fixtures.
    fixture_codes: Vec<String>,
}

/// A stored grant.
struct GrantEntry {
    /// The position among all grants, since several may be made in one millisecond.
    order: u64,
    grant: Grant,
}

#[cfg(test)]
impl MemoryGrants {
    /// Makes a store whose lock loom schedules.
    pub(crate) fn with_loom() -> Self {
        Self { state: Lock::with_loom() }
    }

    /// Panics when the lock is taken for the n-th time from now on; 0 cancels that.
    pub(crate) fn panic_in(&self, times: usize) {
        self.state.panic_in(times);
    }
}

impl MemoryGrants {
    /// Inserts a new code. Returns false if the code exists already, and leaves it as it is.
    pub(crate) fn record_code(&self, code: &str, issued: Code, now_ms: i64) -> bool {
        let entry = CodeEntry { code: Arc::new(issued), grant: None };
        let mut state = self.state.lock();

        if state.codes.entries.contains_key(code) {
            return false;
        }
        state.codes.insert(code.to_owned(), entry, |entry| {
            entry.code.reusable || entry.code.expires_at_ms > now_ms
        });
        true
    }

    /// Replaces the codes and tokens of the fixtures. Grants that codes made stay.
    pub(crate) fn replace_fixture_grants(&self, grants: FixtureGrants) {
        let mut state = self.state.lock();

        for code in std::mem::take(&mut state.fixture_codes) {
            state.codes.entries.remove(&code);
        }
        for (_, grant) in std::mem::take(&mut state.fixture_tokens) {
            state.grants.entries.remove(&grant);
        }

        for (code, issued) in grants.codes {
            let entry = CodeEntry { code: Arc::new(issued), grant: None };
            state.fixture_codes.push(code.clone());
            state.codes.entries.insert(code, entry);
        }
        for (token, grant) in grants.tokens {
            let id = grant.id;
            state.fixture_tokens.insert(token, id);
            let entry = state.new_entry(grant);
            state.grants.entries.insert(id, entry);
        }
    }

    /// Removes everything.
    pub(crate) fn clear(&self) {
        *self.state.lock() = State::default();
    }

    /// Looks up what a request presents.
    pub(crate) fn look_up(&self, presented: &Presented<'_>) -> Found {
        let state = self.state.lock();
        let grant = |id: &GrantId| state.grants.entries.get(id).map(|entry| entry.grant.clone());

        let code = presented.code.and_then(|code| state.codes.entries.get(code)).cloned();
        let literal = presented.literal.and_then(|token| state.fixture_tokens.get(token));
        let (token_id, grant_id) = presented.ids.unzip();
        Found {
            grant_of_code: code.as_ref().and_then(|entry| grant(&entry.grant?)),
            code,
            literal: literal.and_then(grant),
            refresh_token: token_id.and_then(|id| state.refresh_tokens.entries.get(&id)).copied(),
            grant: grant_id.as_ref().and_then(grant),
        }
    }

    /// Returns an ID that no grant has.
    pub(crate) fn unused_grant_id(&self) -> GrantId {
        let state = self.state.lock();
        loop {
            let id = GrantId::random();
            if !state.grants.entries.contains_key(&id) {
                return id;
            }
        }
    }

    /// Exchanges a code. Of many concurrent callers exactly one succeeds, unless the code is
    /// reusable.
    pub(crate) fn redeem(&self, redemption: Redemption<'_>) -> Result<(), Conflict> {
        let Redemption { code, grant, now_ms, .. } = redemption;
        let mut state = self.state.lock();

        let entry = state.codes.entries.get_mut(code).ok_or(Conflict::Unknown)?;
        if let Some(redeemed_for) = entry.grant
            && !entry.code.reusable
        {
            return Err(Conflict::AlreadyRedeemed(redeemed_for));
        }

        entry.grant = Some(grant.id);
        state.upsert_grant(grant, now_ms)
    }

    /// Renews a refresh token: extends its expiry, replaces it once, or leaves it as it was.
    pub(crate) fn renew(&self, renewal: Renewal) -> Result<(), Conflict> {
        let Renewal { token, grant, claimed_expiry_ms, outcome, now_ms } = renewal;
        let purge_after_ms = grant.purge_after_ms;
        let mut state = self.state.lock();

        let known = state.refresh_tokens.entries.get(&token).copied();
        let mut entry = known.unwrap_or(RefreshTokenEntry {
            expires_at_ms: claimed_expiry_ms,
            rotated: None,
            purge_after_ms,
        });
        if let Some(rotation) = entry.rotated {
            return Err(Conflict::Rotated(rotation));
        }
        state.upsert_grant(grant, now_ms)?;

        match outcome {
            RenewalOutcome::Extend { expires_at_ms } => entry.expires_at_ms = expires_at_ms,
            RenewalOutcome::Rotate(rotation) => entry.rotated = Some(rotation),
            // The token's claims still say everything, so there is nothing to store.
            RenewalOutcome::Keep => return Ok(()),
        }
        entry.purge_after_ms = purge_after_ms;
        state.refresh_tokens.insert(token, entry, |entry| entry.purge_after_ms > now_ms);
        Ok(())
    }

    /// Inserts or updates the grant of a new token, unless it has been revoked.
    pub(crate) fn upsert_grant(&self, grant: Grant, now_ms: i64) -> Result<(), Conflict> {
        self.state.lock().upsert_grant(grant, now_ms)
    }

    /// Revokes a grant with everything that was issued under it. Returns why it is revoked, which is
    /// the first reason, or `None` if it does not exist.
    pub(crate) fn revoke(&self, id: GrantId, reason: Revocation) -> Option<Revocation> {
        let mut state = self.state.lock();

        let entry = state.grants.entries.get_mut(&id)?;
        Some(*entry.grant.revoked.get_or_insert(reason))
    }

    /// Revokes the grant of a token, even if it is not stored, as after a restart.
    pub(crate) fn revoke_grant(&self, grant: Grant, reason: Revocation, now_ms: i64) {
        let mut state = self.state.lock();

        match state.grants.entries.get_mut(&grant.id) {
            Some(entry) => drop(entry.grant.revoked.get_or_insert(reason)),
            None => state.insert_grant(Grant { revoked: Some(reason), ..grant }, now_ms),
        }
    }

    /// Returns the grants that may still have valid tokens, the oldest first.
    pub(crate) fn grants(&self, now_ms: i64) -> Vec<Grant> {
        let state = self.state.lock();
        let mut grants: Vec<(u64, Grant)> = state
            .grants
            .entries
            .values()
            .filter(|entry| entry.grant.purge_after_ms > now_ms)
            .map(|entry| (entry.order, entry.grant.clone()))
            .collect();
        drop(state);

        grants.sort_by_key(|(order, grant)| (grant.granted_at_ms, *order));
        grants.into_iter().map(|(_, grant)| grant).collect()
    }
}

impl State {
    fn upsert_grant(&mut self, grant: Grant, now_ms: i64) -> Result<(), Conflict> {
        match self.grants.entries.get_mut(&grant.id) {
            Some(GrantEntry { grant: known, .. }) => {
                if let Some(reason) = known.revoked {
                    return Err(Conflict::Revoked(reason));
                }
                known.purge_after_ms = known.purge_after_ms.max(grant.purge_after_ms);
                known.granted_at_ms = grant.granted_at_ms;
            }
            None => self.insert_grant(grant, now_ms),
        }

        Ok(())
    }

    fn insert_grant(&mut self, grant: Grant, now_ms: i64) {
        let id = grant.id;
        let entry = self.new_entry(grant);
        self.grants.insert(id, entry, |entry| entry.grant.purge_after_ms > now_ms);
    }

    fn new_entry(&mut self, grant: Grant) -> GrantEntry {
        self.inserted += 1;
        GrantEntry { order: self.inserted, grant }
    }
}

#[cfg(test)]
mod tests {
    use super::super::expiring_map::MIN_PURGE_SIZE;
    use super::*;
    use crate::store::Rotation;
    use crate::token::TokenIds;

    fn code(expires_at_ms: i64) -> Code {
        Code {
            client_id: "c".into(),
            merchant_id: "m".into(),
            scopes: [].into(),
            redirect_url: None,
            redirect_url_sent: false,
            challenge: None,
            issued_at_ms: 0,
            expires_at_ms,
            reusable: false,
        }
    }

    fn grant() -> Grant {
        Grant {
            id: GrantId::random(),
            client_id: "c".into(),
            merchant_id: "m".into(),
            scopes: [].into(),
            granted_at_ms: 0,
            redirect_url: None,
            purge_after_ms: 100,
            revoked: None,
        }
    }

    fn known_token(store: &MemoryGrants, id: TokenId) -> RefreshTokenEntry {
        let presented = Presented { ids: Some((id, GrantId::random())), ..Presented::default() };
        store.look_up(&presented).refresh_token.unwrap()
    }

    #[test]
    fn a_code_is_redeemed_once() {
        let store = MemoryGrants::default();
        store.record_code("x", code(10), 0);
        let grant = grant();
        let redeem = || {
            store.redeem(Redemption {
                code: "x",
                grant: grant.clone(),
                is_reusable: false,
                now_ms: 1,
            })
        };
        assert_eq!(redeem(), Ok(()));
        assert_eq!(redeem(), Err(Conflict::AlreadyRedeemed(grant.id)));
        let unknown = Redemption { code: "y", grant: grant.clone(), is_reusable: false, now_ms: 1 };
        assert_eq!(store.redeem(unknown), Err(Conflict::Unknown));
    }

    #[test]
    fn a_token_rotates_once_and_not_under_a_revoked_grant() {
        let store = MemoryGrants::default();
        let ids = TokenIds::new("default");
        let grant = grant();
        let token = ids.next(grant.id);
        let rotation = Rotation { successor: ids.next(grant.id), at_ms: 5 };
        let renew = |outcome| {
            store.renew(Renewal {
                token,
                grant: grant.clone(),
                claimed_expiry_ms: 50,
                outcome,
                now_ms: 5,
            })
        };
        assert_eq!(renew(RenewalOutcome::Extend { expires_at_ms: 60 }), Ok(()));
        assert_eq!(known_token(&store, token).expires_at_ms, 60);
        assert_eq!(renew(RenewalOutcome::Rotate(rotation)), Ok(()));
        assert_eq!(renew(RenewalOutcome::Rotate(rotation)), Err(Conflict::Rotated(rotation)));
        let merchant = Revocation::Merchant;
        assert_eq!(store.revoke(grant.id, merchant), Some(merchant));
        assert_eq!(store.revoke(grant.id, Revocation::Client), Some(merchant), "the first");
        let conflict = Conflict::Revoked(merchant);
        assert_eq!(store.upsert_grant(grant.clone(), 6), Err(conflict));
        assert_eq!(store.revoke(GrantId::random(), merchant), None);
    }

    #[test]
    fn grants_are_listed_in_their_order_also_within_a_millisecond() {
        let store = MemoryGrants::default();
        let grants: Vec<Grant> = (0..20).map(|_| grant()).collect();
        for grant in &grants {
            store.upsert_grant(grant.clone(), 1).unwrap();
        }
        let listed = store.grants(1);
        let ids = |grants: &[Grant]| grants.iter().map(|grant| grant.id).collect::<Vec<_>>();
        assert_eq!(ids(&listed), ids(&grants));
    }

    /// Inserts a code, its grant and a rotated token each millisecond, which expire soon after.
    #[test]
    fn expired_entries_are_purged() {
        let store = MemoryGrants::default();
        let ids = TokenIds::new("default");
        for now_ms in 0..100_000 {
            let code_text = now_ms.to_string();
            let grant = Grant { purge_after_ms: now_ms + 50, ..grant() };
            store.record_code(&code_text, code(now_ms + 10), now_ms);
            let redemption =
                Redemption { code: &code_text, grant: grant.clone(), is_reusable: false, now_ms };
            store.redeem(redemption).unwrap();
            let successor = ids.next(grant.id);
            let renewal = Renewal {
                token: ids.next(grant.id),
                grant,
                claimed_expiry_ms: now_ms + 20,
                outcome: RenewalOutcome::Rotate(Rotation { successor, at_ms: now_ms }),
                now_ms,
            };
            store.renew(renewal).unwrap();
        }
        let state = store.state.lock();
        let sizes = [
            state.codes.entries.len(),
            state.grants.entries.len(),
            state.refresh_tokens.entries.len(),
        ];
        assert!(sizes.iter().all(|&size| size <= MIN_PURGE_SIZE + 1), "{sizes:?}");
    }
}
