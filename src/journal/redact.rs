//! What the journal may keep of a request: nothing secret, and little of anything.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};

use super::RecordedParam;
use crate::oauth::form::{is_known, is_name};

/// ParamPolicy whose values are secret.
const SECRET: [&str; 4] = ["client_secret", "code_verifier", "client_assertion", "password"];
/// ParamPolicy whose values are codes or tokens.
const TOKENS: [&str; 4] = ["code", "refresh_token", "token", "access_token"];
/// How many parameters of a request are kept.
const MOST: usize = 32;
/// How many bytes of one text are kept.
pub(super) const LONGEST: usize = 256;
/// How many bytes of all values together.
const ALL: usize = 2048;

/// The first 12 hex digits of the SHA-256 of a code or token.
pub(crate) fn fingerprint(token: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let hash = digest(&SHA256, token.as_bytes());
    let nibbles = hash.as_ref().iter().take(6).flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

/// The start of a text, if it is long.
pub(super) fn truncate(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let mut end = LONGEST;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}...", &text[..end])
}

/// ParamPolicy as they may be kept. `open`: those that the server does not know are none of a
/// token request's, and may be shown.
pub(super) fn parameters<'p>(
    sent: impl Iterator<Item = (&'p str, &'p str)>,
    open: bool,
) -> BTreeMap<String, RecordedParam> {
    let mut kept = BTreeMap::new();
    let mut left = ALL;
    for (i, (name, value)) in sent.enumerate().take(MOST) {
        let shown = value_shown(name, value, open);
        let length = match &shown {
            RecordedParam::Text(text) => text.len(),
            RecordedParam::Fingerprint { fingerprint } => fingerprint.len(),
        };
        let Some(rest) = left.checked_sub(length) else { break };
        left = rest;
        // Of a parameter that occurs twice the first is kept; the row tells the rest.
        let name = if open { truncate(name) } else { name_shown(name, i + 1) };
        kept.entry(name).or_insert(shown);
    }
    kept
}

fn value_shown(name: &str, value: &str, open: bool) -> RecordedParam {
    if TOKENS.contains(&name) && !value.is_empty() {
        return RecordedParam::Fingerprint { fingerprint: fingerprint(value) };
    }
    if value.is_empty() || (!SECRET.contains(&name) && (open || is_known(name))) {
        return RecordedParam::Text(truncate(value));
    }
    RecordedParam::Text("***".to_owned())
}

/// A parameter's name, unless it could be a secret in the wrong place.
pub(super) fn name_shown(name: &str, number: usize) -> String {
    if is_name(name) { name.to_owned() } else { format!("parameter {number}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(sent: &[(&str, &str)], open: bool) -> String {
        serde_json::to_string(&parameters(sent.iter().copied(), open)).unwrap()
    }

    #[test]
    fn a_fingerprint_is_the_start_of_the_sha_256() {
        // printf eyJraK | sha256sum
        assert_eq!(fingerprint("eyJraK"), "d33da05d966d");
    }

    #[test]
    fn secrets_are_masked_and_tokens_are_fingerprints() {
        let fingerprint = fingerprint("eyJraK");
        assert_eq!(
            kept(&[("client_id", "a"), ("client_secret", "s3"), ("code", "eyJraK")], false),
            format!(
                r#"{{"client_id":"a","client_secret":"***","code":{{"fingerprint":"{fingerprint}"}}}}"#
            )
        );
        assert_eq!(
            kept(&[("code", ""), ("client_secret", "")], false),
            r#"{"client_secret":"","code":""}"#
        );
    }

    #[test]
    fn names_that_could_be_secrets_are_not_shown() {
        assert_eq!(
            kept(&[("s3cr3tValue", ""), ("audience", "x"), ("grantType", "y")], false),
            r#"{"audience":"***","grantType":"***","parameter 1":""}"#
        );
        assert_eq!(
            kept(&[("Page", "2"), ("access_token", "")], true),
            r#"{"Page":"2","access_token":""}"#
        );
    }

    #[test]
    fn little_is_kept_of_much() {
        let long = "é".repeat(5_000);
        let many: Vec<(String, &str)> = (0..1_000).map(|i| (format!("p{i}"), &*long)).collect();
        let kept = parameters(many.iter().map(|(name, value)| (&**name, *value)), true);
        assert!(kept.len() < 10, "{}", kept.len());
    }
}
