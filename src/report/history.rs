//! The access tokens that were issued under each grant, which several rules depend on.

use std::time::Instant;

use super::memory::Memory;
use super::observation::{GrantKey, Observation};
use crate::journal::IssuedKind;

/// The number of access tokens that are remembered of a grant.
const MAX_TOKENS: usize = 4;

/// The access tokens that were issued under each grant.
#[derive(Default)]
pub(super) struct History(Memory<GrantKey, GrantHistory>);

/// What is remembered of a grant.
#[derive(Default)]
pub(super) struct GrantHistory {
    /// The newest ones, in the order in which the clients received them.
    tokens: Vec<AccessToken>,
    /// When the API last refused a token of the grant.
    refused: Option<Instant>,
}

/// An access token that a client received, or presented.
#[derive(Clone, Copy, Debug)]
pub(super) struct AccessToken {
    fingerprint: u64,
    /// The request that issued it.
    pub(super) request: u64,
    /// When the client received it.
    end: Instant,
    /// When it was issued, and for how long, in milliseconds of the realm's clock.
    pub(super) issued_ms: i64,
    lifetime_ms: i64,
}

impl History {
    /// Returns the access token of the same grant that the client should use in place of the one that it
    /// presents: one that is newer by more than `ms` of the realm's clock.
    pub(super) fn newer_token(&self, seen: &Observation<'_>, ms: i64) -> Option<AccessToken> {
        let presented = seen.credential?;
        let iat_ms = seen.facts.presented_iat_ms?;
        let grant = self.0.get(&seen.grant?)?;

        // A token that is not remembered is older than all that are.
        let known = grant.tokens.iter().position(|token| token.fingerprint == presented);
        let newer = &grant.tokens[known.map_or(0, |index| index + 1)..];
        newer.iter().copied().find(|token| {
            seen.follows(token.end)
                && token.issued_ms >= iat_ms
                && seen.start_ms - token.issued_ms > ms
        })
    }

    /// Returns the access token of the same grant that the client has when it refreshes, if over half
    /// of its life is left and the API has not refused it.
    pub(super) fn fresh_token(&self, seen: &Observation<'_>) -> Option<AccessToken> {
        let grant = self.0.get(&seen.grant?)?;
        let token = grant.tokens.iter().rev().find(|token| seen.follows(token.end))?;
        let is_refused = grant.refused.is_some_and(|refused| refused > token.end);
        let left_ms = token.issued_ms + token.lifetime_ms - seen.start_ms;

        (!is_refused && left_ms * 2 > token.lifetime_ms && left_ms <= token.lifetime_ms)
            .then_some(*token)
    }

    /// Remembers what a request shows of its grant.
    pub(super) fn remember(&mut self, seen: &Observation<'_>) {
        let Some(grant) = seen.grant else { return };

        if seen.is_api_call() {
            self.remember_call(grant, seen);
        } else if let Some(fingerprint) = seen.given(IssuedKind::AccessToken) {
            self.0.entry(grant).push(AccessToken {
                fingerprint,
                request: seen.id,
                end: seen.end,
                issued_ms: seen.end_ms,
                lifetime_ms: seen.facts.issued_lifetime_s * 1_000,
            });
        }
    }

    fn remember_call(&mut self, grant: GrantKey, seen: &Observation<'_>) {
        let facts = seen.facts;
        // A token of the control API is known once somebody presents it.
        if let (Some(fingerprint), Some(iat_ms), Some(expiry_ms)) =
            (seen.credential, facts.presented_iat_ms, facts.presented_expiry_ms)
        {
            let grant = self.0.entry(grant);
            if grant.tokens.is_empty() {
                grant.push(AccessToken {
                    fingerprint,
                    request: seen.id,
                    end: seen.start,
                    issued_ms: iat_ms,
                    lifetime_ms: expiry_ms - iat_ms,
                });
            }
        }

        if seen.status() == Some(401)
            && let Some(grant) = self.0.get_mut(grant)
        {
            grant.refused = Some(seen.end);
        }
    }
}

impl GrantHistory {
    fn push(&mut self, token: AccessToken) {
        if self.tokens.len() >= MAX_TOKENS {
            self.tokens.remove(0);
        }
        self.tokens.push(token);
    }
}
