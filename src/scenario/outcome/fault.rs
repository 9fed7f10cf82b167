//! `fault`: a failure of the connection. `src/faults/` implements each of them in its own file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A failure of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// A TCP reset.
    ConnectionReset,
    /// The connection closes before the first byte of a response.
    EmptyResponse,
    /// No response, until the client gives up.
    Hang,
    /// The body ends before its `Content-Length`.
    TruncatedBody,
    /// Bytes that are not HTTP.
    Garbage,
    /// The body arrives one byte per `interval`.
    SlowBody,
}

impl Fault {
    /// Returns whether the client receives nothing of the response.
    pub(crate) fn has_no_body(self) -> bool {
        !matches!(self, Self::TruncatedBody | Self::SlowBody)
    }
}

/// Whether the request takes effect before an error, a literal response or a fault replaces its
/// response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Phase {
    /// The request does not take effect.
    #[default]
    Before,
    /// The request takes effect first; only its response is replaced.
    After,
}

impl Phase {
    pub(super) fn is_before(&self) -> bool {
        *self == Self::Before
    }
}
