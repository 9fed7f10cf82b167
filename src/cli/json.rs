//! JSON of the control API: request bodies, and responses as text.

use serde_json::{Map, Value};

/// Builds an object from the members that have a value.
pub(super) fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Map<String, Value> {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Returns a value as text; strings are not quoted.
pub(super) fn to_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Returns the members of an object as lines of two aligned columns.
pub(super) fn to_table(object: &Value) -> String {
    let Some(members) = object.as_object() else { return String::new() };
    let width = members.keys().map(String::len).max().unwrap_or_default();

    members
        .iter()
        .map(|(name, value)| format!("{name:<width$}  {}", to_text(value)))
        .collect::<Vec<_>>()
        .join("\n")
}
