//! The response to a successful token request.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The body of a successful token response. The members are in the order of the vendor's
/// sample.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct TokenResponse {
    /// The access token, a JWT.
    pub access_token: String,
    /// Always `bearer`.
    pub token_type: String,
    /// The refresh token: a JWT or, for a refresh under `refresh_policy: reuse`, the token that was
    /// sent.
    pub refresh_token: String,
    /// The remaining lifetime of the access token, in whole seconds.
    pub expires_in: i64,
    /// The client's `response_scope`, or the granted scopes joined by spaces.
    pub scope: String,
    /// The remaining lifetime of the refresh token, in whole seconds.
    pub refresh_token_expires_in: i64,
    /// Always `active`: no other client gets tokens.
    pub client_status: String,
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("access_token", &"***")
            .field("token_type", &self.token_type)
            .field("refresh_token", &"***")
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .field("refresh_token_expires_in", &self.refresh_token_expires_in)
            .field("client_status", &self.client_status)
            .finish()
    }
}
