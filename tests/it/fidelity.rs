//! `docs/fidelity.md`: each row has a source and names a test, and the tests exist.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const PAGE: &str = include_str!("../../docs/fidelity.md");

/// Returns the cells of each row, with the name of the second column.
fn rows() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut second_column = "";
    let mut rows = Vec::new();

    for line in PAGE.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{line}");
        if cells[3] == "test" {
            second_column = cells[1];
        } else {
            rows.push((second_column, cells));
        }
    }
    rows
}

/// Returns the tests that a cell links to: `[file][test]`, several separated by commas.
fn tests_in(cell: &'static str) -> Vec<(&'static str, &'static str)> {
    let links = cell.split(", ").filter(|link| !link.is_empty());
    let names = links.map(|link| link.trim_matches(['[', ']']).split_once("]["));
    names.map(|names| names.unwrap_or_else(|| panic!("no link to a test: {cell}"))).collect()
}

/// Returns the file of each test, from the definitions of the links: `[test]: ../file`.
fn definitions() -> BTreeMap<&'static str, &'static str> {
    let definitions = PAGE.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: ../"));
    definitions.collect()
}

#[test]
fn each_row_has_a_source_and_a_test() {
    let rows = rows();
    assert!(rows.len() > 100, "{} rows", rows.len());

    for (second_column, cells) in rows {
        if second_column == "source" {
            let letter = cells[1].split([' ', ',']).next().unwrap_or_default();
            assert!(["S", "D", "K", "R", "A"].contains(&letter), "{}: {}", cells[0], cells[1]);
        }
        assert!(!tests_in(cells[3]).is_empty(), "no test: {}", cells[0]);
    }
}

#[test]
fn each_test_that_a_row_names_exists() {
    let definitions = definitions();
    let mut used = BTreeSet::new();

    for (file, test) in rows().iter().flat_map(|(_, cells)| tests_in(cells[3])) {
        let path = definitions.get(test).unwrap_or_else(|| panic!("{test} is not defined"));
        assert!(path.ends_with(&format!("/{file}.rs")), "{test} is in {path}, not in {file}");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let source = std::fs::read_to_string(&source).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert!(has_test(&source, test), "{path} has no test {test}");
        used.insert(test);
    }

    let unused: Vec<_> = definitions.keys().filter(|test| !used.contains(*test)).collect();
    assert!(unused.is_empty(), "no row names {unused:?}");
}

/// Whether a file has a function of this name with the attribute of a test.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let signatures = [format!("fn {name}("), format!("async fn {name}(")];

    lines.windows(2).any(|pair| {
        pair[0].starts_with("#[")
            && pair[0].contains("test")
            && signatures.iter().any(|signature| pair[1].starts_with(signature))
    })
}
