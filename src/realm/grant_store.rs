//! The state of a realm: codes, grants, and what became of refresh tokens.
//!
//! Most tokens leave no trace here. A token says in its claims what it is for, and in its `jti`
//! which grant it belongs to; the state only keep what the token cannot know: that its grant was
//! revoked, that its expiry slid, that another replaced it. So they stay small, and a token
//! outlives a restart.
//!
//! Every operation takes the one lock once, and none awaits while holding it.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use super::sync::Lock;
use crate::oauth::{Challenge, Scopes};
use crate::token::{GrantId, TokenId};

/// An authorization code as it was issued.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) client_id: Arc<str>,
    pub(crate) merchant_id: Arc<str>,
    pub(crate) scopes: Scopes,
    /// The redirect URL that it was issued for, if it was for one.
    pub(crate) redirect_url: Option<Arc<str>>,
    pub(crate) challenge: Option<Challenge>,
    /// Whether it comes from the authorize endpoint, which would have taken a PKCE challenge.
    pub(crate) by_authorize: bool,
    /// When the merchant consented, in milliseconds since 1970.
    pub(crate) issued_at_ms: i64,
    pub(crate) expires_at_ms: i64,
    /// Never spent, never expired.
    pub(crate) reusable: bool,
}

/// A code, and the grant that it made once it was exchanged.
#[derive(Clone, Debug)]
pub(crate) struct CodeEntry {
    pub(crate) code: Arc<Code>,
    pub(crate) grant: Option<GrantId>,
}

/// A merchant's consent to a client, from the first exchange on.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) id: GrantId,
    pub(crate) client_id: Arc<str>,
    pub(crate) merchant_id: Arc<str>,
    pub(crate) scopes: Scopes,
    /// The claim `grant_time`, in milliseconds since 1970.
    pub(crate) granted_at_ms: i64,
    pub(crate) redirect_url: Option<Arc<str>>,
    /// From when on no token of it can be alive or renewed, so that it can be forgotten.
    pub(crate) purge_after_ms: i64,
    pub(crate) revoked: bool,
}

/// A refresh token of a fixture: a value that stands for a token of a grant.
#[derive(Clone, Debug)]
pub(crate) struct FixtureToken {
    pub(crate) grant: GrantId,
}

/// What the state know of a refresh token beyond its claims.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenState {
    /// The expiry that counts, in milliseconds since 1970.
    pub(crate) expires_at_ms: i64,
    /// The token that replaced it.
    pub(crate) rotated: Option<Rotation>,
    /// From when on nobody needs to know any more.
    purge_after_ms: i64,
}

/// One refresh token replacing another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rotation {
    pub(crate) successor: TokenId,
    /// When, in milliseconds since 1970; the successor's `iat`.
    pub(crate) at_ms: i64,
}

/// Exchanging a code.
pub(crate) struct Redemption<'a> {
    pub(crate) code: &'a str,
    /// The grant that the exchange makes (or, of a reusable code, goes on with).
    pub(crate) grant: Grant,
    pub(crate) now_ms: i64,
}

/// Refreshing with a token.
pub(crate) struct Renewal {
    pub(crate) token: TokenId,
    pub(crate) grant: Grant,
    /// The token's own expiry from its claims, for one that the state do not know.
    pub(crate) claimed_expiry_ms: i64,
    pub(crate) outcome: RenewalOutcome,
    pub(crate) now_ms: i64,
}

/// What becomes of the refresh token.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RenewalOutcome {
    /// It lives on until then.
    Extend { expires_at_ms: i64 },
    /// Another replaces it.
    Rotate(Rotation),
}

/// Somebody else was faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// The code was exchanged meanwhile, for this grant.
    AlreadyRedeemed(GrantId),
    /// The code is gone.
    Unknown,
    /// The grant was revoked meanwhile.
    Revoked,
    /// The refresh token was replaced meanwhile.
    Rotated(Rotation),
}

/// The state. Cheap to ask; see the module's words.
#[derive(Default)]
pub(crate) struct GrantStore {
    state: Lock<State>,
}

/// Codes and tokens are secrets, so only their numbers are shown.
impl fmt::Debug for GrantStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        f.debug_struct("GrantStore")
            .field("codes", &state.codes.entries.len())
            .field("grants", &state.grants.entries.len())
            .field("tokens", &state.tokens.entries.len())
            .finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    codes: ExpiringMap<String, CodeEntry>,
    grants: ExpiringMap<GrantId, GrantEntry>,
    /// How many grants have been entered.
    entered: u64,
    tokens: ExpiringMap<TokenId, TokenState>,
    fixture_tokens: HashMap<String, FixtureToken>,
    /// The codes that came from the fixtures.
    fixture_codes: Vec<String>,
}

/// A grant in the state.
struct GrantEntry {
    /// Its place among the others: a millisecond has room for several.
    order: u64,
    grant: Grant,
}

#[cfg(test)]
impl GrantStore {
    /// One whose lock loom watches.
    pub(super) fn with_loom() -> Self {
        Self { state: Lock::with_loom() }
    }

    /// Panics when the lock is taken for the so many-th time from now on; 0: no more.
    pub(crate) fn panic_in(&self, times: usize) {
        self.state.panic_in(times);
    }
}

impl GrantStore {
    /// Enters a new code. `false`: there is one of this name, which stays as it is.
    pub(crate) async fn record_code(&self, code: String, issued: Code, now_ms: i64) -> bool {
        let entry = CodeEntry { code: Arc::new(issued), grant: None };
        let alive = |entry: &CodeEntry| entry.code.reusable || entry.code.expires_at_ms > now_ms;
        let mut state = self.state.lock();
        if state.codes.entries.contains_key(&code) {
            return false;
        }
        state.codes.insert(code, entry, alive);
        true
    }

    /// Enters a code of the fixtures.
    pub(crate) fn insert_fixture_code(&self, code: String, issued: Code) {
        let entry = CodeEntry { code: Arc::new(issued), grant: None };
        let mut state = self.state.lock();
        state.fixture_codes.push(code.clone());
        state.codes.entries.insert(code, entry);
    }

    /// Takes out what the fixtures fixture_codes; grants that came of it stay.
    pub(crate) fn remove_fixture_entries(&self) {
        let mut state = self.state.lock();
        for code in std::mem::take(&mut state.fixture_codes) {
            state.codes.entries.remove(&code);
        }
        for (_, literal) in std::mem::take(&mut state.fixture_tokens) {
            state.grants.entries.remove(&literal.grant);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.state.lock() = State::default();
    }

    /// Enters a refresh token of the fixtures with its grant.
    pub(crate) fn insert_fixture_token(&self, token: String, grant: Grant) {
        let mut state = self.state.lock();
        state.fixture_tokens.insert(token, FixtureToken { grant: grant.id });
        let id = grant.id;
        let entered = state.enter(grant);
        state.grants.entries.insert(id, entered);
    }

    /// A code, whatever has become of it.
    pub(crate) async fn code(&self, code: &str) -> Option<CodeEntry> {
        self.state.lock().codes.entries.get(code).cloned()
    }

    /// The grant that a literal refresh token of the fixtures stands for.
    pub(crate) async fn fixture_token(&self, token: &str) -> Option<Grant> {
        let state = self.state.lock();
        let literal = state.fixture_tokens.get(token)?;
        state.grants.entries.get(&literal.grant).map(|entered| entered.grant.clone())
    }

    /// A number that no grant has yet.
    pub(crate) async fn unused_grant_id(&self) -> GrantId {
        let state = self.state.lock();
        loop {
            let id = GrantId::random();
            if !state.grants.entries.contains_key(&id) {
                return id;
            }
        }
    }

    /// A grant, if the state have it.
    pub(crate) async fn grant(&self, id: GrantId) -> Option<Grant> {
        self.state.lock().grants.entries.get(&id).map(|entered| entered.grant.clone())
    }

    /// What the state know of a refresh token beyond its claims.
    pub(crate) async fn token(&self, id: TokenId) -> Option<TokenState> {
        self.state.lock().tokens.entries.get(&id).copied()
    }

    /// Exchanges a code: exactly one of many callers succeeds, unless the code is reusable.
    pub(crate) async fn redeem(&self, redemption: Redemption<'_>) -> Result<(), Conflict> {
        let Redemption { code, grant, now_ms } = redemption;
        let mut state = self.state.lock();
        let entry = state.codes.entries.get_mut(code).ok_or(Conflict::Unknown)?;
        if let Some(made) = entry.grant
            && !entry.code.reusable
        {
            return Err(Conflict::AlreadyRedeemed(made));
        }
        entry.grant = Some(grant.id);
        state.enter_grant(grant, now_ms)
    }

    /// Renews a refresh token: slides its expiry, or replaces it, once.
    pub(crate) async fn renew(&self, renewal: Renewal) -> Result<(), Conflict> {
        let Renewal { token, grant, claimed_expiry_ms, outcome, now_ms } = renewal;
        let mut store = self.state.lock();
        let purge_after_ms = grant.purge_after_ms;
        let mut state = store.tokens.entries.get(&token).copied().unwrap_or(TokenState {
            expires_at_ms: claimed_expiry_ms,
            rotated: None,
            purge_after_ms,
        });
        if let Some(rotation) = state.rotated {
            return Err(Conflict::Rotated(rotation));
        }
        store.enter_grant(grant, now_ms)?;
        match outcome {
            RenewalOutcome::Extend { expires_at_ms } => state.expires_at_ms = expires_at_ms,
            RenewalOutcome::Rotate(rotation) => state.rotated = Some(rotation),
        }
        state.purge_after_ms = purge_after_ms;
        store.tokens.insert(token, state, |state| state.purge_after_ms > now_ms);
        Ok(())
    }

    /// Enters a grant that a new token belongs to, unless it has been revoked meanwhile.
    pub(crate) async fn upsert_grant(&self, grant: Grant, now_ms: i64) -> Result<(), Conflict> {
        self.state.lock().enter_grant(grant, now_ms)
    }

    /// Revokes a grant with everything that was issued under it. `false`: there is none.
    pub(crate) async fn revoke(&self, id: GrantId) -> bool {
        let mut state = self.state.lock();
        state.grants.entries.get_mut(&id).map(|known| known.grant.revoked = true).is_some()
    }

    /// Revokes the grant of a token, also where the state do not have it: after a restart.
    pub(crate) async fn revoke_grant(&self, grant: Grant, now_ms: i64) {
        let mut state = self.state.lock();
        match state.grants.entries.get_mut(&grant.id) {
            Some(known) => known.grant.revoked = true,
            None => state.insert_grant(Grant { revoked: true, ..grant }, now_ms),
        }
    }

    /// The grants that are not yet dead, the oldest first.
    pub(crate) async fn grants(&self, now_ms: i64) -> Vec<Grant> {
        let state = self.state.lock();
        let all = state.grants.entries.values();
        let mut alive: Vec<(u64, Grant)> = all
            .filter(|known| known.grant.purge_after_ms > now_ms)
            .map(|known| (known.order, known.grant.clone()))
            .collect();
        drop(state);
        alive.sort_by_key(|(order, grant)| (grant.granted_at_ms, *order));
        alive.into_iter().map(|(_, grant)| grant).collect()
    }
}

impl State {
    fn enter_grant(&mut self, grant: Grant, now_ms: i64) -> Result<(), Conflict> {
        match self.grants.entries.get_mut(&grant.id) {
            Some(known) if known.grant.revoked => return Err(Conflict::Revoked),
            Some(GrantEntry { grant: known, .. }) => {
                known.purge_after_ms = known.purge_after_ms.max(grant.purge_after_ms);
                known.granted_at_ms = grant.granted_at_ms;
            }
            None => self.insert_grant(grant, now_ms),
        }
        Ok(())
    }

    fn insert_grant(&mut self, grant: Grant, now_ms: i64) {
        let id = grant.id;
        let entered = self.enter(grant);
        self.grants.insert(id, entered, |known| known.grant.purge_after_ms > now_ms);
    }

    fn enter(&mut self, grant: Grant) -> GrantEntry {
        self.entered += 1;
        GrantEntry { order: self.entered, grant }
    }
}

/// A map that forgets what is dead, now and then: whenever it has grown to twice of what the last
/// sweep left, so that an entry costs the same however many there are.
struct ExpiringMap<K, V> {
    entries: HashMap<K, V>,
    purge_at: usize,
}

/// Fewer entries than this are not worth a sweep.
const MIN_PURGE_SIZE: usize = 4096;

impl<K: Eq + Hash, V> ExpiringMap<K, V> {
    fn insert(&mut self, key: K, value: V, alive: impl Fn(&V) -> bool) {
        if self.entries.len() >= self.purge_at {
            self.entries.retain(|_, value| alive(value));
            self.purge_at = (self.entries.len() * 2).max(MIN_PURGE_SIZE);
            self.entries.shrink_to(self.purge_at);
        }
        self.entries.insert(key, value);
    }
}

impl<K, V> Default for ExpiringMap<K, V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), purge_at: MIN_PURGE_SIZE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::TokenIds;

    fn code(expires_at_ms: i64) -> Code {
        Code {
            client_id: "c".into(),
            merchant_id: "m".into(),
            scopes: [].into(),
            redirect_url: None,
            challenge: None,
            by_authorize: false,
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
            revoked: false,
        }
    }

    #[tokio::test]
    async fn a_code_is_redeemed_once() {
        let grant_store = GrantStore::default();
        grant_store.record_code("x".into(), code(10), 0).await;
        let grant = grant();
        let redeem =
            || grant_store.redeem(Redemption { code: "x", grant: grant.clone(), now_ms: 1 });
        assert_eq!(redeem().await, Ok(()));
        assert_eq!(redeem().await, Err(Conflict::AlreadyRedeemed(grant.id)));
        let unknown = Redemption { code: "y", grant: grant.clone(), now_ms: 1 };
        assert_eq!(grant_store.redeem(unknown).await, Err(Conflict::Unknown));
    }

    #[tokio::test]
    async fn a_token_rotates_once_and_not_under_a_revoked_grant() {
        let grant_store = GrantStore::default();
        let ids = TokenIds::new("default");
        let grant = grant();
        let token = ids.next(grant.id);
        let rotation = Rotation { successor: ids.next(grant.id), at_ms: 5 };
        let renew = |outcome| {
            grant_store.renew(Renewal {
                token,
                grant: grant.clone(),
                claimed_expiry_ms: 50,
                outcome,
                now_ms: 5,
            })
        };
        assert_eq!(renew(RenewalOutcome::Extend { expires_at_ms: 60 }).await, Ok(()));
        assert_eq!(grant_store.token(token).await.unwrap().expires_at_ms, 60);
        assert_eq!(renew(RenewalOutcome::Rotate(rotation)).await, Ok(()));
        assert_eq!(renew(RenewalOutcome::Rotate(rotation)).await, Err(Conflict::Rotated(rotation)));
        assert!(grant_store.revoke(grant.id).await);
        assert_eq!(grant_store.upsert_grant(grant.clone(), 6).await, Err(Conflict::Revoked));
        assert!(!grant_store.revoke(GrantId::random()).await);
    }

    #[tokio::test]
    async fn grants_are_listed_in_their_order_also_within_a_millisecond() {
        let grant_store = GrantStore::default();
        let grants: Vec<Grant> = (0..20).map(|_| grant()).collect();
        for grant in &grants {
            grant_store.upsert_grant(grant.clone(), 1).await.unwrap();
        }
        let listed = grant_store.grants(1).await;
        let ids = |grants: &[Grant]| grants.iter().map(|grant| grant.id).collect::<Vec<_>>();
        assert_eq!(ids(&listed), ids(&grants));
    }

    /// A code, its grant and a rotated token at each tick, each dead some ticks later.
    #[tokio::test]
    async fn the_dead_are_forgotten() {
        let grant_store = GrantStore::default();
        let ids = TokenIds::new("default");
        for now_ms in 0..100_000 {
            let code_text = now_ms.to_string();
            let grant = Grant { purge_after_ms: now_ms + 50, ..grant() };
            grant_store.record_code(code_text.clone(), code(now_ms + 10), now_ms).await;
            let redemption = Redemption { code: &code_text, grant: grant.clone(), now_ms };
            grant_store.redeem(redemption).await.unwrap();
            let successor = ids.next(grant.id);
            let renewal = Renewal {
                token: ids.next(grant.id),
                grant,
                claimed_expiry_ms: now_ms + 20,
                outcome: RenewalOutcome::Rotate(Rotation { successor, at_ms: now_ms }),
                now_ms,
            };
            grant_store.renew(renewal).await.unwrap();
        }
        let state = grant_store.state.lock();
        let left =
            [state.codes.entries.len(), state.grants.entries.len(), state.tokens.entries.len()];
        assert!(left.iter().all(|&left| left <= MIN_PURGE_SIZE + 1), "{left:?}");
    }
}
