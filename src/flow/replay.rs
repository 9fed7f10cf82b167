//! A code or a replaced refresh token that is presented again, later or by a concurrent request.

use super::TokenRequest;
use crate::fixture::{CodeReplay, ReuseDetection};
use crate::journal::CredentialState;
use crate::oauth::{Refusal, Row};
use crate::store::{Conflict, Revocation, Unavailable};
use crate::token::GrantId;

/// Refuses a code that was exchanged already, for this grant.
pub(super) async fn code_replayed(request: &TokenRequest<'_>, grant: GrantId) -> Refusal {
    request.recorder.credential(CredentialState::CodeReplayed);
    request.recorder.grant(grant);

    if request.registry.settings.code_replay == CodeReplay::Revoke {
        let reason = match request.realm.grant_store.revoke(grant, Revocation::CodeReplay).await {
            Ok(reason) => reason,
            Err(unavailable) => return unavailable.into(),
        };
        if reason == Some(Revocation::CodeReplay) {
            return Refusal::new(
                Row::CodeOrToken,
                "code was already used. Using it again revoked its grant.",
            );
        }
    }

    Refusal::new(Row::CodeOrToken, "code was already used; a code can be exchanged once.")
}

/// Refuses a refresh token of this grant that another token has replaced.
pub(super) async fn token_replayed(request: &TokenRequest<'_>, grant: GrantId) -> Refusal {
    request.recorder.credential(CredentialState::Replaced);

    if request.registry.settings.reuse_detection == ReuseDetection::RevokeGrant {
        let reason = match request.realm.grant_store.revoke(grant, Revocation::TokenReuse).await {
            Ok(reason) => reason,
            Err(unavailable) => return unavailable.into(),
        };
        if reason == Some(Revocation::TokenReuse) {
            return Refusal::new(
                Row::Grant,
                "refresh_token was replaced by another one and must not be used again. Its reuse \
                 revoked the grant; the merchant must grant access again.",
            );
        }
    }

    Refusal::new(
        Row::Grant,
        "refresh_token was replaced by another one and must not be used again.",
    )
}

/// Refuses a request whose grant was revoked.
pub(super) fn revoked(request: &TokenRequest<'_>, reason: Revocation) -> Refusal {
    request.recorder.credential(CredentialState::Revoked);

    if reason == Revocation::Merchant {
        let text = "The merchant revoked the grant and must grant access again.";
        return Refusal::new(Row::Grant, text);
    }

    Refusal::new(Row::Grant, format!("The grant {reason}; the merchant must grant access again."))
}

/// Refuses a request that another one has overtaken.
pub(super) async fn conflicted(
    request: &TokenRequest<'_>,
    grant: GrantId,
    conflict: Conflict,
) -> Refusal {
    match conflict {
        Conflict::AlreadyRedeemed(redeemed_for) => code_replayed(request, redeemed_for).await,
        Conflict::Unknown => Refusal::new(Row::CodeOrToken, "code no longer exists."),
        Conflict::Revoked(reason) => revoked(request, reason),
        Conflict::Rotated(_) => token_replayed(request, grant).await,
        Conflict::Unavailable => Unavailable.into(),
    }
}
