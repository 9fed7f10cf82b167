//! What happens when a code or a replaced refresh token is presented again, be it later or by a
//! request that lost a race.

use super::TokenRequest;
use crate::fixture::{CodeReplay, ReuseDetection};
use crate::oauth::{Refusal, Row};
use crate::realm::Conflict;
use crate::token::GrantId;

/// A code that was exchanged already, for this grant.
pub(super) async fn code_replayed(request: &TokenRequest<'_>, grant: GrantId) -> Refusal {
    if request.registry.settings.code_replay == CodeReplay::Revoke {
        request.realm.grant_store().revoke(grant).await;
        return Refusal::new(
            Row::CodeOrToken,
            "code was used already. Using it again revoked the grant that it made.",
        );
    }
    Refusal::new(Row::CodeOrToken, "code was used already; a code can be exchanged once.")
}

/// A refresh token of this grant that another has replaced.
pub(super) async fn token_replayed(request: &TokenRequest<'_>, grant: GrantId) -> Refusal {
    if request.registry.settings.reuse_detection == ReuseDetection::RevokeGrant {
        request.realm.grant_store().revoke(grant).await;
        return Refusal::new(
            Row::Grant,
            "refresh_token was replaced by another one and must not be used again. Its reuse \
             revoked the grant; the merchant must grant again.",
        );
    }
    Refusal::new(
        Row::Grant,
        "refresh_token was replaced by another one and must not be used again.",
    )
}

/// The grant was revoked.
pub(super) fn revoked() -> Refusal {
    Refusal::new(Row::Grant, "The merchant revoked the permissions; they must grant again.")
}

/// What another request, that was faster, leaves of this one.
pub(super) async fn lost(request: &TokenRequest<'_>, grant: GrantId, lost: Conflict) -> Refusal {
    match lost {
        Conflict::AlreadyRedeemed(made) => code_replayed(request, made).await,
        Conflict::Unknown => Refusal::new(Row::CodeOrToken, "code is not known any more."),
        Conflict::Revoked => revoked(),
        Conflict::Rotated(_) => token_replayed(request, grant).await,
    }
}
