//! Colours on a terminal, for those who want them: <https://no-color.org>.

use std::env;
use std::io::IsTerminal;

/// Puts colours around texts, or does not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Color {
    on: bool,
}

impl Color {
    /// For standard output as it is.
    pub(super) fn of_stdout() -> Self {
        let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { on: std::io::stdout().is_terminal() && !set("NO_COLOR") && !dumb }
    }

    fn around(self, code: &str, text: &str) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(super) fn good(self, text: &str) -> String {
        self.around("32", text)
    }

    pub(super) fn bad(self, text: &str) -> String {
        self.around("31", text)
    }

    pub(super) fn unusual(self, text: &str) -> String {
        self.around("33", text)
    }

    pub(super) fn quiet(self, text: &str) -> String {
        self.around("2", text)
    }
}
