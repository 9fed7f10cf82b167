//! The lock of the grant store. In tests it can be one that loom schedules, which then tries every
//! order in which threads take it, or one that panics on purpose.

#[cfg(not(test))]
pub(super) use parking_lot::Mutex as Lock;

#[cfg(test)]
pub(super) use in_tests::Lock;

#[cfg(test)]
mod in_tests {
    use std::ops::{Deref, DerefMut};
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A lock that tests control.
    pub(in crate::store) enum Lock<T> {
        Plain {
            inside: parking_lot::Mutex<T>,
            /// The number of times the lock is taken until it panics; 0: it does not panic.
            panics_in: AtomicUsize,
        },
        Loom(loom::sync::Mutex<T>),
    }

    pub(in crate::store) enum Guard<'l, T> {
        Plain(parking_lot::MutexGuard<'l, T>),
        Loom(loom::sync::MutexGuard<'l, T>),
    }

    impl<T: Default> Default for Lock<T> {
        fn default() -> Self {
            Self::Plain { inside: parking_lot::Mutex::default(), panics_in: AtomicUsize::new(0) }
        }
    }

    impl<T: Default> Lock<T> {
        /// Makes a lock that loom schedules. It works within `loom::model` only.
        pub(in crate::store) fn with_loom() -> Self {
            Self::Loom(loom::sync::Mutex::new(T::default()))
        }
    }

    impl<T> Lock<T> {
        pub(in crate::store) fn lock(&self) -> Guard<'_, T> {
            match self {
                Self::Plain { inside, panics_in } => {
                    let remaining =
                        panics_in.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |times| {
                            times.checked_sub(1)
                        });
                    assert_ne!(remaining, Ok(1), "a panic on purpose");

                    Guard::Plain(inside.lock())
                }
                Self::Loom(inside) => Guard::Loom(inside.lock().unwrap()),
            }
        }

        /// Panics when the lock is taken for the n-th time from now on; 0 cancels that.
        pub(in crate::store) fn panic_in(&self, times: usize) {
            if let Self::Plain { panics_in, .. } = self {
                panics_in.store(times, Ordering::Relaxed);
            }
        }
    }

    impl<T> Deref for Guard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            match self {
                Self::Plain(guard) => guard,
                Self::Loom(guard) => guard,
            }
        }
    }

    impl<T> DerefMut for Guard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            match self {
                Self::Plain(guard) => guard,
                Self::Loom(guard) => guard,
            }
        }
    }
}
