//! Decodes a token: its claims with readable times, and whether it is valid.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::verify::{TokenError, decode_object};
use super::{SigningKey, VerifiedClaims};

/// The content of a token, and whether it is valid.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Inspection {
    /// The type: `access_token` or `refresh_token` if the claims are readable, or
    /// `authorization_code`, if a realm knows the code.
    #[serde(rename = "type")]
    #[schemars(with = "Option<String>")]
    pub token_type: Option<&'static str>,
    /// Whether the token is valid now. Without a realm, only the token itself is checked: a revoked
    /// grant is not detected.
    pub valid: bool,
    /// Why the token is not valid, or how long it remains valid.
    pub reason: String,
    /// The header, if it is readable.
    pub header: Option<Value>,
    /// The claims, if they are readable.
    pub claims: Option<Value>,
    /// The claims that are times, as RFC 3339 in UTC.
    pub times: Map<String, Value>,
}

/// Decodes a token and verifies it with a key, at a time in milliseconds since 1970.
///
/// ```
/// use smartpay_oauth_mock::{SigningKey, inspect};
///
/// let inspection = inspect("no token", &SigningKey::development(), 0);
/// assert!(!inspection.valid);
/// assert_eq!(inspection.reason, "The token is malformed: it is not a JWT.");
/// ```
pub fn inspect(token: &str, key: &SigningKey, now_ms: i64) -> Inspection {
    let token = token.trim();
    let mut segments = token.split('.').map(decode_object);
    let (header, claims) = (segments.next().flatten(), segments.next().flatten());

    let verified = VerifiedClaims::verify(token, key);
    let (valid, reason) = match &verified {
        Err(error) => (false, format!("The token {error}.")),
        Ok(claims) => check_lifetime(claims.iat, claims.expires_in, now_ms),
    };

    let has_type = matches!(verified, Ok(_) | Err(TokenError::Signature));
    let token_type = claims.as_ref().filter(|_| has_type).map(token_type);
    let times = claims.as_ref().map(readable_times).unwrap_or_default();
    Inspection { token_type, valid, reason, header, claims, times }
}

fn token_type(claims: &Value) -> &'static str {
    if claims["token_type"] == "refresh_token" { "refresh_token" } else { "access_token" }
}

/// Returns whether a token has not expired, and for how long. All times are in milliseconds since 1970.
pub(crate) fn check_lifetime(issued_at_ms: i64, expires_at_ms: i64, now_ms: i64) -> (bool, String) {
    let remaining_ms = expires_at_ms.saturating_sub(now_ms);

    if now_ms < issued_at_ms {
        let text = format!(
            "It is valid, but was issued {} in the future: the clocks differ.",
            two_units(issued_at_ms.saturating_sub(now_ms))
        );
        return (true, text);
    }
    if remaining_ms > 0 {
        return (true, format!("It is valid for another {}.", two_units(remaining_ms)));
    }

    (false, format!("It expired {} ago.", two_units(remaining_ms.saturating_neg())))
}

/// Formats a duration in its two largest units.
fn two_units(ms: i64) -> String {
    let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    let mut rest = ms;
    let mut parts = Vec::new();

    for (unit, size) in units {
        if rest >= size && parts.len() < 2 {
            parts.push(format!("{}{unit}", rest / size));
            rest %= size;
        }
    }

    if parts.is_empty() { "0ms".to_owned() } else { parts.join(" ") }
}

/// Returns the claims that are times, readable.
pub(crate) fn readable_times(claims: &Value) -> Map<String, Value> {
    ["iat", "expires_in"]
        .into_iter()
        .filter_map(|name| {
            let time = Timestamp::from_millisecond(claims[name].as_i64()?).ok()?;
            Some((name.to_owned(), Value::from(time.to_string())))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_reason_says_how_long_a_token_is_valid_or_has_been_expired() {
        let key = SigningKey::development();
        let token = key
            .sign(&json!({
                "jti": "x", "scopes": [], "iat": 1_619_518_736_895_i64, "client_id": "c",
                "merchant_id": "m", "expires_in": 1_619_519_636_895_i64, "grant_time": "",
            }))
            .unwrap();
        let good = inspect(&format!(" {token}\n"), &key, 1_619_518_736_895);
        assert_eq!((good.valid, good.reason.as_str()), (true, "It is valid for another 15m."));
        assert_eq!(good.token_type, Some("access_token"));
        assert_eq!(good.times["iat"], "2021-04-27T10:18:56.895Z");
        let expired = inspect(&token, &key, 1_619_519_636_895 + 90_061_000);
        assert_eq!((expired.valid, expired.reason.as_str()), (false, "It expired 1d 1h ago."));
        let foreign = inspect(&token, &SigningKey::generate().unwrap(), 0);
        assert!(foreign.reason.contains("signature") && foreign.claims.is_some());
    }
}
