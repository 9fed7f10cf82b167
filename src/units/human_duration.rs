//! Durations as people write them: `15m`, `900s`, `365d`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::deserialize_text;

/// The units with their milliseconds, longest first.
const UNITS: [(&str, i64); 6] = [
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// 100 years: long enough for any lifetime, and short enough that sums never overflow.
const MAX_MS: i64 = 36_525 * 86_400_000;

/// The number of characters of an invalid text that its error repeats.
const MAX_SHOWN: usize = 40;

/// A duration in whole milliseconds, from 0 to 100 years.
///
/// The text form is one or more numbers with a unit, longest unit first: `15m`, `1h30m`, `250ms`,
/// `365d`. The units are `ms`, `s`, `m`, `h`, `d` and `w`.
///
/// ```
/// use smartpay_oauth_mock::HumanDuration;
///
/// let duration: HumanDuration = "1h30m".parse()?;
/// assert_eq!(duration.as_ms(), 5_400_000);
/// assert_eq!(duration.to_string(), "90m");
/// assert!("15".parse::<HumanDuration>().unwrap_err().to_string().contains("unit"));
/// # Ok::<(), smartpay_oauth_mock::HumanDurationError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(
    with = "String",
    description = "A duration: numbers with a unit (ms, s, m, h, d or w), longest unit first, \
                   such as 250ms, 900s, 15m, 1h30m or 365d.",
    extend(
        "pattern" = "^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
        "minLength" = 2,
    ),
)]
pub struct HumanDuration {
    ms: i64,
}

/// The error when a text is not a duration. It says why, and what a duration looks like.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not a duration: {reason}")]
pub struct HumanDurationError {
    /// The text, truncated.
    text: String,
    reason: Cow<'static, str>,
}

impl HumanDuration {
    /// Creates a duration from milliseconds, clamped to between 0 and 100 years.
    pub const fn from_ms(ms: i64) -> Self {
        let ms = if ms < 0 { 0 } else { ms };
        Self { ms: if ms > MAX_MS { MAX_MS } else { ms } }
    }

    /// Creates a duration from seconds, clamped to between 0 and 100 years.
    pub const fn from_secs(secs: i64) -> Self {
        Self::from_ms(secs.saturating_mul(1_000))
    }

    /// Creates a duration from days of 24 hours, clamped to between 0 and 100 years.
    pub const fn from_days(days: i64) -> Self {
        Self::from_ms(days.saturating_mul(86_400_000))
    }

    /// Returns the duration in milliseconds.
    pub const fn as_ms(self) -> i64 {
        self.ms
    }
}

impl From<HumanDuration> for Duration {
    fn from(duration: HumanDuration) -> Self {
        Duration::from_millis(duration.ms.unsigned_abs())
    }
}

impl From<Duration> for HumanDuration {
    fn from(duration: Duration) -> Self {
        Self::from_ms(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
    }
}

impl FromStr for HumanDuration {
    type Err = HumanDurationError;

    fn from_str(text: &str) -> Result<Self, HumanDurationError> {
        parse_ms(text)
            .map(|ms| Self { ms })
            .map_err(|reason| HumanDurationError { text: truncated(text), reason })
    }
}

/// Parses a text to milliseconds. The error is the reason why it is not a duration.
fn parse_ms(text: &str) -> Result<i64, Cow<'static, str>> {
    const SYNTAX: &str = "write a number with a unit, such as 250ms, 900s, 15m, 12h or 365d";
    let mut rest = text;
    let mut total: i64 = 0;
    let mut previous_unit = i64::MAX;

    if rest.is_empty() {
        return Err(SYNTAX.into());
    }

    while !rest.is_empty() {
        let (number, tail) = split_where(rest, |c| !c.is_ascii_digit());
        let (unit, tail) = split_where(tail, |c| !c.is_ascii_alphabetic());
        if number.is_empty() {
            return Err(SYNTAX.into());
        }
        if unit.is_empty() && tail.is_empty() {
            return Err(format!("{number} has no unit; write {number}s for seconds").into());
        }

        let Some(&(_, ms)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(format!("the units are ms, s, m, h, d and w; {SYNTAX}").into());
        };
        if ms >= previous_unit {
            return Err("units go from longest to shortest, each once, as in 1h30m".into());
        }

        total = number
            .parse::<i64>()
            .ok()
            .and_then(|count| count.checked_mul(ms))
            .and_then(|part| total.checked_add(part))
            .filter(|&total| total <= MAX_MS)
            .ok_or("the maximum is 100 years, 36525d")?;
        previous_unit = ms;
        rest = tail;
    }

    Ok(total)
}

/// Splits a text before its first character that `ends` it.
fn split_where(text: &str, ends: fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

fn truncated(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ms == 0 {
            return f.write_str("0s");
        }

        // The longest unit that expresses it in one number. Weeks are left out: 365d reads better.
        let exact = UNITS[1..].iter().find(|(_, ms)| self.ms % ms == 0);
        let (unit, ms) = exact.copied().unwrap_or(("ms", 1));
        write!(f, "{}{unit}", self.ms / ms)
    }
}

impl Serialize for HumanDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_text(deserializer, "a duration such as 15m, 900s or 365d")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_documented_form_is_read() {
        let table = [
            ("15m", 900_000, "15m"),
            ("900s", 900_000, "15m"),
            ("365d", 31_536_000_000, "365d"),
            ("250ms", 250, "250ms"),
            ("1h30m", 5_400_000, "90m"),
            ("2w", 1_209_600_000, "14d"),
            ("0s", 0, "0s"),
            ("36525d", MAX_MS, "36525d"),
        ];
        for (text, ms, shown) in table {
            let duration: HumanDuration = text.parse().unwrap();
            assert_eq!((duration.as_ms(), duration.to_string().as_str()), (ms, shown), "{text}");
        }
    }

    #[test]
    fn an_invalid_text_is_refused_with_a_valid_form() {
        let table = [
            ("", "a number with a unit"),
            ("15", "write 15s"),
            ("m", "a number with a unit"),
            ("-1s", "a number with a unit"),
            ("1.5h", "units are"),
            ("15 m", "units are"),
            ("15min", "units are"),
            ("1M", "units are"),
            ("30m1h", "longest to shortest"),
            ("1s1s", "longest to shortest"),
            ("36526d", "100 years"),
            ("99999999999999999999d", "100 years"),
        ];
        for (text, reason) in table {
            let error = text.parse::<HumanDuration>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = text.parse::<HumanDuration>();
        }

        #[test]
        fn the_text_form_is_read_back(ms in 0..=MAX_MS) {
            let duration = HumanDuration::from_ms(ms);
            prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }
    }
}
