//! Logs panics as text or JSON, without the secrets that a panic message may quote.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::PanicHookInfo;

/// Logs all panics from now on, instead of printing them to standard error.
pub(super) fn log_panics() {
    std::panic::set_hook(Box::new(log));
}

fn log(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(tracing::field::display);
    // A message formatted at run time may quote a request, including its secrets.
    let message = panic.payload().downcast_ref::<&'static str>().copied();
    let message = message.unwrap_or("message omitted, since it may quote a request");
    tracing::error!(location, "panic: {message}");

    // Captured only if RUST_BACKTRACE is set. It has names and locations, but no values.
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
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_is_logged_with_its_location_and_without_formatted_values() {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .with_target(false)
            .finish();
        let default_hook = std::panic::take_hook();
        log_panics();
        let secret = "s3cret";
        tracing::subscriber::with_default(subscriber, || {
            let panics: [fn(&str); 2] = [|_| panic!("static text"), |text| panic!("got {text}")];
            for panic in panics {
                assert!(std::panic::catch_unwind(|| panic(secret)).is_err());
            }
        });
        std::panic::set_hook(default_hook);
        let log = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log.matches("ERROR panic: ").count(), 2, "{log}");
        assert_eq!(log.matches("location=src/cli/panic_log.rs:").count(), 2, "{log}");
        assert!(log.contains("static text") && !log.contains(secret), "{log}");
    }
}
