//! The books of a realm: codes, grants, and what became of refresh tokens.
//!
//! Most tokens leave no trace here. A token says in its claims what it is for, and in its `jti`
//! which grant it belongs to; the books only keep what the token cannot know: that its grant was
//! revoked, that its expiry slid, that another replaced it. So they stay small, and a token
//! outlives a restart.
//!
//! Every operation takes the one lock once, and none awaits while holding it.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use super::lock::Lock;
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
    pub(crate) dead_at_ms: i64,
    pub(crate) revoked: bool,
}

/// A refresh token of a fixture: a value that stands for a token of a grant.
#[derive(Clone, Debug)]
pub(crate) struct Literal {
    pub(crate) grant: GrantId,
}

/// What the books know of a refresh token beyond its claims.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenState {
    /// The expiry that counts, in milliseconds since 1970.
    pub(crate) expires_at_ms: i64,
    /// The token that replaced it.
    pub(crate) rotated: Option<Rotation>,
    /// From when on nobody needs to know any more.
    dead_at_ms: i64,
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
    /// The token's own expiry from its claims, for one that the books do not know.
    pub(crate) claimed_expiry_ms: i64,
    pub(crate) outcome: RenewalOutcome,
    pub(crate) now_ms: i64,
}

/// What becomes of the refresh token.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RenewalOutcome {
    /// It lives on until then.
    Slides { expires_at_ms: i64 },
    /// Another replaces it.
    Rotates(Rotation),
}

/// Somebody else was faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The code was exchanged meanwhile, for this grant.
    Spent(GrantId),
    /// The code is gone.
    Forgotten,
    /// The grant was revoked meanwhile.
    Revoked,
    /// The refresh token was replaced meanwhile.
    Rotated(Rotation),
}

/// The books. Cheap to ask; see the module's words.
#[derive(Default)]
pub(crate) struct Ledger {
    books: Lock<Books>,
}

/// Codes and tokens are secrets, so only their numbers are shown.
impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let books = self.books.lock();
        f.debug_struct("Ledger")
            .field("codes", &books.codes.entries.len())
            .field("grants", &books.grants.entries.len())
            .field("tokens", &books.tokens.entries.len())
            .finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Books {
    codes: Swept<String, CodeEntry>,
    grants: Swept<GrantId, Entered>,
    /// How many grants have been entered.
    entered: u64,
    tokens: Swept<TokenId, TokenState>,
    literals: HashMap<String, Literal>,
    /// The codes that came from the fixtures.
    laid: Vec<String>,
}

/// A grant in the books.
struct Entered {
    /// Its place among the others: a millisecond has room for several.
    order: u64,
    grant: Grant,
}

#[cfg(test)]
impl Ledger {
    /// One whose lock loom watches.
    pub(super) fn modelled() -> Self {
        Self { books: Lock::modelled() }
    }

    /// Panics when the lock is taken for the so many-th time from now on; 0: no more.
    pub(crate) fn panic_in(&self, times: usize) {
        self.books.panic_in(times);
    }
}

impl Ledger {
    /// Enters a new code. `false`: there is one of this name, which stays as it is.
    pub(crate) async fn record_code(&self, code: String, issued: Code, now_ms: i64) -> bool {
        let entry = CodeEntry { code: Arc::new(issued), grant: None };
        let alive = |entry: &CodeEntry| entry.code.reusable || entry.code.expires_at_ms > now_ms;
        let mut books = self.books.lock();
        if books.codes.entries.contains_key(&code) {
            return false;
        }
        books.codes.insert(code, entry, alive);
        true
    }

    /// Enters a code of the fixtures.
    pub(crate) fn lay_code(&self, code: String, issued: Code) {
        let entry = CodeEntry { code: Arc::new(issued), grant: None };
        let mut books = self.books.lock();
        books.laid.push(code.clone());
        books.codes.entries.insert(code, entry);
    }

    /// Takes out what the fixtures laid; grants that came of it stay.
    pub(crate) fn take_up(&self) {
        let mut books = self.books.lock();
        for code in std::mem::take(&mut books.laid) {
            books.codes.entries.remove(&code);
        }
        for (_, literal) in std::mem::take(&mut books.literals) {
            books.grants.entries.remove(&literal.grant);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.books.lock() = Books::default();
    }

    /// Enters a refresh token of the fixtures with its grant.
    pub(crate) fn lay_literal(&self, token: String, grant: Grant) {
        let mut books = self.books.lock();
        books.literals.insert(token, Literal { grant: grant.id });
        let id = grant.id;
        let entered = books.enter(grant);
        books.grants.entries.insert(id, entered);
    }

    /// A code, whatever has become of it.
    pub(crate) async fn code(&self, code: &str) -> Option<CodeEntry> {
        self.books.lock().codes.entries.get(code).cloned()
    }

    /// The grant that a literal refresh token of the fixtures stands for.
    pub(crate) async fn literal(&self, token: &str) -> Option<Grant> {
        let books = self.books.lock();
        let literal = books.literals.get(token)?;
        books.grants.entries.get(&literal.grant).map(|entered| entered.grant.clone())
    }

    /// A number that no grant has yet.
    pub(crate) async fn unused_grant_id(&self) -> GrantId {
        let books = self.books.lock();
        loop {
            let id = GrantId::random();
            if !books.grants.entries.contains_key(&id) {
                return id;
            }
        }
    }

    /// A grant, if the books have it.
    pub(crate) async fn grant(&self, id: GrantId) -> Option<Grant> {
        self.books.lock().grants.entries.get(&id).map(|entered| entered.grant.clone())
    }

    /// What the books know of a refresh token beyond its claims.
    pub(crate) async fn token(&self, id: TokenId) -> Option<TokenState> {
        self.books.lock().tokens.entries.get(&id).copied()
    }

    /// Exchanges a code: exactly one of many callers succeeds, unless the code is reusable.
    pub(crate) async fn redeem(&self, redemption: Redemption<'_>) -> Result<(), Lost> {
        let Redemption { code, grant, now_ms } = redemption;
        let mut books = self.books.lock();
        let entry = books.codes.entries.get_mut(code).ok_or(Lost::Forgotten)?;
        if let Some(made) = entry.grant
            && !entry.code.reusable
        {
            return Err(Lost::Spent(made));
        }
        entry.grant = Some(grant.id);
        books.enter_grant(grant, now_ms)
    }

    /// Renews a refresh token: slides its expiry, or replaces it, once.
    pub(crate) async fn renew(&self, renewal: Renewal) -> Result<(), Lost> {
        let Renewal { token, grant, claimed_expiry_ms, outcome, now_ms } = renewal;
        let mut books = self.books.lock();
        let dead_at_ms = grant.dead_at_ms;
        let mut state = books.tokens.entries.get(&token).copied().unwrap_or(TokenState {
            expires_at_ms: claimed_expiry_ms,
            rotated: None,
            dead_at_ms,
        });
        if let Some(rotation) = state.rotated {
            return Err(Lost::Rotated(rotation));
        }
        books.enter_grant(grant, now_ms)?;
        match outcome {
            RenewalOutcome::Slides { expires_at_ms } => state.expires_at_ms = expires_at_ms,
            RenewalOutcome::Rotates(rotation) => state.rotated = Some(rotation),
        }
        state.dead_at_ms = dead_at_ms;
        books.tokens.insert(token, state, |state| state.dead_at_ms > now_ms);
        Ok(())
    }

    /// Enters a grant that a new token belongs to, unless it has been revoked meanwhile.
    pub(crate) async fn confirm(&self, grant: Grant, now_ms: i64) -> Result<(), Lost> {
        self.books.lock().enter_grant(grant, now_ms)
    }

    /// Revokes a grant with everything that was issued under it. `false`: there is none.
    pub(crate) async fn revoke(&self, id: GrantId) -> bool {
        let mut books = self.books.lock();
        books.grants.entries.get_mut(&id).map(|known| known.grant.revoked = true).is_some()
    }

    /// Revokes the grant of a token, also where the books do not have it: after a restart.
    pub(crate) async fn revoke_grant(&self, grant: Grant, now_ms: i64) {
        let mut books = self.books.lock();
        match books.grants.entries.get_mut(&grant.id) {
            Some(known) => known.grant.revoked = true,
            None => books.insert_grant(Grant { revoked: true, ..grant }, now_ms),
        }
    }

    /// The grants that are not yet dead, the oldest first.
    pub(crate) async fn grants(&self, now_ms: i64) -> Vec<Grant> {
        let books = self.books.lock();
        let all = books.grants.entries.values();
        let mut alive: Vec<(u64, Grant)> = all
            .filter(|known| known.grant.dead_at_ms > now_ms)
            .map(|known| (known.order, known.grant.clone()))
            .collect();
        drop(books);
        alive.sort_by_key(|(order, grant)| (grant.granted_at_ms, *order));
        alive.into_iter().map(|(_, grant)| grant).collect()
    }
}

impl Books {
    fn enter_grant(&mut self, grant: Grant, now_ms: i64) -> Result<(), Lost> {
        match self.grants.entries.get_mut(&grant.id) {
            Some(known) if known.grant.revoked => return Err(Lost::Revoked),
            Some(Entered { grant: known, .. }) => {
                known.dead_at_ms = known.dead_at_ms.max(grant.dead_at_ms);
                known.granted_at_ms = grant.granted_at_ms;
            }
            None => self.insert_grant(grant, now_ms),
        }
        Ok(())
    }

    fn insert_grant(&mut self, grant: Grant, now_ms: i64) {
        let id = grant.id;
        let entered = self.enter(grant);
        self.grants.insert(id, entered, |known| known.grant.dead_at_ms > now_ms);
    }

    fn enter(&mut self, grant: Grant) -> Entered {
        self.entered += 1;
        Entered { order: self.entered, grant }
    }
}

/// A map that forgets what is dead, now and then: whenever it has grown to twice of what the last
/// sweep left, so that an entry costs the same however many there are.
struct Swept<K, V> {
    entries: HashMap<K, V>,
    sweep_at: usize,
}

/// Fewer entries than this are not worth a sweep.
const SMALL: usize = 4096;

impl<K: Eq + Hash, V> Swept<K, V> {
    fn insert(&mut self, key: K, value: V, alive: impl Fn(&V) -> bool) {
        if self.entries.len() >= self.sweep_at {
            self.entries.retain(|_, value| alive(value));
            self.sweep_at = (self.entries.len() * 2).max(SMALL);
            self.entries.shrink_to(self.sweep_at);
        }
        self.entries.insert(key, value);
    }
}

impl<K, V> Default for Swept<K, V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), sweep_at: SMALL }
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
            dead_at_ms: 100,
            revoked: false,
        }
    }

    #[tokio::test]
    async fn a_code_is_redeemed_once() {
        let ledger = Ledger::default();
        ledger.record_code("x".into(), code(10), 0).await;
        let grant = grant();
        let redeem = || ledger.redeem(Redemption { code: "x", grant: grant.clone(), now_ms: 1 });
        assert_eq!(redeem().await, Ok(()));
        assert_eq!(redeem().await, Err(Lost::Spent(grant.id)));
        let unknown = Redemption { code: "y", grant: grant.clone(), now_ms: 1 };
        assert_eq!(ledger.redeem(unknown).await, Err(Lost::Forgotten));
    }

    #[tokio::test]
    async fn a_token_rotates_once_and_not_under_a_revoked_grant() {
        let ledger = Ledger::default();
        let ids = TokenIds::new("default");
        let grant = grant();
        let token = ids.next(grant.id);
        let rotation = Rotation { successor: ids.next(grant.id), at_ms: 5 };
        let renew = |outcome| {
            ledger.renew(Renewal {
                token,
                grant: grant.clone(),
                claimed_expiry_ms: 50,
                outcome,
                now_ms: 5,
            })
        };
        assert_eq!(renew(RenewalOutcome::Slides { expires_at_ms: 60 }).await, Ok(()));
        assert_eq!(ledger.token(token).await.unwrap().expires_at_ms, 60);
        assert_eq!(renew(RenewalOutcome::Rotates(rotation)).await, Ok(()));
        assert_eq!(renew(RenewalOutcome::Rotates(rotation)).await, Err(Lost::Rotated(rotation)));
        assert!(ledger.revoke(grant.id).await);
        assert_eq!(ledger.confirm(grant.clone(), 6).await, Err(Lost::Revoked));
        assert!(!ledger.revoke(GrantId::random()).await);
    }

    #[tokio::test]
    async fn grants_are_listed_in_their_order_also_within_a_millisecond() {
        let ledger = Ledger::default();
        let grants: Vec<Grant> = (0..20).map(|_| grant()).collect();
        for grant in &grants {
            ledger.confirm(grant.clone(), 1).await.unwrap();
        }
        let listed = ledger.grants(1).await;
        let ids = |grants: &[Grant]| grants.iter().map(|grant| grant.id).collect::<Vec<_>>();
        assert_eq!(ids(&listed), ids(&grants));
    }

    /// A code, its grant and a rotated token at each tick, each dead some ticks later.
    #[tokio::test]
    async fn the_dead_are_forgotten() {
        let ledger = Ledger::default();
        let ids = TokenIds::new("default");
        for now_ms in 0..100_000 {
            let code_text = now_ms.to_string();
            let grant = Grant { dead_at_ms: now_ms + 50, ..grant() };
            ledger.record_code(code_text.clone(), code(now_ms + 10), now_ms).await;
            let redemption = Redemption { code: &code_text, grant: grant.clone(), now_ms };
            ledger.redeem(redemption).await.unwrap();
            let successor = ids.next(grant.id);
            let renewal = Renewal {
                token: ids.next(grant.id),
                grant,
                claimed_expiry_ms: now_ms + 20,
                outcome: RenewalOutcome::Rotates(Rotation { successor, at_ms: now_ms }),
                now_ms,
            };
            ledger.renew(renewal).await.unwrap();
        }
        let books = ledger.books.lock();
        let left =
            [books.codes.entries.len(), books.grants.entries.len(), books.tokens.entries.len()];
        assert!(left.iter().all(|&left| left <= SMALL + 1), "{left:?}");
    }
}
