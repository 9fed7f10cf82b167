//! The claims of a token, member for member in the order of the documentation's samples (source
//! S).

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use serde_json::{Map, Value};

/// The `token_type` claim of a refresh token; an access token has none.
pub(crate) const REFRESH_TOKEN_TYPE: &str = "refresh_token";

/// The claims that every token has, so `extra_claims` cannot set them.
pub(crate) const RESERVED: [&str; 10] = [
    "jti",
    "scopes",
    "iat",
    "associated_id",
    "client_id",
    "merchant_id",
    "expires_in",
    "token_type",
    "grant_type",
    "grant_time",
];

/// The claims of an access or refresh token. The order of the members is the order on the wire.
#[derive(Serialize)]
pub(crate) struct Claims<'a> {
    pub(crate) jti: &'a str,
    pub(crate) scopes: &'a [String],
    /// Milliseconds since 1970, unlike RFC 7519's seconds.
    pub(crate) iat: i64,
    pub(crate) associated_id: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) merchant_id: &'a str,
    /// When the token expires: milliseconds since 1970, despite its name.
    pub(crate) expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_type: Option<&'static str>,
    /// The grant type that made the grant, not that of the request for this token.
    pub(crate) grant_type: &'static str,
    pub(crate) grant_time: &'a str,
    #[serde(flatten)]
    pub(crate) extra: &'a Map<String, Value>,
}

/// Formats a time in milliseconds since 1970 as `YYYYMMDDHHmm` in a zone: the claim `grant_time`.
pub(crate) fn grant_time(at_ms: i64, zone: &TimeZone) -> String {
    let at = zone.to_datetime(Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::MAX));
    format!("{:04}{:02}{:02}{:02}{:02}", at.year(), at.month(), at.day(), at.hour(), at.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grant_time_is_the_wall_clock_of_the_zone_on_both_sides_of_a_clock_change() {
        let zone = TimeZone::get("America/Los_Angeles").unwrap();
        let table = [
            ("2021-04-27T10:18:56Z", "202104270318"),
            ("2026-03-08T09:59:59Z", "202603080159"),
            ("2026-03-08T10:00:00Z", "202603080300"),
            ("2026-11-01T08:30:00Z", "202611010130"),
            ("2026-11-01T09:30:00Z", "202611010130"),
        ];
        for (instant, expected) in table {
            let at: Timestamp = instant.parse().unwrap();
            assert_eq!(grant_time(at.as_millisecond(), &zone), expected, "{instant}");
        }
    }
}
