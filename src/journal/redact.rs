//! Removes secrets from what the journal keeps of a request, and limits its size.

use std::borrow::Cow;

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{HeaderMap, HeaderName};

use super::{RecordedHeaders, RecordedParam, RecordedParams};
use crate::oauth::form::{is_known, is_name, known_name};

/// Parameters whose values are secret.
const SECRETS: [&str; 4] = ["client_secret", "code_verifier", "client_assertion", "password"];
/// Parameters whose values are codes or tokens.
const TOKENS: [&str; 4] = ["code", "refresh_token", "token", "access_token"];
/// The header names that carry credentials, and the parts by which others are recognized.
const CREDENTIAL_HEADERS: [&str; 4] =
    ["authorization", "proxy-authorization", "cookie", "signature"];
const CREDENTIAL_PARTS: [&str; 6] =
    ["secret", "token", "password", "credential", "api-key", "apikey"];
/// The length from which a secret is also found as a part of a header.
const MIN_FOUND_SECRET: usize = 8;
/// The maximum number of parameters that are kept of a request, and of headers.
const MAX_PARAMS: usize = 32;
/// The maximum number of bytes that are kept of a text.
const MAX_TEXT: usize = 256;
/// The maximum number of bytes that are kept of all parameters of a request, and of all headers, with
/// their names.
const MAX_KEPT: usize = 2048;

/// Which parameters may appear in the journal by name and value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParamPolicy {
    /// Only documented parameters: those of an OAuth request. These are the ones of its endpoint.
    Documented(&'static [&'static str]),
    /// Any parameters: those of a request to an API.
    AllowAny,
}

/// Returns the first 12 hexadecimal digits of the SHA-256 of a code or token.
pub(crate) fn fingerprint(token: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let hash = digest(&SHA256, token.as_bytes());
    let nibbles = hash.as_ref().iter().take(6).flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

/// Returns a text, shortened if it is long.
pub(super) fn truncate(text: &str) -> String {
    truncated(text).into_owned()
}

pub(super) fn truncated(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_TEXT {
        return text.into();
    }

    let mut end = MAX_TEXT;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}...", &text[..end]).into()
}

/// Returns the parameters as the journal may keep them.
pub(super) fn parameters<'p>(
    params: impl Iterator<Item = (&'p str, &'p str)> + Clone,
    policy: ParamPolicy,
) -> RecordedParams {
    let has_plain_challenge = has_plain_challenge(params.clone());
    let mut kept = RecordedParams::default();
    let mut left = MAX_KEPT;

    for (i, (name, value)) in params.enumerate().take(MAX_PARAMS) {
        let value = if is_masked(name, has_plain_challenge) && !value.is_empty() {
            RecordedParam::Text("***".to_owned())
        } else {
            parameter_value(name, value, policy)
        };
        let name = match policy {
            ParamPolicy::Documented(_) => parameter_name(name, i + 1),
            ParamPolicy::AllowAny => {
                known_name(name).map_or_else(|| truncate(name).into(), Cow::Borrowed)
            }
        };

        let length = name.len() + value.as_str().len();
        let Some(rest) = left.checked_sub(length) else { break };
        left = rest;
        // Only the first value of a duplicate is kept. The row of the table shows the error.
        if kept.get(&name).is_none() {
            kept.insert(name, value);
        }
    }
    kept
}

fn parameter_value(name: &str, value: &str, policy: ParamPolicy) -> RecordedParam {
    if value.is_empty() {
        return RecordedParam::Text(String::new());
    }
    if TOKENS.contains(&name) {
        return RecordedParam::Fingerprint { fingerprint: fingerprint(value) };
    }

    if policy == ParamPolicy::AllowAny || is_known(name) {
        RecordedParam::Text(truncate(value))
    } else {
        RecordedParam::Text("***".to_owned())
    }
}

fn is_masked(name: &str, has_plain_challenge: bool) -> bool {
    is_secret(name) || (has_plain_challenge && name == "code_challenge")
}

/// Returns whether a code challenge is the verifier itself, as it is unless a method says otherwise
/// (RFC 7636, section 4.3).
fn has_plain_challenge<'p>(mut params: impl Iterator<Item = (&'p str, &'p str)>) -> bool {
    !params.any(|(name, value)| name == "code_challenge_method" && value == "S256")
}

/// Returns the headers as the journal may keep them.
pub(super) fn headers(headers: &HeaderMap) -> RecordedHeaders {
    let mut left = MAX_KEPT;
    let mut text = String::with_capacity(512);
    let mut parts = Vec::with_capacity(headers.keys_len().min(MAX_PARAMS));

    for name in headers.keys().take(MAX_PARAMS) {
        let start = text.len();
        text.push_str(&truncated(name.as_str()));
        let middle = text.len();
        text.push_str(&header_value(name.as_str(), &joined_values(headers, name)));

        let Some(rest) = left.checked_sub(text.len() - start) else { break };
        left = rest;
        parts.push((start..middle, middle..text.len()));
    }
    parts.into_iter().map(|(name, value)| (&text[name], &text[value])).collect()
}

/// Returns the values of a header, joined by commas.
fn joined_values<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Cow<'h, str> {
    let values = headers.get_all(name).iter();
    values
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .reduce(|mut joined, value| {
            joined.to_mut().extend([", ", &*value]);
            joined
        })
        .unwrap_or_default()
}

fn header_value<'v>(name: &str, value: &'v str) -> Cow<'v, str> {
    let is_credential = CREDENTIAL_HEADERS.contains(&name)
        || CREDENTIAL_PARTS.iter().any(|part| name.contains(part));
    if is_credential {
        return "***".into();
    }

    // The query of a URL, as in Referer, may have a code.
    match value.split_once('?') {
        Some((path, _)) if path.starts_with('/') || path.contains("://") => {
            truncate(&format!("{path}?***")).into()
        }
        _ => truncated(value),
    }
}

/// Masks the headers that repeat a secret, a code or a token of the parameters.
pub(super) fn mask_repeated<'p>(
    headers: &mut RecordedHeaders,
    params: impl Iterator<Item = (&'p str, &'p str)> + Clone,
) {
    let has_plain_challenge = has_plain_challenge(params.clone());
    let is_hidden = |name: &str| is_masked(name, has_plain_challenge) || TOKENS.contains(&name);
    let secrets = params.filter(|(name, _)| is_hidden(name)).map(|(_, secret)| secret);

    for (i, secret) in secrets.enumerate() {
        // A request with so many is refused. To search for all of them would take long.
        if i == MAX_PARAMS {
            *headers = headers.iter().map(|(name, _)| (name, "***")).collect();
            return;
        }
        if headers.iter().any(|(_, value)| repeats(value, secret)) {
            let masked = headers.iter().map(|(name, value)| {
                let value = if repeats(value, secret) { "***" } else { value };
                (name, value)
            });
            *headers = masked.collect();
        }
    }
}

fn repeats(value: &str, secret: &str) -> bool {
    value == secret || (secret.len() >= MIN_FOUND_SECRET && value.contains(secret))
}

/// Whether the value of a parameter with this name is secret.
pub(super) fn is_secret(name: &str) -> bool {
    SECRETS.contains(&name)
}

/// Returns a parameter's name, or its position if the name could be a misplaced secret.
pub(super) fn parameter_name(name: &str, position: usize) -> Cow<'static, str> {
    match known_name(name) {
        Some(known) => known.into(),
        None if is_name(name) => name.to_owned().into(),
        None => format!("parameter {position}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ParamPolicy::AllowAny;

    const DOCUMENTED: ParamPolicy = ParamPolicy::Documented(&[]);

    fn kept(sent: &[(&str, &str)], policy: ParamPolicy) -> String {
        serde_json::to_string(&parameters(sent.iter().copied(), policy)).unwrap()
    }

    #[test]
    fn a_fingerprint_is_the_start_of_the_sha_256() {
        // printf eyJraK | sha256sum
        assert_eq!(fingerprint("eyJraK"), "d33da05d966d");
    }

    #[test]
    fn secrets_are_redacted_and_tokens_are_fingerprints() {
        let fingerprint = fingerprint("eyJraK");
        assert_eq!(
            kept(&[("client_id", "a"), ("client_secret", "s3"), ("code", "eyJraK")], DOCUMENTED),
            format!(
                r#"{{"client_id":"a","client_secret":"***","code":{{"fingerprint":"{fingerprint}"}}}}"#
            )
        );
        assert_eq!(
            kept(&[("code", ""), ("client_secret", "")], DOCUMENTED),
            r#"{"client_secret":"","code":""}"#
        );
    }

    #[test]
    fn a_code_challenge_is_masked_if_it_is_the_verifier() {
        for (method, expected) in [
            (Some("S256"), "v3rifier"),
            (Some("plain"), "***"),
            (Some("s256"), "***"),
            (Some(""), "***"),
            (None, "***"),
        ] {
            let mut sent = vec![("code_challenge", "v3rifier")];
            sent.extend(method.map(|method| ("code_challenge_method", method)));
            let params = parameters(sent.iter().copied(), DOCUMENTED);
            let RecordedParam::Text(challenge) = &params["code_challenge"] else { panic!() };
            assert_eq!(challenge, expected, "{method:?}");

            let mut map = HeaderMap::new();
            map.append("x-debug", "is v3rifier".parse().unwrap());
            let mut headers = headers(&map);
            mask_repeated(&mut headers, sent.iter().copied());
            let is_masked = headers.get("x-debug") == Some("***");
            assert_eq!(is_masked, expected == "***", "{method:?}");
        }
    }

    #[test]
    fn names_that_could_be_secrets_are_not_kept() {
        assert_eq!(
            kept(&[("s3cr3tValue", ""), ("audience", "x"), ("grantType", "y")], DOCUMENTED),
            r#"{"audience":"***","grantType":"***","parameter 1":""}"#
        );
        assert_eq!(
            kept(&[("Page", "2"), ("access_token", "")], AllowAny),
            r#"{"Page":"2","access_token":""}"#
        );
    }

    #[test]
    fn credentials_in_headers_are_masked() {
        let sent = [
            ("authorization", "Bearer x", "***"),
            ("cookie", "a=b", "***"),
            ("proxy-authorization", "Basic x", "***"),
            ("x-client-secret", "s", "***"),
            ("x-api-key", "s", "***"),
            ("referer", "https://a.test/cb?code=x", "https://a.test/cb?***"),
            ("x-question", "why?", "why?"),
            ("x-repeats", "is s3cr3t-value", "***"),
            ("x-short", "abc", "abc"),
        ];
        let mut map = HeaderMap::new();
        for (name, value, _) in sent {
            map.append(name, value.parse().unwrap());
        }
        map.append("x-short", "d".parse().unwrap());
        let mut kept = headers(&map);
        mask_repeated(&mut kept, [("client_secret", "s3cr3t-value"), ("code", "b")].into_iter());
        assert_eq!(kept.get("x-short"), Some("abc, d"));
        for (name, _, expected) in sent.into_iter().filter(|(name, ..)| *name != "x-short") {
            assert_eq!(kept.get(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn the_size_of_the_kept_headers_is_limited() {
        let mut map = HeaderMap::new();
        for i in 0..1_000 {
            let name: axum::http::HeaderName =
                format!("x-{i}-{}", "n".repeat(1_000)).parse().unwrap();
            map.append(name, "v".repeat(1_000).parse().unwrap());
        }
        let size: usize = headers(&map).iter().map(|(name, value)| name.len() + value.len()).sum();
        assert!(size < 5_000, "{size}");
    }

    #[test]
    fn the_size_of_the_kept_parameters_is_limited() {
        let long = "é".repeat(5_000);
        let many: Vec<(String, &str)> = (0..1_000).map(|i| (format!("p{i}"), &*long)).collect();
        let kept = parameters(many.iter().map(|(name, value)| (&**name, *value)), AllowAny);
        assert!(kept.iter().len() < 10, "{}", kept.iter().len());
    }
}
