//! The merchant's consent: who decides, and which merchant may grant.

use super::authorize::{AuthorizeError, fail};
use crate::fixture::{AccountStatus, Consent, Merchant};
use crate::oauth::{ErrorCode, Form};
use crate::realm::Registry;

/// Returns who decides: the request's own `mock_consent`, or else the setting.
pub(crate) fn consent_mode(
    registry: &Registry,
    params: &Form<'_>,
) -> Result<Consent, AuthorizeError> {
    match params.get("mock_consent") {
        None => Ok(registry.settings.consent),
        Some("allow") => Ok(Consent::Allow),
        Some("deny") => Ok(Consent::Deny),
        Some("prompt") => Ok(Consent::Prompt),
        Some(_) => fail(ErrorCode::InvalidRequest, "mock_consent must be allow, deny or prompt."),
    }
}

/// Finds the merchant who decides: the one that the request names, or else the first in fixture
/// order who may grant, or else the first.
pub(crate) fn find_merchant<'r>(
    registry: &'r Registry,
    id: Option<&str>,
) -> Result<&'r Merchant, AuthorizeError> {
    if let Some(id) = id {
        return registry.merchant(id).ok_or_else(|| {
            AuthorizeError::new(
                ErrorCode::InvalidRequest,
                "mock_merchant is not a merchant of the fixtures.",
            )
        });
    }

    let merchants = &registry.fixtures.merchants;
    merchants
        .iter()
        .find(|merchant| check_may_grant(merchant).is_ok())
        .or_else(|| merchants.first())
        .ok_or_else(|| {
            AuthorizeError::new(
                ErrorCode::AccessDenied,
                "The fixtures have no merchant who can grant access.",
            )
        })
}

/// Checks that this merchant's user may click Allow.
pub(crate) fn check_may_grant(merchant: &Merchant) -> Result<(), AuthorizeError> {
    if merchant.status == AccountStatus::Inactive {
        return fail(ErrorCode::MerchantNotActive, "The merchant's account is inactive.");
    }
    if !merchant.can_grant {
        return fail(
            ErrorCode::AccessDenied,
            "This merchant's user does not have the privilege to grant access.",
        );
    }

    Ok(())
}
