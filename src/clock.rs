//! The only source of time: the system clock, with an offset, or frozen.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::RwLock;

use crate::units::SignedDuration;

/// The earliest time that a clock can show: 1970-01-01T00:00:00Z.
const EARLIEST_MS: i64 = 0;
/// The latest time: 9000-01-01T00:00:00Z. Lifetimes can be added before years have five digits.
const LATEST_MS: i64 = 221_845_392_000_000;

/// The clock of a realm, which all lifetimes, claims and dates follow.
///
/// It follows the system clock until a test advances, sets or freezes it. It has a precision of
/// milliseconds and a range from 1970 to 9000; times outside that range are clamped to it.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use smartpay_oauth_mock::Clock;
///
/// let clock = Clock::default();
/// clock.freeze_at(UNIX_EPOCH + Duration::from_secs(1_619_518_736));
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now(), UNIX_EPOCH + Duration::from_secs(1_619_518_796));
/// ```
#[derive(Debug, Default)]
pub struct Clock {
    mode: RwLock<Mode>,
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    /// Runs ahead of the system clock by this offset.
    Running { offset_ms: i64 },
    /// Frozen at this time.
    Frozen { at_ms: i64 },
}

impl Default for Mode {
    fn default() -> Self {
        Self::Running { offset_ms: 0 }
    }
}

impl Mode {
    fn now_ms(self) -> i64 {
        match self {
            // The system clock may have been set after the offset was.
            Self::Running { offset_ms } => in_range(machine_ms().saturating_add(offset_ms)),
            Self::Frozen { at_ms } => at_ms,
        }
    }

    /// Shows this time from now on, running or frozen as before.
    fn show(&mut self, now_ms: i64) {
        match self {
            Self::Running { offset_ms } => *offset_ms = in_range(now_ms) - machine_ms(),
            Self::Frozen { at_ms } => *at_ms = in_range(now_ms),
        }
    }
}

impl Clock {
    /// Returns the current time.
    pub fn now(&self) -> SystemTime {
        from_ms(self.now_ms())
    }

    /// Returns the current time in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        self.mode.read().now_ms()
    }

    /// Returns the offset from the system clock; it is positive if this clock is ahead.
    pub fn offset(&self) -> SignedDuration {
        SignedDuration::from_ms(match *self.mode.read() {
            Mode::Running { offset_ms } => offset_ms,
            Mode::Frozen { at_ms } => at_ms.saturating_sub(machine_ms()),
        })
    }

    /// Returns whether the clock is frozen.
    pub fn is_frozen(&self) -> bool {
        matches!(*self.mode.read(), Mode::Frozen { .. })
    }

    /// Advances the clock. A frozen clock stays frozen.
    pub fn advance(&self, by: Duration) {
        self.shift(SignedDuration::from_ms(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)));
    }

    /// Advances the clock, or moves it back if the duration is negative. A frozen clock stays
    /// frozen.
    pub fn shift(&self, by: SignedDuration) {
        let mut mode = self.mode.write();
        let now_ms = mode.now_ms().saturating_add(by.as_ms());
        mode.show(now_ms);
    }

    /// Sets the clock to a time, from which it continues. A frozen clock stays frozen.
    pub fn set(&self, now: SystemTime) {
        self.mode.write().show(to_ms(now));
    }

    /// Freezes the clock at its current time.
    pub fn freeze(&self) {
        let mut mode = self.mode.write();
        // A clock that ran beyond the range freezes at its end.
        *mode = Mode::Frozen { at_ms: in_range(mode.now_ms()) };
    }

    /// Freezes the clock at a time.
    pub fn freeze_at(&self, now: SystemTime) {
        *self.mode.write() = Mode::Frozen { at_ms: to_ms(now) };
    }

    /// Lets a frozen clock run again, from the time that it shows.
    pub fn unfreeze(&self) {
        let mut mode = self.mode.write();
        // A running clock keeps its offset to the millisecond.
        if let Mode::Frozen { at_ms } = *mode {
            *mode = Mode::Running { offset_ms: at_ms - machine_ms() };
        }
    }

    /// Resets the clock to the system time, running.
    pub fn reset(&self) {
        *self.mode.write() = Mode::default();
    }
}

/// Converts milliseconds since 1970 to a time.
pub(crate) fn from_ms(ms: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(ms.max(EARLIEST_MS).unsigned_abs())
}

/// Converts a time to milliseconds since 1970, within the range of a clock.
fn to_ms(time: SystemTime) -> i64 {
    let since_1970 = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).map_or(LATEST_MS, in_range)
}

fn machine_ms() -> i64 {
    to_ms(SystemTime::now())
}

fn in_range(ms: i64) -> i64 {
    ms.clamp(EARLIEST_MS, LATEST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_stands_still_until_it_is_moved() {
        let clock = Clock::default();
        clock.freeze_at(from_ms(1_000));
        assert_eq!((clock.now(), clock.is_frozen()), (from_ms(1_000), true));
        clock.advance(Duration::from_secs(2));
        assert_eq!(clock.now_ms(), 3_000);
        clock.shift(SignedDuration::from_ms(-500));
        assert_eq!(clock.now_ms(), 2_500);
        clock.set(from_ms(7));
        assert_eq!((clock.now_ms(), clock.is_frozen()), (7, true));
    }

    #[test]
    fn a_running_clock_keeps_its_offset() {
        let clock = Clock::default();
        clock.advance(Duration::from_secs(3_600));
        assert_eq!((clock.offset().as_ms(), clock.is_frozen()), (3_600_000, false));
        clock.freeze();
        clock.unfreeze();
        assert!((3_500_000..=3_600_000).contains(&clock.offset().as_ms()));
        clock.reset();
        assert_eq!(clock.offset().as_ms(), 0);
    }

    #[test]
    fn no_move_leaves_the_range_of_dates() {
        let clock = Clock::default();
        clock.advance(Duration::MAX);
        assert!(clock.now_ms() <= LATEST_MS + 10_000);
        clock.shift(SignedDuration::from_ms(i64::MIN));
        clock.freeze();
        assert!((0..=10_000).contains(&clock.now_ms()));
        clock.shift(SignedDuration::from_ms(i64::MAX));
        assert_eq!(clock.now_ms(), LATEST_MS);
        clock.set(UNIX_EPOCH - Duration::from_secs(1));
        assert_eq!(clock.now_ms(), EARLIEST_MS);
    }
}
