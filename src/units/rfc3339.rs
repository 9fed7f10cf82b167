//! Times as users read and write them: RFC 3339 in UTC.

use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serializer, de};

/// Parses a time from RFC 3339.
pub(crate) fn parse(text: &str) -> Result<SystemTime, String> {
    text.parse::<Timestamp>().and_then(SystemTime::try_from).map_err(|_| {
        format!(
            "\"{text}\" is not a time between 1970 and 9000 in RFC 3339 format, such as 2026-11-23T12:00:00Z"
        )
    })
}

/// Serializes a time as RFC 3339, for `#[serde(serialize_with)]`.
pub(crate) fn serialize<S: Serializer>(
    time: &SystemTime,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Timestamp::try_from(*time).unwrap_or(Timestamp::MAX))
}

/// Deserializes a time from RFC 3339, for `#[serde(deserialize_with)]`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<SystemTime, D::Error> {
    parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}

/// Serializes an optional time, for `#[serde(serialize_with)]`.
pub(crate) fn serialize_option<S: Serializer>(
    time: &Option<SystemTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serialize(time, serializer),
        None => serializer.serialize_none(),
    }
}
