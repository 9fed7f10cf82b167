//! `rate_limit`: a maximum number of requests per window of time.

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::HumanDuration;

/// The maximum number of requests per window of time, measured by the realm's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "RateLimit")]
#[non_exhaustive]
pub struct RateLimit {
    /// The maximum number of requests per window.
    pub requests: u64,
    /// The length of a window. The first window starts with the first request.
    pub per: HumanDuration,
}

/// The current window and the number of requests in it.
#[derive(Debug, Default)]
pub(crate) struct RateWindow {
    /// The start of the window in milliseconds since 1970, and the number of requests.
    state: Mutex<Option<(i64, u64)>>,
}

impl RateWindow {
    /// Counts a request. If it exceeds the limit, returns the whole seconds until the next window
    /// as an error.
    pub(crate) fn count(&self, limit: RateLimit, now_ms: i64) -> Result<(), i64> {
        let mut state = self.state.lock();
        let per = limit.per.as_ms();
        let (start, count) = match *state {
            // A clock that was set back to before the window starts a new one.
            Some((start, count)) if (start..start.saturating_add(per)).contains(&now_ms) => {
                (start, count)
            }
            _ => (now_ms, 0),
        };
        *state = Some((start, count + 1));

        if count < limit.requests {
            return Ok(());
        }
        // Rounded up, so that a client that waits this long is not too early.
        let left = start.saturating_add(per) - now_ms;
        Err((left + 999) / 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_window_has_its_own_count_and_tells_when_the_next_starts() {
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
