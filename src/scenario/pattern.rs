//! Text patterns in which `*` is a wildcard.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::oauth::ErrorCode;

/// A text pattern, in which each `*` matches any number of characters, including none.
///
/// ```
/// use smartpay_oauth_mock::Pattern;
///
/// assert!(Pattern::from("v6T*").matches("v6TJH1IqhM"));
/// assert!(!Pattern::from("v6T").matches("v6TJH1IqhM"));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(description = "A text pattern, in which each * matches any number of characters.")]
pub struct Pattern(String);

impl Pattern {
    /// Returns whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        let Some((first, others)) = self.0.split_once('*') else { return self.0 == text };
        let Some(mut rest) = text.strip_prefix(first) else { return false };

        let mut pieces = others.split('*');
        let last = pieces.next_back().unwrap_or_default();
        // The earliest match of a piece leaves the most text for the pieces after it.
        for piece in pieces {
            let Some(at) = rest.find(piece) else { return false };
            rest = &rest[at + piece.len()..];
        }
        rest.ends_with(last)
    }

    /// Returns the pattern as it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the only text that matches, if the pattern has no `*`.
    pub(crate) fn exact(&self) -> Option<&str> {
        (!self.0.contains('*')).then_some(&self.0)
    }
}

/// Returns whether a value meets an optional condition. No condition holds for any value, and a
/// condition holds for no missing value.
pub(crate) fn condition_holds(condition: &Option<Pattern>, value: Option<&str>) -> bool {
    condition.as_ref().is_none_or(|pattern| value.is_some_and(|value| pattern.matches(value)))
}

impl From<&str> for Pattern {
    fn from(pattern: &str) -> Self {
        Self(pattern.to_owned())
    }
}

impl From<String> for Pattern {
    fn from(pattern: String) -> Self {
        Self(pattern)
    }
}

impl From<&String> for Pattern {
    fn from(pattern: &String) -> Self {
        Self(pattern.clone())
    }
}

impl From<ErrorCode> for Pattern {
    fn from(code: ErrorCode) -> Self {
        Self(code.as_str().to_owned())
    }
}

impl From<&ErrorCode> for Pattern {
    fn from(code: &ErrorCode) -> Self {
        Self(code.as_str().to_owned())
    }
}

impl fmt::Debug for Pattern {
    /// A pattern may be a code or a token in full, so the text is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.0 == "*" { "any" } else { "***" };
        write!(f, "Pattern({shown})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_matches_any_text_including_none() {
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
        for (pattern, text, expected) in table {
            assert_eq!(Pattern::from(pattern).matches(text), expected, "{pattern} {text}");
        }
    }
}
