//! A strict parser of `application/x-www-form-urlencoded`.
//!
//! The steps are those of the WHATWG URL standard (section 5.1): split at `&`, skip empty pieces,
//! split at the first `=`, decode `+` as a space, percent-decode. Two things that the standard
//! accepts are errors here (row 5 of the table): a `%` without two hexadecimal digits after it, and
//! bytes that are not UTF-8.

use std::borrow::Cow;
use std::collections::HashSet;

/// The parameters that the server knows.
const KNOWN: [&str; 22] = [
    "access_token",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "grant_type",
    "mock_consent",
    "mock_decision",
    "mock_merchant",
    "redirect_uri",
    "redirect_url",
    "refresh_token",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "sub",
    "token",
    "token_type_hint",
];

/// The parameters of a form, in the order in which they were sent.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Form<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// Why a body is not a form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormError {
    #[error(
        "{parameter} is malformed: the % at byte {offset} is not followed by two hexadecimal \
         digits; write %25 for a percent sign"
    )]
    BadEscape { parameter: String, offset: usize },
    #[error("{parameter} is not UTF-8 after its percent escapes are decoded")]
    NotUtf8 { parameter: String },
}

impl<'a> Form<'a> {
    /// Parses a body.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, FormError> {
        let mut pairs = Vec::new();
        let mut offset = 0;
        for piece in body.split(|&b| b == b'&') {
            if !piece.is_empty() {
                pairs.push(parse_pair(piece, pairs.len() + 1, offset)?);
            }
            offset += piece.len() + 1;
        }
        Ok(Self { pairs })
    }

    /// Returns the first parameter whose name occurs a second time, as messages may display it.
    pub(crate) fn duplicate(&self) -> Option<String> {
        let mut seen = HashSet::with_capacity(self.pairs.len());
        let position = self.pairs.iter().position(|(name, _)| !seen.insert(name))?;
        Some(displayable_name(&self.pairs[position].0, position + 1))
    }

    /// Whether a parameter occurs more than once.
    pub(crate) fn repeats(&self, name: &str) -> bool {
        self.pairs.iter().filter(|(key, _)| key == name).count() > 1
    }

    /// Returns every parameter in its order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// Returns the value of a parameter. One that was sent without a value counts as omitted (RFC
    /// 6749, section 3.2).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|value| !value.is_empty())
    }

    /// Returns the value of a parameter, which may be empty.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref())
    }
}

/// Decodes one name or value.
pub(crate) fn decode_component(text: &[u8]) -> Result<Cow<'_, str>, ComponentError> {
    if !text.contains(&b'%') && !text.contains(&b'+') {
        return str::from_utf8(text).map(Cow::Borrowed).map_err(|_| ComponentError::NotUtf8);
    }

    let decoded = unescape(text)?;
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| ComponentError::NotUtf8)
}

/// Why one name or value cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ComponentError {
    /// The percent sign at this byte is not followed by two hexadecimal digits.
    BadEscape(usize),
    NotUtf8,
}

fn unescape(text: &[u8]) -> Result<Vec<u8>, ComponentError> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let (Some(high), Some(low)) = (hex_digit(text, at + 1), hex_digit(text, at + 2))
                else {
                    return Err(ComponentError::BadEscape(at));
                };
                out.push((high * 16 + low) as u8);
                at += 2;
            }
            other => out.push(other),
        }
        at += 1;
    }

    Ok(out)
}

fn hex_digit(text: &[u8], at: usize) -> Option<u32> {
    text.get(at).and_then(|&byte| char::from(byte).to_digit(16))
}

impl ComponentError {
    /// Returns the error of a form, in which the component starts at this byte.
    fn in_form(self, start: usize, parameter: String) -> FormError {
        match self {
            Self::BadEscape(at) => FormError::BadEscape { parameter, offset: start + at },
            Self::NotUtf8 => FormError::NotUtf8 { parameter },
        }
    }
}

/// Parses one parameter. `number` counts from 1, and the piece starts at byte `offset` of the body.
fn parse_pair(
    piece: &[u8],
    number: usize,
    offset: usize,
) -> Result<(Cow<'_, str>, Cow<'_, str>), FormError> {
    let equals = piece.iter().position(|&b| b == b'=').unwrap_or(piece.len());
    let (name, value) = (&piece[..equals], piece.get(equals + 1..).unwrap_or_default());

    let name = decode_component(name)
        .map_err(|error| error.in_form(offset, format!("the name of parameter {number}")))?;
    let value = decode_component(value)
        .map_err(|error| error.in_form(offset + equals + 1, displayable_name(&name, number)))?;

    Ok((name, value))
}

/// Whether this is certainly the name of a parameter. A form without an `=` may have a secret in the
/// place of a name. Words in a programmer's spelling, and misspellings of known names, are names.
pub(crate) fn is_name(name: &str) -> bool {
    if is_known(name) {
        return true;
    }

    let lower = name.bytes().filter(u8::is_ascii_lowercase).count();
    let upper = name.bytes().filter(u8::is_ascii_uppercase).count();
    let separators = name.bytes().filter(|b| matches!(b, b'_' | b'-' | b'.')).count();
    let is_words = (1..=32).contains(&name.len())
        && lower + upper + separators == name.len()
        && name.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && upper <= 3
        && lower >= 3 * upper;

    is_words || near_known(name).is_some()
}

/// Returns a parameter as messages may display it: by its name, or by its number if the name could
/// be a secret.
pub(crate) fn displayable_name(name: &str, number: usize) -> String {
    if is_name(name) { name.to_owned() } else { format!("parameter {number} (of unknown name)") }
}

/// Whether a parameter is one that the server knows.
pub(crate) fn is_known(name: &str) -> bool {
    known_name(name).is_some()
}

/// Returns the name of a parameter that the server knows.
pub(crate) fn known_name(name: &str) -> Option<&'static str> {
    KNOWN.into_iter().find(|known| *known == name)
}

/// Returns the known parameter that an unknown one probably means.
pub(crate) fn near_known(name: &str) -> Option<&'static str> {
    if name.len() > 32 || is_known(name) {
        return None;
    }

    let written = without_separators(name);
    KNOWN
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&written, &without_separators(known)), known))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .filter(|(similarity, _)| *similarity >= 0.92)
        .map(|(_, known)| known)
}

fn without_separators(name: &str) -> String {
    name.replace(['_', '-'], "").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(body: &str) -> Vec<(String, String)> {
        let form = Form::parse(body.as_bytes()).expect("well-formed");
        form.pairs.into_iter().map(|(k, v)| (k.into_owned(), v.into_owned())).collect()
    }

    fn owned(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect()
    }

    #[test]
    fn the_steps_of_the_standard() {
        let table: &[(&str, &[(&str, &str)])] = &[
            ("", &[]),
            ("&&", &[]),
            ("a", &[("a", "")]),
            ("a=", &[("a", "")]),
            ("=b", &[("", "b")]),
            ("=", &[("", "")]),
            ("a=b=c", &[("a", "b=c")]),
            ("a=1&&b=2&", &[("a", "1"), ("b", "2")]),
            ("a=x+y", &[("a", "x y")]),
            ("a=x%2By", &[("a", "x+y")]),
            ("%61+b=1", &[("a b", "1")]),
            ("a=%00", &[("a", "\0")]),
            ("a=%C3%A9", &[("a", "é")]),
            ("a=é", &[("a", "é")]),
            ("a=%EF%BB%BFx", &[("a", "\u{feff}x")]),
            ("a;b=1", &[("a;b", "1")]),
        ];
        for (body, expected) in table {
            assert_eq!(pairs(body), owned(expected), "{body}");
        }
    }

    #[test]
    fn bad_escapes_and_bad_utf8_are_errors_that_say_where() {
        let escape = |parameter: &str, offset| FormError::BadEscape {
            parameter: parameter.to_owned(),
            offset,
        };
        let table: &[(&[u8], FormError)] = &[
            (b"code=%", escape("code", 5)),
            (b"code=%4", escape("code", 5)),
            (b"a=1&code=x%4g", escape("code", 10)),
            (b"%zz=1", escape("the name of parameter 1", 0)),
            (b"code=%C0%AF", FormError::NotUtf8 { parameter: "code".into() }),
            (b"code=%ED%A0%80", FormError::NotUtf8 { parameter: "code".into() }),
            (b"code=\xff", FormError::NotUtf8 { parameter: "code".into() }),
            (b"\xff=1", FormError::NotUtf8 { parameter: "the name of parameter 1".into() }),
        ];
        for (body, expected) in table {
            assert_eq!(Form::parse(body).err().as_ref(), Some(expected), "{body:?}");
        }
    }

    #[test]
    fn a_duplicate_is_found_after_decoding_and_named_only_if_known() {
        let duplicate = |body: &str| Form::parse(body.as_bytes()).ok().and_then(|f| f.duplicate());
        assert_eq!(duplicate("code=1&scope=2"), None);
        assert_eq!(duplicate("code=1&co%64e=2").as_deref(), Some("code"));
        assert_eq!(duplicate("code&code").as_deref(), Some("code"));
        assert_eq!(duplicate("=1&=2").as_deref(), Some("parameter 2 (of unknown name)"));
        let secret = duplicate("hunter2=1&hunter2=2").unwrap();
        assert!(!secret.contains("hunter2"));
        assert_eq!(duplicate("Code=1&code=2"), None, "names are case-sensitive");
    }

    #[test]
    fn a_misspelled_parameter_is_recognized() {
        for (name, near) in [
            ("grantType", Some("grant_type")),
            ("client_secert", Some("client_secret")),
            ("redirectUri", Some("redirect_uri")),
            ("audience", None),
            ("s3cr3tValue", None),
            ("code", None),
        ] {
            assert_eq!(near_known(name), near, "{name}");
        }
    }

    #[test]
    fn ten_thousand_parameters_are_read() {
        let body: String = (0..10_000).map(|i| format!("p{i}=&")).collect();
        let form = Form::parse(body.as_bytes()).unwrap();
        assert_eq!(form.pairs.len(), 10_000);
        assert_eq!(form.duplicate(), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(form) = Form::parse(&body) {
                let _ = form.duplicate();
            }
        }

        #[test]
        fn the_output_of_serde_urlencoded_is_parsed(
            sent in proptest::collection::vec((".*", ".*"), 0..8)
        ) {
            let body = serde_urlencoded::to_string(&sent).unwrap();
            let read = Form::parse(body.as_bytes()).unwrap();
            let read: Vec<(String, String)> =
                read.pairs.into_iter().map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
            // A pair of two empty strings is written as "=", which is a pair.
            prop_assert_eq!(read, sent);
        }
    }
}
