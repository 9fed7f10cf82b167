//! Random authorization codes, in the forms that clients must be able to store and send.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::RngExt;
use rand::distr::Alphanumeric;
use serde_json::json;

use crate::fixture::CodeForm;

/// The length of an opaque code: about 250 bits, and short enough for any client.
const OPAQUE_LENGTH: usize = 43;
/// The length of the random text in a code that looks like a token. It makes the code some 900
/// characters long.
const JWT_TEXT_LENGTH: usize = 340;
/// The length of an RSA-2048 signature, in bytes.
const SIGNATURE_LENGTH: usize = 256;

/// Makes a random code.
pub(super) fn random_code(form: CodeForm) -> String {
    match form {
        CodeForm::Opaque => random_text(OPAQUE_LENGTH),
        CodeForm::Jwt => jwt_like_code(),
    }
}

/// Makes a code of three segments, as the vendor's sample code begins like its tokens (source S).
/// Nothing in it has a meaning, and nobody can verify its signature.
fn jwt_like_code() -> String {
    let kid: u128 = rand::random();
    let header = json!({ "kid": format!("{kid:032x}"), "alg": "RS256" }).to_string();
    let payload = json!({ "code": random_text(JWT_TEXT_LENGTH) }).to_string();

    let mut signature = [0; SIGNATURE_LENGTH];
    rand::rng().fill(&mut signature);
    let segments = [header.as_bytes(), payload.as_bytes(), &signature];
    segments.map(|segment| URL_SAFE_NO_PAD.encode(segment)).join(".")
}

fn random_text(length: usize) -> String {
    rand::rng().sample_iter(Alphanumeric).take(length).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_looks_like_a_token_has_three_segments_and_some_900_characters() {
        let code = random_code(CodeForm::Jwt);
        assert!(code.starts_with("eyJraWQiOi"), "{code}");
        assert_eq!(code.split('.').count(), 3);
        assert!((850..950).contains(&code.len()), "{}", code.len());
        assert_ne!(code, random_code(CodeForm::Jwt));
    }
}
