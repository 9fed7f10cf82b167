//! Which file uses which: the paths in `use` declarations, expressions and types, followed through
//! re-exports to the file that defines the item.
//!
//! A module that is imported is no dependency by itself; the paths that start with its name are.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{SourceTree, Token, module_folder};

/// A path in one file that leads to an item of another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    pub from: String,
    pub line: usize,
    pub path: String,
    /// The file that defines the item.
    pub to: String,
}

/// One name that a `use` declaration brings into scope.
struct Use {
    segments: Vec<String>,
    /// The name in this file; `*` for everything.
    name: String,
    line: usize,
    is_public: bool,
    /// Whether it is outside of any block, so that other files can see it.
    is_top_level: bool,
}

/// What a file contains, as far as paths are concerned.
#[derive(Default)]
struct Module {
    /// The path of the module, without `crate`.
    segments: Vec<String>,
    /// Names of items that are defined at the top level.
    items: BTreeSet<String>,
    uses: Vec<Use>,
    /// Paths in expressions and types, with their lines.
    paths: Vec<(Vec<String>, usize)>,
    /// Words outside of `use` declarations.
    words: BTreeSet<String>,
}

/// The imports of a source tree.
pub struct Imports {
    pub resolved: BTreeSet<Import>,
    /// Paths into the crate that lead to no item, as violations.
    pub unresolved: Vec<String>,
}

impl Imports {
    pub fn of(tree: &SourceTree) -> Self {
        let modules = Modules::new(tree);
        let mut imports = Self { resolved: BTreeSet::new(), unresolved: Vec::new() };

        for (file, module) in &modules.by_file {
            for (segments, line) in modules.dependencies(file, module) {
                let path = segments.join("::");
                match modules.resolve(file, &segments, 0) {
                    Some(Target::Item(to)) if to != *file => {
                        imports.resolved.insert(Import { from: file.clone(), line, path, to });
                    }
                    Some(_) => {}
                    None => {
                        imports.unresolved.push(format!("{file}:{line}: {path} leads nowhere"));
                    }
                }
            }
        }
        imports
    }
}

/// All modules by file.
struct Modules {
    by_file: BTreeMap<String, Module>,
}

/// Where a path leads.
enum Target {
    /// To an item, which this file defines.
    Item(String),
    Module,
}

impl Modules {
    fn new(tree: &SourceTree) -> Self {
        let by_file = tree
            .files
            .iter()
            .map(|(path, file)| (path.clone(), parse_module(path, &file.tokens)))
            .collect();
        Self { by_file }
    }

    /// Returns the paths of a file that lead into this crate.
    fn dependencies<'m>(
        &'m self,
        file: &'m str,
        module: &'m Module,
    ) -> impl Iterator<Item = (Vec<String>, usize)> + 'm {
        let is_facade = file.ends_with("mod.rs") || file == "lib.rs";

        // A re-export alone does not make a parent depend on its child.
        let uses = module
            .uses
            .iter()
            .filter(move |item| !(is_facade && item.is_public) || module.words.contains(&item.name))
            .filter(|item| item.name != "*")
            .map(|item| (item.segments.clone(), item.line));
        uses.chain(module.paths.iter().cloned())
            .filter(move |(segments, _)| self.is_internal(file, &segments[0]))
    }

    /// Returns whether a path that starts with this segment leads into this crate.
    fn is_internal(&self, file: &str, first: &str) -> bool {
        matches!(first, "crate" | "self" | "super" | "smartpay_oauth_mock")
            || self.child(file, first).is_some()
            || self.by_file[file].uses.iter().any(|item| {
                item.name == first
                    && item.segments[0] != first
                    && self.is_internal(file, &item.segments[0])
                    && matches!(self.resolve(file, &item.segments, 0), Some(Target::Module))
            })
    }

    /// Follows a path, seen from a file. `hops` counts re-exports, which may be circular.
    fn resolve(&self, file: &str, segments: &[String], hops: usize) -> Option<Target> {
        if hops > 20 {
            return None;
        }

        let mut at = match segments[0].as_str() {
            "crate" | "smartpay_oauth_mock" => "lib.rs".to_owned(),
            "self" => file.to_owned(),
            "super" => self.parent(file)?,
            first => return self.resolve_name(file, first, &segments[1..], hops),
        };

        let mut rest = &segments[1..];
        while let Some("super") = rest.first().map(String::as_str) {
            at = self.parent(&at)?;
            rest = &rest[1..];
        }
        match rest.split_first() {
            Some((first, rest)) => self.resolve_name(&at, first, rest, hops),
            None => Some(Target::Module),
        }
    }

    /// Follows a name in a module, and the path behind it.
    fn resolve_name(&self, file: &str, name: &str, rest: &[String], hops: usize) -> Option<Target> {
        let module = self.by_file.get(file)?;

        if module.items.contains(name) {
            return Some(Target::Item(file.to_owned()));
        }
        if let Some(child) = self.child(file, name) {
            return match rest.split_first() {
                Some((next, rest)) => self.resolve_name(&child, next, rest, hops),
                None => Some(Target::Module),
            };
        }

        // A re-export of another crate's item belongs to the file with the re-export.
        let named = module.uses.iter().filter(|item| item.is_top_level && item.name == name);
        for item in named {
            if !self.starts_in_crate(file, &item.segments) {
                return Some(Target::Item(file.to_owned()));
            }
            let segments = [&item.segments, rest].concat();
            if let Some(target) = self.resolve(file, &segments, hops + 1) {
                return Some(target);
            }
        }

        let globs = module.uses.iter().filter(|item| item.is_top_level && item.name == "*");
        globs.filter(|item| self.starts_in_crate(file, &item.segments)).find_map(|item| {
            let segments = [&item.segments, &[name.to_owned()][..], rest].concat();
            self.resolve(file, &segments, hops + 1)
        })
    }

    fn starts_in_crate(&self, file: &str, segments: &[String]) -> bool {
        matches!(segments[0].as_str(), "crate" | "self" | "super" | "smartpay_oauth_mock")
            || self.child(file, &segments[0]).is_some()
    }

    fn child(&self, file: &str, name: &str) -> Option<String> {
        let folder = if file == "lib.rs" { String::new() } else { module_folder(file) };
        let candidates = [format!("{folder}{name}.rs"), format!("{folder}{name}/mod.rs")];
        candidates.into_iter().find(|path| self.by_file.contains_key(path) && path != "lib.rs")
    }

    fn parent(&self, file: &str) -> Option<String> {
        let (_, parent) = self.by_file.get(file)?.segments.split_last()?;
        self.by_file
            .iter()
            .find(|(path, module)| module.segments == parent && *path != "main.rs")
            .map(|(path, _)| path.clone())
    }
}

fn parse_module(path: &str, tokens: &[Token]) -> Module {
    const ITEMS: [&str; 9] =
        ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "mod"];
    let mut module = Module { segments: module_segments(path), ..Module::default() };
    let (mut at, mut depth) = (0, 0);

    while at < tokens.len() {
        let word = tokens[at].text.as_str();
        let next = tokens.get(at + 1).map_or("", |token| token.text.as_str());
        match word {
            "{" => depth += 1,
            "}" => depth -= 1,
            "use" => {
                let is_public = at > 0 && matches!(tokens[at - 1].text.as_str(), "pub" | ")");
                let end = at + tokens[at..].iter().position(|t| t.text == ";").unwrap_or(0);
                for mut item in parse_use(&tokens[at + 1..end], &[]) {
                    (item.is_public, item.is_top_level) = (is_public, depth == 0);
                    module.uses.push(item);
                }
                at = end;
            }
            _ if depth == 0 && ITEMS.contains(&word) => {
                // `mod name;` declares a file, which is no item of this one.
                let is_file =
                    word == "mod" && tokens.get(at + 2).is_some_and(|token| token.text == ";");
                if !is_file {
                    module.items.insert(next.to_owned());
                }
            }
            _ if next == "::" && starts_path(tokens, at) => {
                let segments = path_segments(&tokens[at..]);
                at += 2 * (segments.len() - 1);
                module.words.extend(segments.iter().cloned());
                module.paths.push((segments, tokens[at].line));
            }
            _ => _ = module.words.insert(word.to_owned()),
        }
        at += 1;
    }
    module
}

/// Returns the module path of a file: `["http", "token"]` for `http/token.rs`.
fn module_segments(path: &str) -> Vec<String> {
    let module = path.trim_end_matches(".rs").trim_end_matches("/mod");
    match module {
        "lib" => Vec::new(),
        module => module.split('/').map(str::to_owned).collect(),
    }
}

/// Returns whether a word is the first of a path.
fn starts_path(tokens: &[Token], at: usize) -> bool {
    let previous = at.checked_sub(1).map_or("", |at| tokens[at].text.as_str());
    is_word(&tokens[at].text) && !matches!(previous, "::" | ".")
}

fn path_segments(tokens: &[Token]) -> Vec<String> {
    let mut segments = vec![tokens[0].text.clone()];
    for pair in tokens[1..].chunks_exact(2) {
        if pair[0].text != "::" || !is_word(&pair[1].text) {
            break;
        }
        segments.push(pair[1].text.clone());
    }
    segments
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Parses the tree of a `use` declaration, without its keyword and its semicolon.
fn parse_use(tokens: &[Token], prefix: &[String]) -> Vec<Use> {
    let mut segments = prefix.to_vec();
    let mut at = 0;

    while at < tokens.len() {
        let text = tokens[at].text.as_str();
        if text == "{" {
            let group = &tokens[at + 1..tokens.len() - 1];
            return split_at_commas(group).flat_map(|part| parse_use(part, &segments)).collect();
        }
        if text == "as" {
            let name = tokens[at + 1].text.clone();
            return vec![Use::new(segments, name, tokens[at].line)];
        }
        match text {
            "::" | "*" => {}
            // `a::{self}` is `a`.
            "self" if !segments.is_empty() => {}
            name => segments.push(name.to_owned()),
        }
        at += 1;
    }

    let Some(last) = tokens.last() else { return Vec::new() };
    let name = if last.text == "*" { "*".to_owned() } else { segments.last().unwrap().clone() };
    vec![Use::new(segments, name, last.line)]
}

impl Use {
    fn new(segments: Vec<String>, name: String, line: usize) -> Self {
        Self { segments, name, line, is_public: false, is_top_level: false }
    }
}

/// Splits the inside of a group at the commas that are not in an inner group.
fn split_at_commas(tokens: &[Token]) -> impl Iterator<Item = &[Token]> {
    let mut depth = 0;
    tokens.split(move |token| {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        depth == 0 && token.text == ","
    })
}

/// Returns the groups of files that all reach each other, by what `name` calls them. Lists the imports
/// of those that import each other directly, or else all imports in the group.
pub fn find_cycles<'i>(
    imports: impl Iterator<Item = &'i Import> + Clone,
    name: impl Fn(&'i str) -> &'i str,
) -> Vec<String> {
    let mut edges: Edges = BTreeMap::new();
    for import in imports.clone() {
        edges.entry(name(&import.from)).or_default().insert(name(&import.to));
    }
    let reachable: Edges = edges.keys().map(|from| (*from, reachable_from(from, &edges))).collect();

    let mut cycles = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for start in edges.keys() {
        let members: Vec<&str> = reachable[start]
            .iter()
            .copied()
            .filter(|to| reachable.get(to).is_some_and(|back| back.contains(start)))
            .collect();

        // A file alone may import itself by a name that stands for a folder.
        if members.len() > 1 && seen.insert(start) {
            seen.extend(&members);
            let inside: Vec<(&str, &str, &Import)> = imports
                .clone()
                .map(|import| (name(&import.from), name(&import.to), import))
                .filter(|(from, to, _)| {
                    from != to && members.contains(from) && members.contains(to)
                })
                .collect();
            cycles.push(describe_cycle(&members, &inside, &edges));
        }
    }
    cycles
}

/// From each name to others.
type Edges<'i> = BTreeMap<&'i str, BTreeSet<&'i str>>;

fn describe_cycle(members: &[&str], inside: &[(&str, &str, &Import)], edges: &Edges) -> String {
    let mutual = |from: &str, to: &str| edges[to].contains(from);
    let has_pair = inside.iter().any(|(from, to, _)| mutual(from, to));

    let mut text = format!("cycle: {}", members.join(", "));
    for (from, to, import) in inside {
        if !has_pair || mutual(from, to) {
            let Import { from, line, path, to } = import;
            text += &format!("\n    {from}:{line}: {path} is in {to}");
        }
    }
    text
}

fn reachable_from<'i>(start: &'i str, edges: &Edges<'i>) -> BTreeSet<&'i str> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![start]);
    while let Some(name) = next.pop() {
        for to in edges.get(name).into_iter().flatten() {
            if reached.insert(*to) {
                next.push(to);
            }
        }
    }
    reached
}
