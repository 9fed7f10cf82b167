//! Rewrites the schemas of the OpenAPI document into forms that client generators accept.
//!
//! The schemas stay as strict as they were. Only the notation changes.

use schemars::Schema;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::{Map, Value};

/// Rewrites a schema and its subschemas.
#[derive(Clone, Debug)]
pub(super) struct ForGenerators;

impl Transform for ForGenerators {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(schema) = schema.as_object_mut() else { return };

        set_integer_format(schema);
        cut_example(schema);
        describe_default(schema);
    }
}

/// Replaces Rust's unsigned integer formats by those that OpenAPI defines.
fn set_integer_format(schema: &mut Map<String, Value>) {
    let format = match schema.get("format").and_then(Value::as_str) {
        Some("uint8" | "uint16") => "int32",
        Some("uint32" | "uint64" | "uint") => "int64",
        _ => return,
    };
    schema.insert("format".to_owned(), format.into());
}

/// Removes the Rust example from a type's description.
fn cut_example(schema: &mut Map<String, Value>) {
    if let Some(Value::String(description)) = schema.get_mut("description")
        && let Some((text, _)) = description.split_once("\n\n```")
    {
        *description = text.to_owned();
    }
}

/// Moves a default to the description, unless the description names it. The server sets it;
/// generators would make the member required, or write code that does not compile.
fn describe_default(schema: &mut Map<String, Value>) {
    let Some(default) = schema.remove("default").filter(|default| !default.is_null()) else {
        return;
    };

    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    if text.contains("Default:") {
        return;
    }
    let text = format!("{text} Default: `{default}`.");
    schema.insert("description".to_owned(), text.trim_start().into());
}

/// Names the types and constants of generated clients.
///
/// Generators name a type by its title. Some declare all constants in one namespace, so each is
/// prefixed with the name of its enumeration.
pub(super) fn set_names(definitions: &mut Map<String, Value>) {
    for (name, schema) in definitions {
        let Some(schema) = schema.as_object_mut() else { continue };
        schema.insert("title".to_owned(), name.as_str().into());

        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            let constants = values.iter().filter_map(Value::as_str);
            let constants: Vec<_> = constants.map(|value| constant_name(name, value)).collect();
            schema.insert("x-enum-varnames".to_owned(), constants.into());
        }
    }
}

/// Returns a name such as `GRANT_TYPE_REFRESH_TOKEN`.
fn constant_name(enumeration: &str, value: &str) -> String {
    let mut name = String::new();
    for letter in enumeration.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    let value = value.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
    name + "_" + &value.to_ascii_uppercase()
}

/// Removes `null` from what a schema allows: a query has no null.
pub(super) fn remove_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }

    if let Some(Value::Array(alternatives)) = schema.get_mut("anyOf") {
        alternatives.retain(|alternative| alternative["type"] != "null");
        if let [Value::Object(only)] = alternatives.as_mut_slice() {
            let only = std::mem::take(only);
            schema.remove("anyOf");
            schema.extend(only);
        }
    }
}
