//! HTTP Basic client credentials (RFC 6749, section 2.3.1), read under `dialect: rfc6749` only.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::form;

/// A client's ID and secret as they were sent, form-decoded.
pub(crate) struct ClientCredentials<'a> {
    pub(crate) client_id: Cow<'a, str>,
    pub(crate) client_secret: Cow<'a, str>,
}

/// Reads the value of an `Authorization` header. `None`: the scheme is not Basic. `Some(Err(()))`:
/// the scheme is Basic, but the credentials cannot be decoded.
pub(crate) fn read_basic(header: &[u8]) -> Option<Result<ClientCredentials<'static>, ()>> {
    let (scheme, rest) = header.split_at_checked(6)?;
    scheme.eq_ignore_ascii_case(b"basic ").then(|| decode(rest.trim_ascii()).ok_or(()))
}

fn decode(encoded: &[u8]) -> Option<ClientCredentials<'static>> {
    let decoded = STANDARD.decode(encoded).ok()?;
    let colon = decoded.iter().position(|&b| b == b':')?;
    Some(ClientCredentials {
        client_id: form::decode_component(&decoded[..colon]).ok()?.into_owned().into(),
        client_secret: form::decode_component(&decoded[colon + 1..]).ok()?.into_owned().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_form_decoded() {
        let header = format!("bAsIc {}", STANDARD.encode("a%2Bb:se+cr%3Aet"));
        let Some(Ok(read)) = read_basic(header.as_bytes()) else { panic!("not read") };
        assert_eq!((&*read.client_id, &*read.client_secret), ("a+b", "se cr:et"));
    }

    #[test]
    fn other_schemes_are_ignored_and_malformed_credentials_are_errors() {
        assert!(read_basic(b"Bearer x").is_none());
        assert!(read_basic(b"").is_none());
        for broken in [&b"Basic !"[..], b"Basic ", b"Basic YQ==", b"Basic Og%%"] {
            assert!(matches!(read_basic(broken), Some(Err(()))), "{broken:?}");
        }
    }
}
