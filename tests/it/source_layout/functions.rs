//! The lengths of functions, and the blank lines and comments in them.

use std::fmt;

use super::source::{SourceFile, SourceTree};

/// The most lines that a function's body may have.
const MAX_LINES: usize = 70;
/// A body of this many lines needs a blank line.
const DENSE_LINES: usize = 25;
/// The fewest blank lines and comments inside functions, per 100 lines of code.
const MIN_BLANK_LINES: f64 = 4.0;
const MIN_COMMENTS: f64 = 2.0;

/// A function with a body.
struct Function<'f> {
    name: String,
    /// The line of its name, counted from 1.
    line: usize,
    /// The lines between its braces.
    body: Vec<&'f str>,
    /// Whether it is inside another function.
    is_nested: bool,
}

impl Function<'_> {
    fn blank_lines(&self) -> usize {
        self.body.iter().filter(|line| line.trim().is_empty()).count()
    }

    fn comment_lines(&self) -> usize {
        self.body.iter().filter(|line| line.trim().starts_with("//")).count()
    }
}

/// Returns the functions that are too long, or long and without a blank line.
pub fn find_long_functions(tree: &SourceTree) -> Vec<String> {
    let mut violations = Vec::new();

    for (path, file) in &tree.files {
        for function in functions(file) {
            let (lines, name) = (function.body.len(), &function.name);
            let place = format!("{path}:{}", function.line);
            if lines > MAX_LINES {
                violations.push(format!("{place}: {name} has {lines} lines, over {MAX_LINES}"));
            } else if lines >= DENSE_LINES && function.blank_lines() == 0 {
                violations.push(format!("{place}: {name} has {lines} lines and no blank line"));
            }
        }
    }
    violations
}

/// Blank lines and comments inside functions.
#[derive(Debug, PartialEq)]
pub struct Rhythm {
    pub code_lines: usize,
    pub blank_lines: usize,
    pub comment_lines: usize,
}

impl Rhythm {
    pub fn of(tree: &SourceTree) -> Self {
        let mut rhythm = Self { code_lines: 0, blank_lines: 0, comment_lines: 0 };
        for file in tree.files.values() {
            for function in functions(file).into_iter().filter(|function| !function.is_nested) {
                let (blank, comments) = (function.blank_lines(), function.comment_lines());
                rhythm.blank_lines += blank;
                rhythm.comment_lines += comments;
                rhythm.code_lines += function.body.len() - blank - comments;
            }
        }
        rhythm
    }

    fn blank_lines_per_100(&self) -> f64 {
        100.0 * self.blank_lines as f64 / self.code_lines as f64
    }

    fn comments_per_100(&self) -> f64 {
        100.0 * self.comment_lines as f64 / self.code_lines as f64
    }
}

impl fmt::Display for Rhythm {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (blank, comments) = (self.blank_lines_per_100(), self.comments_per_100());
        let code = self.code_lines;
        write!(f, "{code} lines of code in functions; per 100 of them: ")?;
        write!(f, "{blank:.1} blank lines, {comments:.1} comments")
    }
}

/// Returns which of the figures are too low.
pub fn find_sparse_rhythm(rhythm: &Rhythm) -> Vec<String> {
    [
        ("blank lines", rhythm.blank_lines_per_100(), MIN_BLANK_LINES),
        ("comments", rhythm.comments_per_100(), MIN_COMMENTS),
    ]
    .into_iter()
    .filter(|(_, measured, minimum)| measured < minimum)
    .map(|(what, measured, minimum)| {
        format!("{measured:.1} {what} per 100 lines of code, below {minimum}")
    })
    .collect()
}

fn functions(file: &SourceFile) -> Vec<Function<'_>> {
    let lines: Vec<&str> = file.text.lines().collect();
    let mut functions: Vec<Function> = Vec::new();
    let mut outer_end = 0;

    for (at, token) in file.tokens.iter().enumerate() {
        let Some(name) = file.tokens.get(at + 1).filter(|_| token.text == "fn") else { continue };
        // A type such as `fn(u32)` has no name, a method of a trait may have no body.
        let is_named = name.text.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let Some((open, end)) = find_body(file, at).filter(|_| is_named) else { continue };

        let close = file.tokens[end].line;
        let body = if open == close { &[][..] } else { &lines[open..close - 1] };
        functions.push(Function {
            name: name.text.clone(),
            line: name.line,
            body: body.to_vec(),
            is_nested: at < outer_end,
        });
        outer_end = outer_end.max(end);
    }
    functions
}

/// Returns the line of a function's opening brace and the token that is its closing one, or `None` if
/// it has no body.
fn find_body(file: &SourceFile, start: usize) -> Option<(usize, usize)> {
    let mut depth = 0;
    let mut open = None;

    for (at, token) in file.tokens.iter().enumerate().skip(start) {
        match token.text.as_str() {
            // A semicolon in brackets is part of an array type.
            ";" if open.is_none() && depth == 0 => return None,
            "{" | "(" | "[" => {
                if token.text == "{" && depth == 0 {
                    open = Some(token.line);
                }
                depth += 1;
            }
            "}" | ")" | "]" => {
                depth -= 1;
                if let Some(open) = open.filter(|_| depth == 0) {
                    return Some((open, at));
                }
            }
            _ => {}
        }
    }
    None
}
