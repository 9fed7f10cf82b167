//! Output on standard output, in color on a terminal.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use super::error::CliError;

/// The first error of standard output. What is printed after it is lost.
static FAILURE: OnceLock<io::Error> = OnceLock::new();

/// Prints a line to standard output. An error is kept for [`check_stdout`].
pub(super) fn print(text: &str) {
    if FAILURE.get().is_some() {
        return;
    }

    let mut stdout = io::stdout().lock();
    if let Err(error) = writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        // Only the first error counts.
        let _ = FAILURE.set(error);
    }
}

/// Returns whether standard output takes nothing any more, so that printing on is useless.
pub(super) fn is_stdout_lost() -> bool {
    FAILURE.get().is_some()
}

/// Returns an error if something could not be printed. A reader that has closed the pipe is none: it
/// has what it wanted.
pub(super) fn check_stdout() -> Result<(), CliError> {
    match FAILURE.get() {
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CliError::runtime(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Whether to color text. `NO_COLOR` (<https://no-color.org>) and `TERM=dumb` turn colors off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Color {
    enabled: bool,
}

impl Color {
    /// Enables colors if the stream is a terminal that supports them.
    pub(super) fn for_stream(stream: &impl IsTerminal) -> Self {
        let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");

        Self { enabled: stream.is_terminal() && !no_color && !is_dumb }
    }

    pub(super) fn for_stdout() -> Self {
        Self::for_stream(&std::io::stdout())
    }

    pub(super) fn is_enabled(self) -> bool {
        self.enabled
    }

    pub(super) fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(super) fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    pub(super) fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.enabled { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
