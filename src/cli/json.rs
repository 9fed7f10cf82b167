//! JSON of the control API: request bodies, and responses as text.

use serde_json::{Map, Value};

use crate::units::printable;

/// Builds an object from the members that have a value.
pub(super) fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Map<String, Value> {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Returns a value as text; strings are not quoted.
pub(super) fn to_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Returns rows as aligned columns below their titles.
pub(super) fn to_columns<const N: usize>(titles: [&str; N], rows: Vec<[String; N]>) -> String {
    let rows: Vec<[String; N]> = std::iter::once(titles.map(str::to_owned))
        .chain(rows.into_iter().map(|row| row.map(|cell| printable(&cell).into_owned())))
        .collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }

    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the members of an object as lines of two aligned columns.
pub(super) fn to_table(object: &Value) -> String {
    let Some(members) = object.as_object() else { return String::new() };
    let width = members.keys().map(String::len).max().unwrap_or_default();

    members
        .iter()
        .map(|(name, value)| format!("{name:<width$}  {}", printable(&to_text(value))))
        .collect::<Vec<_>>()
        .join("\n")
}
