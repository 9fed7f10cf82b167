//! Lengths of time as fixtures write them: `15m`, `900s`, `365d`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The units, from the longest, with their milliseconds.
const UNITS: [(&str, i64); 6] = [
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];
/// A hundred years: long enough for any lifetime, short enough never to overflow.
const LONGEST_MS: i64 = 36_525 * 86_400_000;

/// A length of time, in whole milliseconds, from nothing to a hundred years.
///
/// Written as numbers with their units, longest first: `15m`, `1h30m`, `250ms`, `365d`.
///
/// ```
/// use smartpay_oauth_mock::HumanDuration;
///
/// let period: HumanDuration = "1h30m".parse()?;
/// assert_eq!(period.as_ms(), 5_400_000);
/// assert_eq!(period.to_string(), "90m");
/// assert!("15".parse::<HumanDuration>().unwrap_err().to_string().contains("unit"));
/// # Ok::<(), smartpay_oauth_mock::HumanDurationError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct HumanDuration {
    ms: i64,
}

/// Why a text is not a length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{written}\" is not a length of time: {reason}")]
pub struct HumanDurationError {
    written: String,
    reason: Cow<'static, str>,
}

impl HumanDuration {
    /// So many milliseconds; negative ones count as none.
    pub const fn from_ms(ms: i64) -> Self {
        let ms = if ms < 0 { 0 } else { ms };
        Self { ms: if ms > LONGEST_MS { LONGEST_MS } else { ms } }
    }

    /// So many seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self::from_ms(secs.saturating_mul(1_000))
    }

    /// So many days of 24 hours.
    pub const fn from_days(days: i64) -> Self {
        Self::from_ms(days.saturating_mul(86_400_000))
    }

    /// The length in milliseconds.
    pub const fn as_ms(self) -> i64 {
        self.ms
    }
}

impl From<HumanDuration> for Duration {
    fn from(period: HumanDuration) -> Self {
        Duration::from_millis(period.ms.unsigned_abs())
    }
}

impl From<Duration> for HumanDuration {
    fn from(duration: Duration) -> Self {
        Self::from_ms(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
    }
}

impl FromStr for HumanDuration {
    type Err = HumanDurationError;

    fn from_str(written: &str) -> Result<Self, HumanDurationError> {
        parse(written)
            .map(|ms| Self { ms })
            .map_err(|reason| HumanDurationError { written: shortened(written), reason })
    }
}

fn parse(written: &str) -> Result<i64, Cow<'static, str>> {
    const HOW: &str = "write a number with a unit, such as 250ms, 900s, 15m, 12h or 365d";
    let mut rest = written;
    let mut total: i64 = 0;
    let mut shortest = i64::MAX;
    if rest.is_empty() {
        return Err(HOW.into());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        if number.is_empty() {
            return Err(HOW.into());
        }
        if unit.is_empty() && tail.is_empty() {
            return Err(format!("{number} has no unit; write {number}s for seconds").into());
        }
        let Some(&(_, ms)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(format!("the units are ms, s, m, h, d and w; {HOW}").into());
        };
        if ms >= shortest {
            return Err("units go from the longest to the shortest, each once, as in 1h30m".into());
        }
        shortest = ms;
        total = number
            .parse::<i64>()
            .ok()
            .and_then(|count| count.checked_mul(ms))
            .and_then(|part| total.checked_add(part))
            .filter(|&total| total <= LONGEST_MS)
            .ok_or("the longest is a hundred years, 36525d")?;
        rest = tail;
    }
    Ok(total)
}

fn shortened(written: &str) -> String {
    if written.chars().count() <= 40 {
        return written.to_owned();
    }
    written.chars().take(40).collect::<String>() + "…"
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ms == 0 {
            return f.write_str("0s");
        }
        // The longest unit that needs no second one; weeks would make 365d unreadable.
        let fitting = UNITS[1..].iter().find(|(_, ms)| self.ms % ms == 0);
        let (unit, ms) = fitting.copied().unwrap_or(("ms", 1));
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
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = HumanDuration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time such as 15m, 900s or 365d")
            }

            fn visit_str<E: de::Error>(self, written: &str) -> Result<HumanDuration, E> {
                written.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, written: u64) -> Result<HumanDuration, E> {
                self.visit_str(&written.to_string())
            }

            fn visit_i64<E: de::Error>(self, written: i64) -> Result<HumanDuration, E> {
                self.visit_str(&written.to_string())
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for HumanDuration {
    fn schema_name() -> Cow<'static, str> {
        "HumanDuration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A length of time: numbers with their units, such as 250ms, 900s, 15m, 1h30m or 365d.",
            "pattern": "^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
            "minLength": 2,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_forms_of_the_contract_are_read() {
        let table = [
            ("15m", 900_000, "15m"),
            ("900s", 900_000, "15m"),
            ("365d", 31_536_000_000, "365d"),
            ("250ms", 250, "250ms"),
            ("1h30m", 5_400_000, "90m"),
            ("2w", 1_209_600_000, "14d"),
            ("0s", 0, "0s"),
            ("36525d", LONGEST_MS, "36525d"),
        ];
        for (written, ms, shown) in table {
            let period: HumanDuration = written.parse().unwrap();
            assert_eq!((period.as_ms(), period.to_string().as_str()), (ms, shown), "{written}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_what_would_be_right() {
        let table = [
            ("", "a number with a unit"),
            ("15", "write 15s"),
            ("m", "a number with a unit"),
            ("-1s", "a number with a unit"),
            ("1.5h", "units are"),
            ("15 m", "units are"),
            ("15min", "units are"),
            ("1M", "units are"),
            ("30m1h", "longest to the shortest"),
            ("1s1s", "longest to the shortest"),
            ("36526d", "hundred years"),
            ("99999999999999999999d", "hundred years"),
        ];
        for (written, reason) in table {
            let error = written.parse::<HumanDuration>().unwrap_err().to_string();
            assert!(error.contains(reason), "{written}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = text.parse::<HumanDuration>();
        }

        #[test]
        fn what_is_shown_is_read_back(ms in 0..=LONGEST_MS) {
            let period = HumanDuration::from_ms(ms);
            prop_assert_eq!(period.to_string().parse(), Ok(period));
        }
    }
}
