//! Times as the control API writes and reads them: RFC 3339 in UTC.

use jiff::Timestamp;

/// Milliseconds since 1970 as RFC 3339.
pub(super) fn format(ms: i64) -> String {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX).to_string()
}

/// RFC 3339 as milliseconds since 1970.
pub(super) fn parse(text: &str) -> Result<i64, String> {
    text.parse::<Timestamp>().map(Timestamp::as_millisecond).map_err(|_| {
        format!(
            "\"{text}\" is not a time between 1970 and 9000 in RFC 3339, as 2026-11-23T12:00:00Z is"
        )
    })
}
