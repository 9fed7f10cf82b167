//! A value that must not be printed.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::form;

/// A client secret, a code or a token. `Debug` does not show it, and a comparison takes the same
/// time wherever the first difference is.
///
/// ```
/// use smartpay_oauth_mock::Secret;
///
/// let secret = Secret::from("yourClientSecret");
/// assert!(secret.matches("yourClientSecret"));
/// assert_eq!(format!("{secret:?}"), "Secret(***)");
/// ```
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Secret(String);

impl Secret {
    /// Whether the presented value is this secret.
    pub fn matches(&self, presented: &str) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), presented.as_bytes()).is_ok()
    }

    /// Returns the mistake in a presented value, if it would be this secret without it.
    pub(crate) fn mistake_in(&self, presented: &str) -> Option<SecretMistake> {
        if self.matches(presented) {
            return None;
        }
        if self.matches(presented.trim()) {
            return Some(SecretMistake::WhiteSpace);
        }

        // What the secret becomes if some of its characters are sent as they are, although a form
        // has another meaning for them.
        let plus_unescaped = self.0.replace('+', " ");
        let percent_unescaped = self.0.replace('+', "%2B");
        let is_unescaped = presented == plus_unescaped
            || [self.0.as_str(), &percent_unescaped].into_iter().any(|sent| {
                form::decode_component(sent.as_bytes()).is_ok_and(|decoded| decoded == presented)
            });
        is_unescaped.then_some(SecretMistake::Unescaped)
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

/// Why a secret that is almost right is wrong. Displayed, it completes a sentence that begins with
/// "client_secret is wrong, but".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SecretMistake {
    #[error("it would be right without the white space around it")]
    WhiteSpace,
    #[error("it would be right with its + escaped as %2B and its % as %25")]
    Unescaped,
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self(secret.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_found_only_where_the_secret_would_be_right_without_it() {
        for (secret, presented, expected) in [
            ("abc", "abc", None),
            ("abc", "abd", None),
            ("abc", "abc\n", Some(SecretMistake::WhiteSpace)),
            ("abc", " abc", Some(SecretMistake::WhiteSpace)),
            ("a+b%2F", "a b/", Some(SecretMistake::Unescaped)),
            ("a+b%2F", "a b%2F", Some(SecretMistake::Unescaped)),
            ("a+b%2F", "a+b/", Some(SecretMistake::Unescaped)),
            ("a+b%2F", "a+b%2F", None),
            ("ab+", "ab ", Some(SecretMistake::Unescaped)),
            ("a%zz", "a%z", None),
            ("", "", None),
            ("a b", "a+b", None),
        ] {
            assert_eq!(
                Secret::from(secret).mistake_in(presented),
                expected,
                "{secret} {presented}"
            );
        }
    }
}
