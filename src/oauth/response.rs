//! The answer to a token request that succeeds.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The body of a successful token answer; the members stand in the order of the page's sample.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenResponse {
    /// A JWT that opens the API for the access token's lifetime.
    pub access_token: String,
    /// Always `bearer`.
    pub token_type: String,
    /// A JWT (or, for a refresh under `reuse`, the token that was sent).
    pub refresh_token: String,
    /// Whole seconds that the access token has left.
    pub expires_in: i64,
    /// The client's `response_scope`, or the granted scopes joined by spaces.
    pub scope: String,
    /// Whole seconds that the refresh token has left.
    pub refresh_token_expires_in: i64,
    /// Always `active`: no other client gets this far.
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
