//! The layout of the source: layers, cycles, the length of functions and their rhythm.
//!
//! `cargo test --test it source_layout -- --nocapture` prints the figures. Every check is shown to fail
//! on a small tree that violates it.

mod functions;
mod imports;
mod source;

use std::path::Path;
use std::sync::LazyLock;

use functions::{Rhythm, find_long_functions, find_sparse_rhythm};
use imports::{Imports, find_cycles};
use source::SourceTree;

/// The folders and files of `src`, from the lowest layer to the highest. Each may import from lower
/// layers only, so those of one layer do not know each other.
const LAYERS: [&[&str]; 14] = [
    &["units", "json_schema"],
    &["oauth", "clock", "limits"],
    &["token"],
    &["scenario"],
    &["fixture"],
    &["faults", "journal", "tls"],
    &["report"],
    &["store"],
    &["realm"],
    &["flow"],
    &["http"],
    &["server"],
    &["cli", "internal"],
    &["lib", "main"],
];

/// The source of this project.
static PROJECT: LazyLock<SourceTree> =
    LazyLock::new(|| SourceTree::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")));
static PROJECT_IMPORTS: LazyLock<Imports> = LazyLock::new(|| Imports::of(&PROJECT));

/// Returns the folder directly below `src` that a file is in, or the name of a file beside them.
fn unit(path: &str) -> &str {
    path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

/// Returns the imports that do not lead to a lower layer, and the files that are in no layer.
fn find_layer_violations(tree: &SourceTree, imports: &Imports) -> Vec<String> {
    let layer_of = |name: &str| LAYERS.iter().position(|layer| layer.contains(&name));
    let mut violations = Vec::new();

    for path in tree.files.keys() {
        if layer_of(unit(path)).is_none() {
            violations.push(format!("{path}: {} is in no layer", unit(path)));
        }
    }

    for import in &imports.resolved {
        let (from, to) = (unit(&import.from), unit(&import.to));
        if from != to && layer_of(to) >= layer_of(from) {
            let place = format!("{}:{}", import.from, import.line);
            violations.push(format!("{place}: {from} may not import {to}: {}", import.path));
        }
    }
    violations
}

/// Returns the cycles between files, apart from those through a folder's `mod.rs`.
fn find_sibling_cycles(imports: &Imports) -> Vec<String> {
    let siblings = imports.resolved.iter().filter(|import| !import.from.ends_with("mod.rs"));
    find_cycles(siblings, |file| file)
}

/// Returns the cycles between files, apart from those between siblings.
fn find_parent_cycles(imports: &Imports) -> Vec<String> {
    let mut cycles = find_cycles(imports.resolved.iter(), |file| file);
    cycles.retain(|cycle| cycle.contains("mod.rs"));
    cycles
}

fn find_folder_cycles(imports: &Imports) -> Vec<String> {
    find_cycles(imports.resolved.iter(), unit)
}

#[track_caller]
fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
}

#[test]
fn layers_import_only_lower_layers() {
    println!("{} imports between files", PROJECT_IMPORTS.resolved.len());
    assert_none(&find_layer_violations(&PROJECT, &PROJECT_IMPORTS));
}

#[test]
fn every_path_into_the_crate_leads_to_an_item() {
    assert_none(&PROJECT_IMPORTS.unresolved);
}

#[test]
fn no_two_siblings_import_each_other() {
    assert_none(&find_sibling_cycles(&PROJECT_IMPORTS));
}

#[test]
fn no_parent_imports_a_child_that_imports_it() {
    assert_none(&find_parent_cycles(&PROJECT_IMPORTS));
}

#[test]
fn no_two_folders_import_each_other() {
    assert_none(&find_folder_cycles(&PROJECT_IMPORTS));
}

#[test]
fn functions_are_short_and_have_paragraphs() {
    assert_none(&find_long_functions(&PROJECT));
}

#[test]
fn functions_have_blank_lines_and_comments() {
    let rhythm = Rhythm::of(&PROJECT);
    println!("{rhythm}");
    assert_none(&find_sparse_rhythm(&rhythm));
}

/// The checks themselves, on small trees.
mod checks {
    use super::*;

    fn tree<const N: usize>(files: [(&str, &str); N]) -> SourceTree {
        SourceTree::new(files.map(|(path, text)| (path.to_owned(), text.to_owned())))
    }

    fn imports<const N: usize>(files: [(&str, &str); N]) -> Imports {
        Imports::of(&tree(files))
    }

    #[test]
    fn an_import_from_a_higher_layer_is_found_through_re_exports() {
        let tree = tree([
            ("lib.rs", "mod realm; mod server; mod units;\npub use server::Builder;"),
            ("units/mod.rs", "use crate::{\n    Builder,\n    realm::Realm as Any,\n};"),
            ("realm/mod.rs", "mod inner;\npub use inner::Realm;"),
            ("realm/inner.rs", "pub struct Realm;\nfn f() { crate::server::Builder::new(); }"),
            ("server/mod.rs", "mod builder;\npub(crate) use self::builder::*;"),
            ("server/builder.rs", "use crate::realm::Realm;\npub struct Builder;"),
        ]);
        assert_eq!(
            find_layer_violations(&tree, &Imports::of(&tree)),
            [
                "realm/inner.rs:2: realm may not import server: crate::server::Builder::new",
                "units/mod.rs:2: units may not import server: crate::Builder",
                "units/mod.rs:3: units may not import realm: crate::realm::Realm",
            ]
        );
    }

    #[test]
    fn an_import_inside_a_layer_and_an_unknown_folder_are_found() {
        let tree = tree([
            ("lib.rs", "mod journal; mod tls; mod extra;"),
            ("extra.rs", ""),
            ("journal.rs", "use crate::tls;\nfn f() { tls::Ca::new(); }"),
            ("tls.rs", "pub struct Ca;"),
        ]);
        assert_eq!(
            find_layer_violations(&tree, &Imports::of(&tree)),
            [
                "extra.rs: extra is in no layer",
                "journal.rs:2: journal may not import tls: tls::Ca::new",
            ]
        );
    }

    #[test]
    fn a_path_that_leads_nowhere_is_found() {
        let imports = imports([("lib.rs", "mod a;"), ("a.rs", "use crate::b::Missing;")]);
        assert_eq!(imports.unresolved, ["a.rs:1: crate::b::Missing leads nowhere"]);
    }

    #[test]
    fn siblings_that_import_each_other_are_found() {
        let imports = imports([
            ("lib.rs", "mod a;"),
            ("a/mod.rs", "mod x; mod y; mod z;\npub use x::X;\npub use y::Y;"),
            ("a/x.rs", "use super::Y;\npub struct X;"),
            ("a/y.rs", "use super::z::Z;\npub struct Y;\nfn f() { super::x::X; }"),
            ("a/z.rs", "pub struct Z;"),
        ]);
        assert_eq!(
            find_sibling_cycles(&imports),
            ["cycle: a/x.rs, a/y.rs\n    a/x.rs:1: super::Y is in a/y.rs\
              \n    a/y.rs:3: super::x::X is in a/x.rs"]
        );
        assert_none(&find_parent_cycles(&imports));
        assert_none(&find_folder_cycles(&imports));
    }

    #[test]
    fn a_longer_cycle_is_found() {
        let imports = imports([
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "use crate::b::B;\npub struct A;"),
            ("b.rs", "use crate::c::C;\npub struct B;"),
            ("c.rs", "use crate::a::A;\npub struct C;"),
        ]);
        let cycles = find_sibling_cycles(&imports);
        assert_eq!(cycles.len(), 1, "{cycles:?}");
        assert!(cycles[0].starts_with("cycle: a.rs, b.rs, c.rs\n"), "{}", cycles[0]);
        assert_eq!(cycles[0].matches(" is in ").count(), 3, "{}", cycles[0]);
    }

    #[test]
    fn a_parent_that_uses_a_child_which_uses_it_is_found() {
        let imports = imports([
            ("lib.rs", "mod a;"),
            ("a/mod.rs", "mod x;\npub use x::X;\npub struct A(X);"),
            ("a/x.rs", "pub struct X;\nimpl X { fn f(_: super::A) {} }"),
        ]);
        assert_none(&find_sibling_cycles(&imports));
        assert_eq!(
            find_parent_cycles(&imports),
            ["cycle: a/mod.rs, a/x.rs\n    a/mod.rs:2: x::X is in a/x.rs\
              \n    a/x.rs:2: super::A is in a/mod.rs"]
        );
    }

    #[test]
    fn folders_that_import_each_other_are_found_without_a_cycle_of_files() {
        let imports = imports([
            ("lib.rs", "mod a; mod b;"),
            ("a/mod.rs", "pub mod x; pub mod y;"),
            ("a/x.rs", "use crate::b::x::B;"),
            ("a/y.rs", "pub struct A;"),
            ("b/mod.rs", "pub mod x; pub mod y;"),
            ("b/x.rs", "pub struct B;"),
            ("b/y.rs", "use crate::a::y::A;"),
        ]);
        assert_none(&find_sibling_cycles(&imports));
        assert_eq!(
            find_folder_cycles(&imports),
            ["cycle: a, b\n    a/x.rs:1: crate::b::x::B is in b/x.rs\
              \n    b/y.rs:1: crate::a::y::A is in a/y.rs"]
        );
    }

    #[test]
    fn tests_comments_and_literals_are_no_imports() {
        let imports = imports([
            ("lib.rs", "mod a; mod b;"),
            ("a/mod.rs", "mod x;\n#[cfg(test)]\nmod loom_tests;\npub struct A;"),
            ("a/loom_tests.rs", "use crate::b::B;"),
            (
                "a/x.rs",
                "/// [`crate::b::B`] /* \" */\nfn f<'a>(_: &'a str) { // crate::b::B\n\
                 \"\\\"crate::b::B\"; r#\"crate::b::B\"#; '\"'; crate::b::B; '\\''; }\n\
                 #[cfg(test)]\nmod tests {\n    use crate::b::B;\n}",
            ),
            ("b.rs", "pub struct B;"),
        ]);
        let found: Vec<_> = imports.resolved.iter().map(|i| (i.from.as_str(), i.line)).collect();
        assert_eq!(found, [("a/x.rs", 3)]);
    }

    fn function(lines: usize, line: &str) -> String {
        format!(
            "impl A {{\n    fn f(\n        a: [u8; 2],\n    ) {{\n{}    }}\n}}\n",
            line.repeat(lines)
        )
    }

    #[test]
    fn long_functions_are_found() {
        let blank = "        g();\n\n";
        let texts = [
            (function(35, blank), None),
            (function(36, blank), Some("a.rs:2: f has 72 lines, over 70")),
            (function(24, "        g();\n"), None),
            (function(25, "        g();\n"), Some("a.rs:2: f has 25 lines and no blank line")),
            (format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function(100, "g();\n")), None),
            ("trait A {\n    fn f();\n    fn g(_: fn(u8)) {}\n}".to_owned(), None),
        ];
        for (text, expected) in texts {
            assert_eq!(find_long_functions(&tree([("a.rs", &text)])), Vec::from_iter(expected));
        }
    }

    #[test]
    fn too_few_blank_lines_and_comments_are_found() {
        let text = "// Not in a function.\n\nfn f() {\n    // Why.\n    \"//\";\n\n    g();\n\
                    \n    fn g() {\n        h();\n    }\n}\n";
        let rhythm = Rhythm::of(&tree([("a.rs", text)]));
        assert_eq!(rhythm, Rhythm { code_lines: 5, blank_lines: 2, comment_lines: 1 });
        assert_none(&find_sparse_rhythm(&rhythm));

        let rhythm = Rhythm { code_lines: 1_000, blank_lines: 39, comment_lines: 20 };
        assert_eq!(find_sparse_rhythm(&rhythm), ["3.9 blank lines per 100 lines of code, below 4"]);
        let rhythm = Rhythm { code_lines: 1_000, blank_lines: 40, comment_lines: 19 };
        assert_eq!(find_sparse_rhythm(&rhythm), ["1.9 comments per 100 lines of code, below 2"]);
    }
}
