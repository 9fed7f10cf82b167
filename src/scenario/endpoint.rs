//! The endpoints that a scenario can match.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The endpoint of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Endpoint {
    /// The token endpoint, by either of its paths.
    #[default]
    Token,
    /// The authorize endpoint, by either of its paths.
    Authorize,
    /// Any API resource.
    Resource,
    /// The introspection endpoint.
    Introspect,
    /// The revocation endpoint.
    Revoke,
    /// The JWKS document with the public keys.
    Jwks,
    /// The metadata document of RFC 8414.
    Metadata,
    /// Any of these endpoints.
    Any,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
