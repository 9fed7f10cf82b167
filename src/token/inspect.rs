//! What a token says, for people: its claims with readable times, and whether it is good now.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::verify::{TokenError, object};
use super::{SigningKey, VerifiedClaims};

/// A token taken apart.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Inspection {
    /// `access_token` or `refresh_token`, if its claims are readable.
    #[serde(rename = "type")]
    #[schemars(with = "Option<String>")]
    pub token_type: Option<&'static str>,
    /// Whether it is good now, as far as the token itself tells: a revoked grant does not show.
    pub valid: bool,
    /// Why it is not good, or how long it still is.
    pub reason: String,
    /// The header, as far as it is readable.
    pub header: Option<Value>,
    /// The claims, as far as they are readable.
    pub claims: Option<Value>,
    /// The claims that are times, in RFC 3339 and UTC.
    pub times: Map<String, Value>,
}

/// Takes a token apart and verifies it with a key, at a time in milliseconds since 1970.
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
    let mut parts = token.split('.').map(object);
    let (header, claims) = (parts.next().flatten(), parts.next().flatten());
    let verified = VerifiedClaims::verify(token, key);
    let (valid, reason) = match &verified {
        Err(why) => (false, format!("The token {}.", why)),
        Ok(claims) => lifetime(claims, now_ms),
    };
    let readable = verified.is_ok() || verified.is_err_and(|why| why == TokenError::Signature);
    let times = claims.as_ref().map(times).unwrap_or_default();
    Inspection {
        token_type: claims.as_ref().filter(|_| readable).map(|claims| {
            if claims["token_type"] == "refresh_token" { "refresh_token" } else { "access_token" }
        }),
        valid,
        reason,
        header,
        claims,
        times,
    }
}

fn lifetime(claims: &VerifiedClaims, now_ms: i64) -> (bool, String) {
    let left = claims.expires_in.saturating_sub(now_ms);
    if now_ms < claims.iat {
        let text = format!(
            "It is good, but issued {} from now: the clocks differ.",
            spoken(claims.iat - now_ms)
        );
        return (true, text);
    }
    if left > 0 {
        return (true, format!("It is good for another {}.", spoken(left)));
    }
    (false, format!("It expired {} ago.", spoken(left.saturating_neg())))
}

/// A length of time in its two largest units.
fn spoken(ms: i64) -> String {
    let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    let mut rest = ms;
    let mut words = Vec::new();
    for (unit, size) in units {
        if rest >= size && words.len() < 2 {
            words.push(format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if words.is_empty() { "0ms".to_owned() } else { words.join(" ") }
}

fn times(claims: &Value) -> Map<String, Value> {
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
    fn a_good_token_says_how_long_and_an_expired_one_since_when() {
        let key = SigningKey::development();
        let token = key
            .sign(&json!({
                "jti": "x", "scopes": [], "iat": 1_619_518_736_895_i64, "client_id": "c",
                "merchant_id": "m", "expires_in": 1_619_519_636_895_i64, "grant_time": "",
            }))
            .unwrap();
        let good = inspect(&format!(" {token}\n"), &key, 1_619_518_736_895);
        assert_eq!((good.valid, good.reason.as_str()), (true, "It is good for another 15m."));
        assert_eq!(good.token_type, Some("access_token"));
        assert_eq!(good.times["iat"], "2021-04-27T10:18:56.895Z");
        let expired = inspect(&token, &key, 1_619_519_636_895 + 90_061_000);
        assert_eq!((expired.valid, expired.reason.as_str()), (false, "It expired 1d 1h ago."));
        let foreign = inspect(&token, &SigningKey::generate().unwrap(), 0);
        assert!(foreign.reason.contains("signature") && foreign.claims.is_some());
    }
}
