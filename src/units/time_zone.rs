//! A time zone, by its IANA name.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::deserialize_text;

/// The time zone of the vendor's servers (source S).
const DEFAULT: &str = "America/Los_Angeles";

/// A time zone by its IANA name, such as `Europe/London`. The default is `America/Los_Angeles`.
///
/// The time zone database is compiled in.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(
    with = "String",
    description = "A time zone by its IANA name, such as Europe/London.",
    extend("examples" = [DEFAULT, "Europe/London", "Etc/UTC"]),
)]
pub struct TimeZoneName(TimeZone);

/// The error when there is no time zone of a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a time zone; expected an IANA name such as {DEFAULT} or Etc/UTC")]
pub struct TimeZoneNameError(String);

impl TimeZoneName {
    /// Returns the IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    pub(crate) fn time_zone(&self) -> &TimeZone {
        &self.0
    }
}

impl FromStr for TimeZoneName {
    type Err = TimeZoneNameError;

    fn from_str(name: &str) -> Result<Self, TimeZoneNameError> {
        TimeZone::get(name).map(Self).map_err(|_| TimeZoneNameError(name.to_owned()))
    }
}

impl Default for TimeZoneName {
    fn default() -> Self {
        DEFAULT.parse().unwrap_or(Self(TimeZone::UTC))
    }
}

impl fmt::Display for TimeZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for TimeZoneName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeZoneName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_text(deserializer, "an IANA time zone name such as Etc/UTC")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_zones_are_found_by_name() {
        assert_eq!(TimeZoneName::default().name(), DEFAULT);
        assert_eq!(
            serde_json::from_str::<TimeZoneName>("\"Europe/London\"").unwrap().name(),
            "Europe/London"
        );

        let error =
            serde_json::from_str::<TimeZoneName>("\"Mars/Olympus\"").unwrap_err().to_string();
        assert!(error.contains("IANA name"), "{error}");
    }
}
