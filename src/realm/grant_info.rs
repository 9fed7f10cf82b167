//! A realm's grants, as users see and revoke them.

use std::time::SystemTime;

use schemars::JsonSchema;
use serde::Serialize;

use super::Realm;
use crate::clock::from_ms;
use crate::store::{Grant, Revocation, Unavailable};
use crate::token::GrantId;
use crate::units::rfc3339;

/// A merchant's consent to a client's access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct GrantInfo {
    /// The identifier of the grant: ten hex digits.
    pub id: String,
    /// The ID of the client to which access was granted.
    pub client_id: String,
    /// The ID of the merchant who granted it.
    pub merchant_id: String,
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// The time of the grant by the realm's clock.
    #[serde(serialize_with = "rfc3339::serialize")]
    #[schemars(with = "String", description = "The time of the grant, in RFC 3339.")]
    pub granted_at: SystemTime,
    /// Whether the grant was revoked: by the merchant, by the client, or by the server because a code
    /// or refresh token was used again.
    pub revoked: bool,
}

impl From<&Grant> for GrantInfo {
    fn from(grant: &Grant) -> Self {
        Self {
            id: grant.id.to_string(),
            client_id: grant.client_id.to_string(),
            merchant_id: grant.merchant_id.to_string(),
            scopes: grant.scopes.to_vec(),
            granted_at: from_ms(grant.granted_at_ms),
            revoked: grant.revoked.is_some(),
        }
    }
}

impl Realm {
    /// Returns the grants, the oldest first.
    pub(crate) async fn grants(&self) -> Result<Vec<GrantInfo>, Unavailable> {
        let grants = self.grant_store.grants(self.clock.now_ms()).await?;
        Ok(grants.iter().map(GrantInfo::from).collect())
    }

    /// Revokes a grant on behalf of its merchant. Returns whether there is such a grant.
    pub(crate) async fn revoke_grant(&self, id: &str) -> Result<bool, Unavailable> {
        let Some(id) = GrantId::parse(id) else { return Ok(false) };
        let revoked = self.grant_store.revoke(id, Revocation::Merchant).await?;
        Ok(revoked.is_some())
    }
}
