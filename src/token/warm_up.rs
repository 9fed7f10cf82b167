//! Prepares the cryptographic library in the background.
//!
//! Before its first signature, AWS-LC measures the jitter of the CPU for some 30 ms, unless it is built
//! without that. This passes while the server starts and the test prepares its first request.

use std::sync::Once;
use std::thread::{self, JoinHandle};

use parking_lot::Mutex;

use super::SigningKey;

static STARTED: Once = Once::new();
static THREAD: Mutex<Option<JoinHandle<()>>> = Mutex::new(None);

/// Starts to prepare the library. Has no effect after the first call in a process.
pub(crate) fn start() {
    STARTED.call_once(|| {
        let thread = thread::Builder::new().name("warm-up".to_owned());
        // The first signature prepares the library just as well, only later.
        *THREAD.lock() = thread.spawn(prepare).ok();
    });
}

/// Waits until the library is prepared. A process that ends before could be aborted: the library
/// frees its state at the end of the process, also while a thread uses it.
pub(crate) fn finish() {
    if let Some(thread) = THREAD.lock().take() {
        let _ = thread.join();
    }
}

/// Signs once, with the key that most servers have.
fn prepare() {
    let _ = SigningKey::development().sign(&());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_prepared_once_and_the_end_waits_for_it() {
        start();
        start();
        finish();
        assert!(THREAD.lock().is_none(), "the thread has ended");

        start();
        assert!(THREAD.lock().is_none(), "there is no second one");
        finish();
    }
}
