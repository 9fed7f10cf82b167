//! A tree of Rust files as text and as tokens, without what only tests compile.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Source files by their path inside the source folder, such as `http/mod.rs`.
pub struct SourceTree {
    pub files: BTreeMap<String, SourceFile>,
}

/// A source file.
pub struct SourceFile {
    /// The text as it is written.
    pub text: String,
    /// The tokens outside of comments, literals and test code.
    pub tokens: Vec<Token>,
}

/// An identifier, `::`, or one character of punctuation.
#[derive(Clone)]
pub struct Token {
    pub text: String,
    /// Counted from 1.
    pub line: usize,
}

impl SourceTree {
    /// Reads all Rust files below a folder.
    pub fn read(folder: &Path) -> Self {
        let mut texts = Vec::new();
        read_folder(folder, "", &mut texts);
        Self::new(texts)
    }

    /// Makes a tree of paths and texts.
    pub fn new(texts: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut files = BTreeMap::new();
        let mut test_files = Vec::new();

        for (path, text) in texts {
            let code = blank_comments_and_literals(&text);
            let folder = module_folder(&path);
            test_files
                .extend(test_modules(&code).into_iter().map(|name| format!("{folder}{name}.rs")));

            let tokens = tokenize(&blank_test_items(&code));
            files.insert(path, SourceFile { text, tokens });
        }

        // A whole file is test code if its declaration is.
        files.retain(|path, _| !test_files.contains(path));
        Self { files }
    }
}

fn read_folder(folder: &Path, prefix: &str, texts: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();

        if path.is_dir() {
            read_folder(&path, &format!("{prefix}{name}/"), texts);
        } else if name.ends_with(".rs") {
            texts.push((format!("{prefix}{name}"), fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Returns the folder of a file's child modules, with a slash at its end: `http/` for `http/mod.rs`,
/// `http/token/` for `http/token.rs`.
pub fn module_folder(path: &str) -> String {
    match path.strip_suffix("mod.rs").or(path.strip_suffix("lib.rs")) {
        Some(folder) => folder.to_owned(),
        None => format!("{}/", path.trim_end_matches(".rs")),
    }
}

/// Replaces comments and the contents of strings and characters by spaces, and keeps the lines.
fn blank_comments_and_literals(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;

    while at < characters.len() {
        let end = literal_end(&characters, at);
        if end == at {
            code.push(characters[at]);
            at += 1;
        } else {
            code.extend(characters[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    code
}

/// Returns where a comment, a literal or a lifetime ends that starts here, or the start if none does.
fn literal_end(characters: &[char], start: usize) -> usize {
    let is = |at: usize, text: &str| {
        text.chars().enumerate().all(|(n, c)| characters.get(at + n) == Some(&c))
    };
    let find = |from: usize, text: &str| {
        (from..characters.len()).find(|at| is(*at, text)).unwrap_or(characters.len())
    };

    if is(start, "//") {
        return find(start, "\n");
    }
    if is(start, "/*") {
        return (find(start, "*/") + 2).min(characters.len());
    }

    // r"…" and r#"…"#, where the r is not the end of a word.
    let is_word = |at: usize| characters[at].is_alphanumeric() || characters[at] == '_';
    let follows_word = start > 0 && is_word(start - 1) && characters[start - 1] != 'b';
    if is(start, "r") && !follows_word {
        let hashes = characters[start + 1..].iter().take_while(|c| **c == '#').count();
        if characters.get(start + 1 + hashes) == Some(&'"') {
            let end = format!("\"{}", "#".repeat(hashes));
            return (find(start + 2 + hashes, &end) + end.len()).min(characters.len());
        }
    }

    if is(start, "\"") {
        return quote_end(characters, start + 1, '"');
    }
    if is(start, "'") {
        // A lifetime is a word without a quote behind its first character.
        let is_lifetime = characters.get(start + 2) != Some(&'\'')
            && characters.get(start + 1).is_some_and(|c| c.is_alphabetic() || *c == '_');
        if !is_lifetime {
            return quote_end(characters, start + 1, '\'');
        }
        return (start + 1..characters.len()).find(|at| !is_word(*at)).unwrap_or(characters.len());
    }
    start
}

/// Returns the position behind a closing quote, skipping escapes.
fn quote_end(characters: &[char], start: usize, quote: char) -> usize {
    let mut at = start;
    while at < characters.len() && characters[at] != quote {
        at += if characters[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(characters.len())
}

/// The attributes of items that only tests compile, as rustfmt writes them.
const TEST_ATTRIBUTES: [&str; 2] = ["#[cfg(test)]", "#[cfg(all(test"];

/// Replaces items that only tests compile by spaces, and keeps the lines.
fn blank_test_items(code: &str) -> String {
    let mut blanked = code.to_owned();

    for attribute in TEST_ATTRIBUTES {
        while let Some(start) = blanked.find(attribute) {
            let end = item_end(&blanked, start + attribute.len());
            let blank: String =
                blanked[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
            blanked.replace_range(start..end, &blank);
        }
    }
    blanked
}

/// Returns the position behind an item: behind its first semicolon, or behind its block.
fn item_end(code: &str, start: usize) -> usize {
    let mut depth = 0;
    for (at, character) in code[start..].char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth <= 1 => return start + at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return start + at + 1,
            _ => {}
        }
    }
    code.len()
}

/// Returns the names of the modules in files of their own that only tests compile.
fn test_modules(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for attribute in TEST_ATTRIBUTES {
        for (start, _) in code.match_indices(attribute) {
            let item = &code[start..item_end(code, start + attribute.len())];
            let declaration = item.lines().last().unwrap_or_default();
            if let Some(name) = declaration.strip_prefix("mod ").and_then(|d| d.strip_suffix(';')) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

fn tokenize(code: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();

    for (number, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let length = match word {
                0 if rest.starts_with("::") => 2,
                0 => first.len_utf8(),
                word => word,
            };
            tokens.push(Token { text: rest[..length].to_owned(), line: number + 1 });
            rest = rest[length..].trim_start();
        }
    }
    tokens
}
