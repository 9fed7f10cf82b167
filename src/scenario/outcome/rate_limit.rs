//! `rate_limit`: so many requests in a time, and a 429 beyond.

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::HumanDuration;

/// How many requests are let through, by the realm's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "RateLimit")]
pub struct RateLimit {
    /// So many,
    pub requests: u64,
    /// in each of these times. The first begins with the first request.
    pub per: HumanDuration,
}

/// The time that is being counted.
#[derive(Debug, Default)]
pub(crate) struct RateWindow {
    state: Mutex<Option<(i64, u64)>>,
}

impl RateWindow {
    /// Counts a request. `Err`: it is one too many; the next time begins in so many whole seconds.
    pub(crate) fn count(&self, limit: RateLimit, now_ms: i64) -> Result<(), i64> {
        let mut state = self.state.lock();
        let per = limit.per.as_ms();
        let (start, count) = match *state {
            // A clock that was set back begins anew, too.
            Some((start, count)) if (start..start.saturating_add(per)).contains(&now_ms) => {
                (start, count)
            }
            _ => (now_ms, 0),
        };
        *state = Some((start, count + 1));
        if count < limit.requests {
            return Ok(());
        }
        let left = start.saturating_add(per) - now_ms;
        Err((left + 999) / 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_has_its_count_and_says_when_the_next_begins() {
        let limit = RateLimit { requests: 2, per: HumanDuration::from_secs(60) };
        let window = RateWindow::default();
        assert_eq!(window.count(limit, 1_000), Ok(()));
        assert_eq!(window.count(limit, 30_000), Ok(()));
        assert_eq!(window.count(limit, 30_001), Err(31));
        assert_eq!(window.count(limit, 60_999), Err(1));
        assert_eq!(window.count(limit, 61_000), Ok(()));
        assert_eq!(window.count(limit, 500), Ok(()), "the clock was set back");
    }
}
