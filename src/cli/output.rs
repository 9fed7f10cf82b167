//! Output on standard output, in color on a terminal.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use serde_json::Value;

use super::error::CliError;
use crate::units::printable;

/// The first error of standard output. What is printed after it is lost.
static FAILURE: OnceLock<io::Error> = OnceLock::new();

/// Returns a response of the server with every text in a form that a terminal can show: clients may
/// have sent any characters.
pub(super) fn printable_values(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(printable(text)),
        Value::Array(items) => items.iter().map(printable_values).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (printable(name).into_owned(), printable_values(value)))
            .collect(),
        other => other.clone(),
    }
}

/// Returns a value as JSON in one line that a terminal can show.
pub(super) fn to_json(value: &Value) -> String {
    printable_json(value.to_string())
}

/// Returns JSON in which all control characters are escaped. JSON requires this of some only.
pub(super) fn printable_json(json: String) -> String {
    let is_escaped = |c: char| c == '\x7f' || ('\u{80}'..='\u{9f}').contains(&c);
    if !json.contains(is_escaped) {
        return json;
    }

    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if is_escaped(c) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

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

    /// Returns no colors, for a file.
    pub(super) fn none() -> Self {
        Self { enabled: false }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_response_cannot_send_commands_to_the_terminal() {
        let hostile = json!({ "a\u{1b}": ["\u{1b}[2J", "\u{9b}31m"] });
        assert_eq!(printable_values(&hostile), json!({ "a\\u{1b}": ["\\u{1b}[2J", "\\u{9b}31m"] }));

        let json = to_json(&hostile);
        assert_eq!(json, r#"{"a\u001b":["\u001b[2J","\u009b31m"]}"#.replace(r"\\u", r"\u"));
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), hostile);
    }
}
