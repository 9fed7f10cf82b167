//! `fault`: what goes wrong on the wire. How, is in `src/faults/`, a file each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What goes wrong on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A TCP reset.
    ConnectionReset,
    /// The connection closes without a byte.
    EmptyResponse,
    /// Silence, until the client gives up.
    Hang,
    /// The body ends short of its Content-Length.
    TruncatedBody,
    /// Bytes that are not HTTP.
    Garbage,
    /// The body comes at one byte per interval.
    SlowBody,
}

impl Fault {
    /// Whether nothing of an answer arrives.
    pub(crate) fn has_no_body(self) -> bool {
        !matches!(self, Self::TruncatedBody | Self::SlowBody)
    }
}

/// When the request takes effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Never: what the scenario asks for comes before it.
    #[default]
    Before,
    /// First; the client gets what the scenario asks for instead of the answer.
    After,
}

impl Phase {
    pub(super) fn is_before(&self) -> bool {
        *self == Self::Before
    }
}
