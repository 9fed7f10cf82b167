//! A text to compare with, in which `*` stands for anything.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A string, or a glob in which each `*` stands for any number of characters, also none.
///
/// ```
/// use smartpay_oauth_mock::Pattern;
///
/// assert!(Pattern::from("v6T*").matches("v6TJH1IqhM"));
/// assert!(!Pattern::from("v6T").matches("v6TJH1IqhM"));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(description = "A text; each * in it stands for any number of characters.")]
pub struct Pattern(String);

impl Pattern {
    /// Whether a text fits.
    pub fn matches(&self, text: &str) -> bool {
        // Most patterns are plain texts.
        let Some(star) = self.0.find('*') else { return self.0 == text };
        if !text.as_bytes().starts_with(&self.0.as_bytes()[..star]) {
            return false;
        }
        let mut pieces = self.0.split('*');
        let first = pieces.next().unwrap_or_default();
        let Some(mut rest) = text.strip_prefix(first) else { return false };
        let Some(last) = pieces.next_back() else { return rest.is_empty() };
        for piece in pieces {
            let Some(at) = rest.find(piece) else { return false };
            rest = &rest[at + piece.len()..];
        }
        rest.ends_with(last)
    }

    /// The pattern as it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The text itself, if no `*` is in it.
    pub(crate) fn exact(&self) -> Option<&str> {
        (!self.0.contains('*')).then_some(&self.0)
    }
}

impl From<&str> for Pattern {
    fn from(written: &str) -> Self {
        Self(written.to_owned())
    }
}

impl fmt::Debug for Pattern {
    /// A pattern may hold a code or a token in full, so only its shape is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = if self.0 == "*" { "any" } else { "***" };
        write!(f, "Pattern({shape})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_nothing() {
        let table = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "abc", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "abcd", false),
            ("*b*", "abc", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*a", "a", false),
            ("**", "x", true),
            ("é*", "éa", true),
        ];
        for (pattern, text, fits) in table {
            assert_eq!(Pattern::from(pattern).matches(text), fits, "{pattern} {text}");
        }
    }
}
