//! How many requests are expected.

use std::fmt;
use std::ops::{Range, RangeFrom, RangeInclusive, RangeToInclusive};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many requests are expected: a number, or a range. Default: at least 1.
///
/// ```
/// use smartpay_oauth_mock::Times;
///
/// assert_eq!(Times::from(2), Times::exactly(2));
/// assert!(Times::from(1..).contains(7) && !Times::from(1..=3).contains(4));
/// assert_eq!(Times::from(1..=3).to_string(), "1 to 3");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "Times")]
pub struct Times {
    /// The exact number.
    #[serde(skip_serializing_if = "Option::is_none")]
    exactly: Option<u64>,
    /// The minimum number.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<u64>,
    /// The maximum number.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<u64>,
}

/// Why a [`Times`] is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimesError {
    /// `exactly` is combined with `at_least` or `at_most`.
    #[error("exactly cannot be combined with at_least or at_most")]
    ExactlyAndMore,
    /// No number is in the range.
    #[error("at_most is less than at_least")]
    Empty,
}

impl Times {
    /// Expects exactly `n` requests.
    pub fn exactly(n: u64) -> Self {
        Self { exactly: Some(n), ..Self::default() }
    }

    /// Expects `n` requests or more.
    pub fn at_least(n: u64) -> Self {
        Self { at_least: Some(n), ..Self::default() }
    }

    /// Expects `n` requests or fewer.
    pub fn at_most(n: u64) -> Self {
        Self { at_most: Some(n), ..Self::default() }
    }

    /// Returns whether `n` requests are as expected.
    pub fn contains(self, n: u64) -> bool {
        if self == Self::default() {
            return n > 0;
        }
        self.exactly.is_none_or(|exactly| n == exactly)
            && self.at_least.is_none_or(|least| n >= least)
            && self.at_most.is_none_or(|most| n <= most)
    }

    /// Returns how many requests are expected beyond `n`.
    pub(super) fn missing_from(self, n: u64) -> u64 {
        let default = u64::from(self == Self::default());
        self.exactly.or(self.at_least).unwrap_or(default).saturating_sub(n)
    }

    /// Returns whether `n` requests are more than expected.
    pub(super) fn is_exceeded_by(self, n: u64) -> bool {
        self.exactly.or(self.at_most).is_some_and(|most| n > most)
    }

    /// Checks that its members make sense together.
    pub(crate) fn check(self) -> Result<Self, TimesError> {
        if self.exactly.is_some() && (self.at_least.is_some() || self.at_most.is_some()) {
            return Err(TimesError::ExactlyAndMore);
        }

        match (self.at_least, self.at_most) {
            (Some(least), Some(most)) if most < least => Err(TimesError::Empty),
            _ => Ok(self),
        }
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.exactly, self.at_least, self.at_most) {
            (Some(n), ..) => write!(f, "exactly {n}"),
            (None, Some(least), Some(most)) => write!(f, "{least} to {most}"),
            (None, Some(least), None) => write!(f, "at least {least}"),
            (None, None, Some(most)) => write!(f, "at most {most}"),
            (None, None, None) => f.write_str("at least 1"),
        }
    }
}

impl From<u64> for Times {
    fn from(n: u64) -> Self {
        Self::exactly(n)
    }
}

impl From<RangeFrom<u64>> for Times {
    fn from(range: RangeFrom<u64>) -> Self {
        Self::at_least(range.start)
    }
}

impl From<RangeToInclusive<u64>> for Times {
    fn from(range: RangeToInclusive<u64>) -> Self {
        Self::at_most(range.end)
    }
}

impl From<RangeInclusive<u64>> for Times {
    fn from(range: RangeInclusive<u64>) -> Self {
        Self { at_most: Some(*range.end()), ..Self::at_least(*range.start()) }
    }
}

impl From<Range<u64>> for Times {
    fn from(range: Range<u64>) -> Self {
        Self { at_most: Some(range.end.saturating_sub(1)), ..Self::at_least(range.start) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_contains_numbers_or_does_not() {
        for (times, expected) in [
            (Times::default(), [false, true, true]),
            (Times::exactly(1), [false, true, false]),
            (Times::at_least(1), [false, true, true]),
            (Times::at_most(1), [true, true, false]),
            (Times::from(1..3), [false, true, true]),
            (Times::from(0..=1), [true, true, false]),
        ] {
            let actual = [0, 1, 2].map(|n| times.contains(n));
            assert_eq!(actual, expected, "{times}");
            assert!(times.check().is_ok());
        }
        let error = |json| serde_json::from_str::<Times>(json).unwrap().check().unwrap_err();
        assert_eq!(error(r#"{"exactly":1,"at_most":1}"#), TimesError::ExactlyAndMore);
        assert_eq!(error(r#"{"at_least":2,"at_most":1}"#), TimesError::Empty);
    }
}
