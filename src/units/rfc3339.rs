//! Times as users read and write them: RFC 3339 in UTC.

use std::time::SystemTime;

use jiff::Timestamp;
use serde::Serializer;

/// Formats milliseconds since 1970 as RFC 3339.
pub(crate) fn format(ms: i64) -> String {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX).to_string()
}

/// Parses RFC 3339 as milliseconds since 1970.
pub(crate) fn parse(text: &str) -> Result<i64, String> {
    text.parse::<Timestamp>().map(Timestamp::as_millisecond).map_err(|_| {
        format!(
            "\"{text}\" is not a time between 1970 and 9000 in RFC 3339, as 2026-11-23T12:00:00Z is"
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
