//! A code or a replaced refresh token that is presented again, later or by a concurrent request.

use super::TokenRequest;
use crate::fixture::{CodeReplay, ReuseDetection};
use crate::journal::CredentialState;
use crate::oauth::{Refusal, Row, refuse};
use crate::store::{Conflict, Revocation, Unavailable};
use crate::token::GrantId;

/// Refuses a code that was exchanged already, for this grant.
pub(super) async fn code_replayed<T>(
    request: &TokenRequest<'_>,
    grant: GrantId,
) -> Result<T, Refusal> {
    request.recorder.credential(CredentialState::CodeReplayed);
    request.recorder.grant(grant);

    if request.registry.settings.code_replay == CodeReplay::Revoke {
        let reason = request.realm.grant_store.revoke(grant, Revocation::CodeReplay).await?;
        if reason == Some(Revocation::CodeReplay) {
            return refuse(
                Row::CodeOrToken,
                "code was already used. Using it again revoked its grant.",
            );
        }
    }

    refuse(Row::CodeOrToken, "code was already used; a code can be exchanged once.")
}

/// Refuses a refresh token of this grant that another token has replaced.
pub(super) async fn token_replayed<T>(
    request: &TokenRequest<'_>,
    grant: GrantId,
) -> Result<T, Refusal> {
    request.recorder.credential(CredentialState::Replaced);

    if request.registry.settings.reuse_detection == ReuseDetection::RevokeGrant {
        let reason = request.realm.grant_store.revoke(grant, Revocation::TokenReuse).await?;
        if reason == Some(Revocation::TokenReuse) {
            return refuse(
                Row::Grant,
                "refresh_token was replaced by another one and must not be used again. Its reuse \
                 revoked the grant; the merchant must grant access again.",
            );
        }
    }

    refuse(Row::Grant, "refresh_token was replaced by another one and must not be used again.")
}

/// Refuses a request whose grant was revoked.
pub(super) fn revoked<T>(request: &TokenRequest<'_>, reason: Revocation) -> Result<T, Refusal> {
    request.recorder.credential(CredentialState::Revoked);

    if reason == Revocation::Merchant {
        return refuse(Row::Grant, "The merchant revoked the grant and must grant access again.");
    }

    refuse(Row::Grant, format!("The grant {reason}; the merchant must grant access again."))
}

/// Refuses a request that another one has overtaken.
pub(super) async fn conflicted<T>(
    request: &TokenRequest<'_>,
    grant: GrantId,
    conflict: Conflict,
) -> Result<T, Refusal> {
    match conflict {
        Conflict::AlreadyRedeemed(redeemed_for) => code_replayed(request, redeemed_for).await,
        Conflict::Unknown => refuse(Row::CodeOrToken, "code no longer exists."),
        Conflict::Revoked(reason) => revoked(request, reason),
        Conflict::Rotated(_) => token_replayed(request, grant).await,
        Conflict::Unavailable => Err(Unavailable.into()),
    }
}
