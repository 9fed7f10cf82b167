//! Prints which tests were skipped because a program is missing, after all others: cargo runs test
//! binaries in the order of their names.

#[path = "it/support/tools.rs"]
mod tools;

use std::fs;

fn main() {
    let file = tools::list_of_skipped();
    let list = fs::read_to_string(&file).unwrap_or_default();
    let _ = fs::remove_file(file);

    let mut skipped: Vec<&str> = list.lines().collect();
    skipped.sort_unstable();
    skipped.dedup();

    println!();
    for line in &skipped {
        println!("skipped: {line}");
    }
    println!("{} tests were skipped because something is missing\n", skipped.len());
}
