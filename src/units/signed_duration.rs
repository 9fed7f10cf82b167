//! Durations that may be negative: `-1s`.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{HumanDuration, HumanDurationError, deserialize_text};

/// A duration that may be negative, in whole milliseconds.
///
/// The text form is that of a [`HumanDuration`], with a leading `-` if it is negative: `15m`,
/// `-1s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(
    with = "String",
    description = "A duration, such as 15m or 1h30m. A leading - makes it negative: -1s.",
    extend("pattern" = "^-?([0-9]+(w|d|h|m|s|ms))+$"),
)]
pub struct SignedDuration {
    ms: i64,
}

impl SignedDuration {
    /// Creates a duration from milliseconds.
    pub const fn from_ms(ms: i64) -> Self {
        Self { ms }
    }

    /// Returns the duration in milliseconds.
    pub const fn as_ms(self) -> i64 {
        self.ms
    }
}

impl FromStr for SignedDuration {
    type Err = HumanDurationError;

    fn from_str(text: &str) -> Result<Self, HumanDurationError> {
        let (sign, length) = text.strip_prefix('-').map_or((1, text), |length| (-1, length));
        let length: HumanDuration = length.parse()?;
        Ok(Self { ms: sign * length.as_ms() })
    }
}

impl fmt::Display for SignedDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.ms < 0 { "-" } else { "" };
        write!(f, "{sign}{}", HumanDuration::from_ms(self.ms.saturating_abs()))
    }
}

impl Serialize for SignedDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SignedDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_text(deserializer, "a duration such as 15m or -1s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_is_read_and_written_back() {
        for (text, ms) in [("-1s", -1_000), ("15m", 900_000), ("0s", 0)] {
            let duration: SignedDuration = text.parse().unwrap();
            assert_eq!((duration.as_ms(), duration.to_string().as_str()), (ms, text));
        }
        assert!("--1s".parse::<SignedDuration>().is_err());
    }
}
