//! Output on standard output, in color on a terminal.

use std::env;
use std::io::{IsTerminal, Write};

/// Prints a line to standard output. A reader that has closed the pipe is not an error.
pub(super) fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
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
