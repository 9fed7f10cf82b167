//! Panics in the log, like anything else that happens: as text or JSON, and without secrets.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::borrow::Cow;
use std::panic::PanicHookInfo;

/// Logs every panic from now on, in place of what Rust prints.
pub(super) fn log_panics() {
    std::panic::set_hook(Box::new(log));
}

fn log(panic: &PanicHookInfo<'_>) {
    let place = panic
        .location()
        .map_or(Cow::Borrowed("an unknown place"), |place| Cow::Owned(place.to_string()));
    // A text that was put together at run time may quote what a client sent, its secrets included.
    let text = panic.payload().downcast_ref::<&'static str>();
    let text = text.copied().unwrap_or("its words are left out, since they may quote a request");
    tracing::error!("a panic at {place}: {text}");
    // Where RUST_BACKTRACE asks for it. Its frames are names and places, and quote nothing.
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        tracing::error!("{backtrace}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_is_logged_with_its_place_and_without_what_it_quotes() {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .with_target(false)
            .finish();
        let usual = std::panic::take_hook();
        log_panics();
        let secret = "s3cret";
        tracing::subscriber::with_default(subscriber, || {
            let panics: [fn(&str); 2] = [|_| panic!("plain words"), |text| panic!("got {text}")];
            for panic in panics {
                assert!(std::panic::catch_unwind(|| panic(secret)).is_err());
            }
        });
        std::panic::set_hook(usual);
        let log = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log.matches("ERROR a panic at src/cli/panic_log.rs:").count(), 2, "{log}");
        assert!(log.contains("plain words") && !log.contains(secret), "{log}");
    }
}
