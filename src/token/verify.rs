//! Verifies the signature of a token and reads its claims.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::SigningKey;
use super::claims::REFRESH_TOKEN_TYPE;

/// The claims of a token that this server signed.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct VerifiedClaims {
    pub(crate) jti: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) client_id: String,
    pub(crate) merchant_id: String,
    /// Milliseconds since 1970.
    pub(crate) iat: i64,
    /// When it expires, in milliseconds since 1970.
    pub(crate) expires_in: i64,
    token_type: Option<String>,
    pub(crate) grant_time: String,
}

/// Why a token is not one of this server's. Displayed, it completes a sentence that begins with "The
/// token".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// The token is not three segments of base64url with JSON in them.
    #[error("is malformed: it is not a JWT")]
    Malformed,
    /// The header names another algorithm than RS256.
    #[error("is not signed with RS256")]
    Algorithm,
    /// The token was signed by another key, or has been changed.
    #[error("has an invalid signature")]
    Signature,
    /// The token was signed by this server's key, but lacks the claims of its tokens.
    #[error("lacks claims that every token of this server has")]
    Claims,
}

impl VerifiedClaims {
    /// Verifies the signature and reads the claims. The caller checks the expiry: these claims are
    /// not RFC 7519's.
    pub(crate) fn verify(token: &str, key: &SigningKey) -> Result<Self, TokenError> {
        let (message, _) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
        if !is_rs256(header, key)? {
            return Err(TokenError::Algorithm);
        }

        if !key.verifies(token) {
            // A token that was changed still has claims. Anything else is no token.
            return Err(
                decode_object(payload).map_or(TokenError::Malformed, |_| TokenError::Signature)
            );
        }
        read_verified(payload).ok_or(TokenError::Claims)
    }

    pub(crate) fn is_refresh_token(&self) -> bool {
        self.token_type.as_deref() == Some(REFRESH_TOKEN_TYPE)
    }
}

/// Whether the header of a token names the algorithm RS256.
fn is_rs256(header: &str, key: &SigningKey) -> Result<bool, TokenError> {
    // That of almost every token, which needs no reading.
    if key.header.strip_suffix('.') == Some(header) {
        return Ok(true);
    }

    let header = decode_object(header).ok_or(TokenError::Malformed)?;
    Ok(header["alg"] == "RS256")
}

/// Reads the claims of a token whose signature is verified.
fn read_verified(payload: &str) -> Option<VerifiedClaims> {
    let json = URL_SAFE_NO_PAD.decode(payload).ok()?;
    if json.starts_with(b"{")
        && let Ok(claims) = serde_json::from_slice(&json)
    {
        return Some(claims);
    }

    // Of members with the same name, the last one counts.
    serde_json::from_value(decode_object(payload)?).ok()
}

/// What identifies a token, and its times. A scenario may have altered them.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ReadClaims {
    pub(crate) jti: String,
    /// The time of issue, in milliseconds since 1970.
    #[serde(rename = "iat", default, deserialize_with = "integer_if_any")]
    pub(crate) issued_at_ms: Option<i64>,
    /// The expiry, in milliseconds since 1970.
    #[serde(rename = "expires_in", default, deserialize_with = "integer_if_any")]
    pub(crate) expires_at_ms: Option<i64>,
}

fn integer_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_i64())
}

/// Reads claims of a token without verifying its signature.
pub(crate) fn read_claims(token: &str) -> Option<ReadClaims> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// Decodes a segment of a token: base64url of a JSON object.
pub(super) fn decode_object(segment: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(segment).ok()?;
    serde_json::from_slice(&bytes).ok().filter(Value::is_object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims() -> Value {
        json!({
            "jti": "x", "scopes": ["users"], "iat": 1, "client_id": "c", "merchant_id": "m",
            "expires_in": 2, "token_type": "refresh_token", "grant_time": "202104270318",
        })
    }

    #[test]
    fn a_token_of_this_key_is_verified() {
        let key = SigningKey::development();
        let token = key.sign(&claims()).unwrap();
        let read = VerifiedClaims::verify(&token, &key).unwrap();
        assert_eq!((read.client_id.as_str(), read.expires_in), ("c", 2));
        assert!(read.is_refresh_token());
    }

    #[test]
    fn every_other_token_is_refused_with_the_reason() {
        let key = SigningKey::development();
        let token = key.sign(&claims()).unwrap();
        let (head, signature) = token.rsplit_once('.').unwrap();
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let hs256 = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
        let payload = URL_SAFE_NO_PAD.encode("{}");
        let other = SigningKey::generate().unwrap();
        let table = [
            (String::new(), TokenError::Malformed),
            ("a.b.c".into(), TokenError::Malformed),
            (head.to_owned(), TokenError::Malformed),
            (format!("{token}.{token}"), TokenError::Malformed),
            (format!("{head}.AAAA"), TokenError::Signature),
            (format!("{head}A.{signature}"), TokenError::Malformed),
            (other.sign(&claims()).unwrap(), TokenError::Signature),
            (format!("{none}.{payload}."), TokenError::Algorithm),
            (format!("{hs256}.{payload}.{signature}"), TokenError::Algorithm),
            (key.sign(&json!({})).unwrap(), TokenError::Claims),
        ];
        for (token, expected) in table {
            assert_eq!(VerifiedClaims::verify(&token, &key).err(), Some(expected), "{token}");
        }
    }
}
