//! The only source of time: the system clock, with an offset, or frozen.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use crate::units::SignedDuration;

/// The earliest time that a clock can show: 1970-01-01T00:00:00Z.
const EARLIEST_MS: i64 = 0;
/// The latest time: 9000-01-01T00:00:00Z. Lifetimes can be added before years have five digits.
const LATEST_MS: i64 = 221_845_392_000_000;

/// The clock of a realm, which all lifetimes, claims and dates follow.
///
/// It follows the system clock until a test advances, sets or freezes it. It has a precision of
/// milliseconds and a range from 1970 to 9000. A change to a time outside that range is refused.
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
    /// How far the real time is ahead of the system clock, in milliseconds. It is not 0 if a shared
    /// store has the real time.
    ahead_ms: AtomicI64,
}

/// Whether and how a clock runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
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

/// The error when a clock would have to show a time before 1970 or after 9000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a clock shows times from 1970-01-01T00:00:00Z to 9000-01-01T00:00:00Z only")]
pub struct ClockRangeError;

/// A time to set a clock to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ClockTarget {
    Time(SystemTime),
    /// The offset from the system clock.
    Offset(SignedDuration),
    /// The distance from the time that the clock shows.
    Shift(SignedDuration),
}

impl Mode {
    fn now_ms(self, real_ms: i64) -> i64 {
        match self {
            Self::Running { offset_ms } => real_ms.saturating_add(offset_ms),
            Self::Frozen { at_ms } => at_ms,
        }
    }

    /// Returns the mode in which the clock shows another time, running or frozen as before.
    fn moved_to(self, target: ClockTarget, real_ms: i64) -> Result<Self, ClockRangeError> {
        let now_ms = match target {
            ClockTarget::Time(time) => to_ms(time)?,
            ClockTarget::Offset(offset) => real_ms.saturating_add(offset.as_ms()),
            ClockTarget::Shift(by) => self.now_ms(real_ms).saturating_add(by.as_ms()),
        };
        if !(EARLIEST_MS..=LATEST_MS).contains(&now_ms) {
            return Err(ClockRangeError);
        }

        Ok(match self {
            Self::Running { .. } => Self::Running { offset_ms: now_ms - real_ms },
            Self::Frozen { .. } => Self::Frozen { at_ms: now_ms },
        })
    }

    fn frozen(self, real_ms: i64) -> Self {
        // A clock that ran beyond the range freezes at its end.
        Self::Frozen { at_ms: self.now_ms(real_ms).clamp(EARLIEST_MS, LATEST_MS) }
    }

    fn running(self, real_ms: i64) -> Self {
        match self {
            // A running clock keeps its offset to the millisecond.
            Self::Running { .. } => self,
            Self::Frozen { at_ms } => Self::Running { offset_ms: at_ms - real_ms },
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
        self.mode.read().now_ms(self.real_ms())
    }

    /// Returns the offset from the system clock; it is positive if this clock is ahead.
    pub fn offset(&self) -> SignedDuration {
        SignedDuration::from_ms(match *self.mode.read() {
            Mode::Running { offset_ms } => offset_ms,
            Mode::Frozen { at_ms } => at_ms.saturating_sub(self.real_ms()),
        })
    }

    /// Returns whether the clock is frozen.
    pub fn is_frozen(&self) -> bool {
        matches!(*self.mode.read(), Mode::Frozen { .. })
    }

    /// Advances the clock. A frozen clock stays frozen.
    ///
    /// # Panics
    ///
    /// If the time would be after 9000. [`Clock::try_shift`] returns an error instead.
    pub fn advance(&self, by: Duration) {
        self.shift(SignedDuration::from_ms(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)));
    }

    /// Advances the clock, or moves it back if the duration is negative. A frozen clock stays
    /// frozen.
    ///
    /// # Panics
    ///
    /// If the time would be before 1970 or after 9000. [`Clock::try_shift`] returns an error instead.
    pub fn shift(&self, by: SignedDuration) {
        assert!(self.try_shift(by).is_ok(), "{ClockRangeError}");
    }

    /// Shifts the clock like [`Clock::shift`], unless its time would be out of range.
    ///
    /// # Errors
    ///
    /// If the time would be before 1970 or after 9000. In that case nothing changes.
    pub fn try_shift(&self, by: SignedDuration) -> Result<(), ClockRangeError> {
        self.update(Some(ClockTarget::Shift(by)), None)
    }

    /// Sets the clock to a time, from which it continues. A frozen clock stays frozen.
    ///
    /// # Panics
    ///
    /// If the time is before 1970 or after 9000. [`Clock::try_set`] returns an error instead.
    pub fn set(&self, now: SystemTime) {
        assert!(self.try_set(now).is_ok(), "{ClockRangeError}");
    }

    /// Sets the clock like [`Clock::set`], unless the time is out of range.
    ///
    /// # Errors
    ///
    /// If the time is before 1970 or after 9000. In that case nothing changes.
    pub fn try_set(&self, now: SystemTime) -> Result<(), ClockRangeError> {
        self.update(Some(ClockTarget::Time(now)), None)
    }

    /// Freezes the clock at its current time.
    pub fn freeze(&self) {
        let mut mode = self.mode.write();
        *mode = mode.frozen(self.real_ms());
    }

    /// Freezes the clock at a time.
    ///
    /// # Panics
    ///
    /// If the time is before 1970 or after 9000.
    pub fn freeze_at(&self, now: SystemTime) {
        let updated = self.update(Some(ClockTarget::Time(now)), Some(true));
        assert!(updated.is_ok(), "{ClockRangeError}");
    }

    /// Lets a frozen clock run again, from the time that it shows.
    pub fn unfreeze(&self) {
        let mut mode = self.mode.write();
        *mode = mode.running(self.real_ms());
    }

    /// Moves, freezes and unfreezes the clock in one step. If the time would be out of range, nothing
    /// changes.
    pub(crate) fn update(
        &self,
        target: Option<ClockTarget>,
        is_frozen: Option<bool>,
    ) -> Result<(), ClockRangeError> {
        let mut mode = self.mode.write();
        // Frozen before it is moved: a running clock would no longer show the target when it is frozen.
        let real_ms = self.real_ms();
        let start = if is_frozen == Some(true) { mode.frozen(real_ms) } else { *mode };
        let moved = target.map_or(Ok(start), |target| start.moved_to(target, real_ms))?;

        *mode = if is_frozen == Some(false) { moved.running(real_ms) } else { moved };
        Ok(())
    }

    /// Returns whether and how the clock runs.
    pub(crate) fn mode(&self) -> Mode {
        *self.mode.read()
    }

    /// Lets the clock run as another one does.
    pub(crate) fn restore(&self, mode: Mode) {
        *self.mode.write() = mode;
    }

    /// Sets how far the real time is ahead of the system clock, in milliseconds.
    pub(crate) fn set_ahead_ms(&self, ahead_ms: i64) {
        self.ahead_ms.store(ahead_ms, Ordering::Relaxed);
    }

    fn real_ms(&self) -> i64 {
        machine_ms().saturating_add(self.ahead_ms.load(Ordering::Relaxed))
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

/// Converts a time to milliseconds since 1970.
pub(crate) fn to_ms(time: SystemTime) -> Result<i64, ClockRangeError> {
    let since_1970 = time.duration_since(UNIX_EPOCH).map_err(|_| ClockRangeError)?;
    i64::try_from(since_1970.as_millis()).map_err(|_| ClockRangeError)
}

fn machine_ms() -> i64 {
    to_ms(SystemTime::now()).map_or(EARLIEST_MS, |ms| ms.clamp(EARLIEST_MS, LATEST_MS))
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
    fn a_running_clock_is_frozen_at_exactly_the_given_time() {
        let clock = Clock::default();
        for ms in 0..100_000 {
            clock.reset();
            clock.freeze_at(from_ms(ms));
            assert_eq!(clock.now_ms(), ms);
        }
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
    fn a_time_out_of_range_is_refused_and_changes_nothing() {
        let clock = Clock::default();
        clock.freeze_at(from_ms(5_000));

        for by_ms in [i64::MIN, -5_001, LATEST_MS, i64::MAX] {
            assert_eq!(clock.try_shift(SignedDuration::from_ms(by_ms)), Err(ClockRangeError));
        }
        for time in [UNIX_EPOCH - Duration::from_secs(1), from_ms(LATEST_MS + 1)] {
            assert_eq!(clock.try_set(time), Err(ClockRangeError));
        }
        let offset = ClockTarget::Offset(SignedDuration::from_ms(i64::MAX));
        assert_eq!(clock.update(Some(offset), Some(false)), Err(ClockRangeError));
        assert_eq!((clock.now_ms(), clock.is_frozen()), (5_000, true));

        clock.try_shift(SignedDuration::from_ms(-5_000)).unwrap();
        assert_eq!(clock.now_ms(), EARLIEST_MS);
        clock.try_set(from_ms(LATEST_MS)).unwrap();
        assert_eq!(clock.now_ms(), LATEST_MS);
    }

    #[test]
    #[should_panic(expected = "from 1970")]
    fn an_advance_out_of_range_panics() {
        Clock::default().advance(Duration::MAX);
    }
}
