//! Text from clients and files, in a form that a terminal and a log can show.

use std::borrow::Cow;

/// Returns a text in which every character that a terminal or a log acts on is escaped: control
/// characters, as in `\u{1b}` or `\n`, line separators, and those that change the direction of
/// writing.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }

    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unprintable(c) {
            printable.extend(c.escape_default());
        } else {
            printable.push(c);
        }
    }
    Cow::Owned(printable)
}

fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_escaped() {
        let hostile = "a\x1b[2J\u{9b}31m\r\n\t\x07\x7f\u{202e}b";
        assert_eq!(printable(hostile), r"a\u{1b}[2J\u{9b}31m\r\n\t\u{7}\u{7f}\u{202e}b");
        assert!(matches!(printable("é \\ 😀"), Cow::Borrowed(_)));
    }
}
