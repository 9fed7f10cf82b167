//! The time of the store, which is the real time of all replicas.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

/// How long a measurement is kept although a later one took longer, and so is less precise.
const KEPT: Duration = Duration::from_secs(30);

/// The time after which the time is measured again.
const INTERVAL: Duration = Duration::from_millis(200);

/// The time of the store, as measured with the requests that it serves.
#[derive(Debug, Default)]
pub(crate) struct StoreTime {
    /// How far the store is ahead of this machine, in milliseconds.
    ahead_ms: AtomicI64,
    /// When the most precise measurement was made, and how long its round trip took.
    best: Mutex<Option<(Instant, Duration)>>,
    last: Mutex<Option<Instant>>,
    /// A moment here, and the time of the store then, in microseconds since 1970.
    origin: Mutex<Option<(Instant, i64)>>,
}

impl StoreTime {
    /// Whether a request is to bring the time.
    pub(super) fn is_due(&self) -> bool {
        self.last.lock().is_none_or(|last| last.elapsed() > INTERVAL)
    }

    /// Notes a time of the store, in seconds and microseconds, that a request sent at `sent` has brought.
    pub(super) fn note(&self, sent: Instant, seconds: &str, micros: &str) {
        let (Ok(seconds), Ok(micros)) = (seconds.parse::<i64>(), micros.parse::<i64>()) else {
            return;
        };
        let now = Instant::now();
        *self.last.lock() = Some(now);
        let round_trip = now - sent;
        {
            let mut best = self.best.lock();
            let is_better = best.is_none_or(|(at, shortest)| {
                round_trip <= shortest || now.duration_since(at) > KEPT
            });
            if !is_better {
                return;
            }
            *best = Some((now, round_trip));
        }

        let store_us = seconds * 1_000_000 + micros + round_trip.as_micros() as i64 / 2;
        let machine = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let ahead_us = store_us - i64::try_from(machine.as_micros()).unwrap_or(i64::MAX);
        self.ahead_ms.store(ahead_us.div_euclid(1_000), Ordering::Relaxed);
        self.origin.lock().get_or_insert((now, store_us));
    }

    /// Returns how far the store is ahead of this machine, in milliseconds.
    pub(crate) fn ahead_ms(&self) -> i64 {
        self.ahead_ms.load(Ordering::Relaxed)
    }

    /// Returns the time of the store at a moment here, in microseconds since 1970.
    pub(crate) fn micros_at(&self, moment: Instant) -> i64 {
        let Some((origin, micros)) = *self.origin.lock() else { return 0 };
        let since = moment.checked_duration_since(origin);
        let before = origin.saturating_duration_since(moment);
        micros + since.unwrap_or_default().as_micros() as i64 - before.as_micros() as i64
    }

    /// Returns the moment here at a time of the store.
    pub(crate) fn moment_at(&self, micros: i64) -> Instant {
        let Some((origin, origin_micros)) = *self.origin.lock() else { return Instant::now() };
        let distance = Duration::from_micros((micros - origin_micros).unsigned_abs());
        let moment = if micros >= origin_micros {
            origin.checked_add(distance)
        } else {
            origin.checked_sub(distance)
        };
        moment.unwrap_or(origin)
    }
}
