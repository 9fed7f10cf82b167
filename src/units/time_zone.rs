//! A time zone by its IANA name.

use std::borrow::Cow;
use std::fmt;

use jiff::tz::TimeZone;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The zone of the vendor's own clocks (source S).
const DEFAULT: &str = "America/Los_Angeles";

/// A time zone from the table that is compiled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZoneName(TimeZone);

impl TimeZoneName {
    /// Looks a zone up by its IANA name, such as `Europe/London`.
    pub fn named(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().map(Self)
    }

    /// The zone's IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    pub(crate) fn time_zone(&self) -> &TimeZone {
        &self.0
    }
}

impl Default for TimeZoneName {
    fn default() -> Self {
        Self::named(DEFAULT).unwrap_or(Self(TimeZone::UTC))
    }
}

impl fmt::Display for TimeZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for TimeZoneName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for TimeZoneName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| {
            de::Error::custom(format!(
                "\"{name}\" is not a time zone; an IANA name such as {DEFAULT} or Etc/UTC is \
                 expected"
            ))
        })
    }
}

impl JsonSchema for TimeZoneName {
    fn schema_name() -> Cow<'static, str> {
        "TimeZoneName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A time zone by its IANA name.",
            "examples": [DEFAULT, "Europe/London", "Etc/UTC"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_go_by_their_names() {
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
