//! Logs panics as text or JSON, without the secrets that a panic message may quote.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::PanicHookInfo;

/// What is logged of a panic.
pub(super) struct PanicReport {
    file: String,
    line: u32,
    column: u32,
    message: &'static str,
    /// Captured only if `RUST_BACKTRACE` is set. It has names and locations, but no values.
    backtrace: Backtrace,
}

impl PanicReport {
    /// Collects what is logged, in the panic hook: a panic there would abort the process, so nothing is
    /// formatted yet.
    pub(super) fn new(panic: &PanicHookInfo<'_>) -> Self {
        let (file, line, column) = panic.location().map_or(("an unknown file", 0, 0), |location| {
            (location.file(), location.line(), location.column())
        });
        // A message formatted at run time may quote a request, including its secrets.
        let message = panic.payload().downcast_ref::<&'static str>().copied();
        let message = message.unwrap_or("message omitted, since it may quote a request");

        Self { file: file.to_owned(), line, column, message, backtrace: Backtrace::capture() }
    }

    /// Logs the panic.
    pub(super) fn log(&self) {
        let Self { file, line, column, message, backtrace } = self;
        tracing::error!(location = %format_args!("{file}:{line}:{column}"), "panic: {message}");
        if backtrace.status() == BacktraceStatus::Captured {
            tracing::error!("{backtrace}");
        }
    }

    /// Returns roughly the memory that the report takes, in bytes.
    pub(super) fn size(&self) -> usize {
        match self.backtrace.status() {
            BacktraceStatus::Captured => 16 * 1024,
            _ => 256,
        }
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
        let reports: Arc<Mutex<Vec<PanicReport>>> = Arc::default();
        let collected = Arc::clone(&reports);
        let default_hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            collected.lock().unwrap().push(PanicReport::new(panic));
        }));
        let secret = "s3cret";
        let panics: [fn(&str); 2] = [|_| panic!("static text"), |text| panic!("got {text}")];
        for panic in panics {
            assert!(std::panic::catch_unwind(|| panic(secret)).is_err());
        }
        std::panic::set_hook(default_hook);
        tracing::subscriber::with_default(subscriber, || {
            let reports = reports.lock().unwrap();
            // Other tests of this process may panic meanwhile, as they mean to.
            let own = reports.iter().filter(|report| report.file == file!());
            own.for_each(PanicReport::log);
        });
        let log = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log.matches("ERROR panic: ").count(), 2, "{log}");
        assert_eq!(log.matches("location=src/cli/panic_log.rs:").count(), 2, "{log}");
        assert!(log.contains("static text") && !log.contains(secret), "{log}");
    }
}
