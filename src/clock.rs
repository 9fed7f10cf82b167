//! The one source of time: the machine's clock, shifted, set or frozen.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::RwLock;

/// The first instant that a clock can show: 1970-01-01T00:00:00Z.
const EARLIEST_MS: i64 = 0;
/// The last: 9000-01-01T00:00:00Z, with room for lifetimes before dates run out of digits.
const LATEST_MS: i64 = 221_845_392_000_000;

/// A realm's clock. All lifetimes, claims and dates follow it; it runs with the machine's clock
/// until someone moves or freezes it.
///
/// ```
/// use std::time::Duration;
/// use smartpay_oauth_mock::Clock;
///
/// let clock = Clock::default();
/// clock.freeze_at(1_619_518_736_895);
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now_ms(), 1_619_518_796_895);
/// ```
#[derive(Debug, Default)]
pub struct Clock {
    hand: RwLock<Mode>,
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    /// Runs, this many milliseconds ahead of the machine's clock.
    Running { offset_ms: i64 },
    /// Stands at this time.
    Frozen { at_ms: i64 },
}

impl Default for Mode {
    fn default() -> Self {
        Self::Running { offset_ms: 0 }
    }
}

impl Clock {
    /// The time now, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        match *self.hand.read() {
            Mode::Running { offset_ms } => machine_ms().saturating_add(offset_ms),
            Mode::Frozen { at_ms } => at_ms,
        }
    }

    /// How far ahead of the machine's clock this one is, in milliseconds.
    pub fn offset_ms(&self) -> i64 {
        match *self.hand.read() {
            Mode::Running { offset_ms } => offset_ms,
            Mode::Frozen { at_ms } => at_ms.saturating_sub(machine_ms()),
        }
    }

    /// Whether the clock stands still.
    pub fn is_frozen(&self) -> bool {
        matches!(*self.hand.read(), Mode::Frozen { .. })
    }

    /// Moves the clock forward; a frozen one stays frozen.
    pub fn advance(&self, by: Duration) {
        self.shift(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
    }

    /// Moves the clock by so many milliseconds, back if negative; a frozen one stays frozen.
    pub fn shift(&self, by_ms: i64) {
        let mut hand = self.hand.write();
        match &mut *hand {
            Mode::Running { offset_ms } => {
                let machine = machine_ms();
                let shown = within(machine.saturating_add(*offset_ms).saturating_add(by_ms));
                *offset_ms = shown - machine;
            }
            Mode::Frozen { at_ms } => *at_ms = within(at_ms.saturating_add(by_ms)),
        }
    }

    /// Sets the clock to a time in milliseconds since 1970; it goes on from there, or stays
    /// frozen there if it was frozen. Times outside 1970 to 9000 are moved to the nearer end.
    pub fn set(&self, now_ms: i64) {
        let mut hand = self.hand.write();
        match &mut *hand {
            Mode::Running { offset_ms } => *offset_ms = within(now_ms) - machine_ms(),
            Mode::Frozen { at_ms } => *at_ms = within(now_ms),
        }
    }

    /// Freezes the clock where it is.
    pub fn freeze(&self) {
        let now = self.now_ms();
        self.freeze_at(now);
    }

    /// Freezes the clock at a time in milliseconds since 1970.
    pub fn freeze_at(&self, now_ms: i64) {
        *self.hand.write() = Mode::Frozen { at_ms: within(now_ms) };
    }

    /// Lets a frozen clock run on from where it stands.
    pub fn unfreeze(&self) {
        let mut hand = self.hand.write();
        if let Mode::Frozen { at_ms } = *hand {
            *hand = Mode::Running { offset_ms: at_ms - machine_ms() };
        }
    }

    /// Back to the machine's time, running.
    pub fn reset(&self) {
        *self.hand.write() = Mode::default();
    }
}

/// Returns the time that is this many milliseconds after 1970.
pub(crate) fn from_ms(ms: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(ms.max(EARLIEST_MS).unsigned_abs())
}

fn machine_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).map_or(LATEST_MS, within)
}

fn within(ms: i64) -> i64 {
    ms.clamp(EARLIEST_MS, LATEST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_stands_until_moved() {
        let clock = Clock::default();
        clock.freeze_at(1_000);
        assert_eq!((clock.now_ms(), clock.is_frozen()), (1_000, true));
        clock.advance(Duration::from_secs(2));
        assert_eq!(clock.now_ms(), 3_000);
        clock.shift(-500);
        assert_eq!(clock.now_ms(), 2_500);
        clock.set(7);
        assert_eq!((clock.now_ms(), clock.is_frozen()), (7, true));
    }

    #[test]
    fn a_running_clock_keeps_its_shift() {
        let clock = Clock::default();
        clock.shift(3_600_000);
        assert_eq!((clock.offset_ms(), clock.is_frozen()), (3_600_000, false));
        clock.freeze();
        clock.unfreeze();
        assert!((3_500_000..=3_600_000).contains(&clock.offset_ms()));
        clock.reset();
        assert_eq!(clock.offset_ms(), 0);
    }

    #[test]
    fn no_shift_leaves_the_range_of_dates() {
        let clock = Clock::default();
        clock.advance(Duration::MAX);
        assert!(clock.now_ms() <= LATEST_MS + 10_000);
        clock.shift(i64::MIN);
        clock.freeze();
        assert!((0..=10_000).contains(&clock.now_ms()));
        clock.shift(i64::MAX);
        assert_eq!(clock.now_ms(), LATEST_MS);
    }
}
