//! Settings of JSON Schema generation that all published schemas share.

use std::fmt::Write;

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::Value;

/// Returns the settings: draft 2020-12, with enumerations as `enum` of strings.
pub(crate) fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with_transform(RecursiveTransform(merge_string_constants))
}

/// Replaces a `oneOf` of string constants, which documented enums generate, by one `enum`, which
/// more editors and code generators understand. The constants' descriptions are appended to that
/// of the enumeration.
fn merge_string_constants(schema: &mut Schema) {
    let Some(variants) = schema.get("oneOf").and_then(Value::as_array) else { return };
    let names: Option<Vec<&str>> =
        variants.iter().map(|variant| variant["const"].as_str()).collect();
    let Some(names) = names else { return };

    let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let mut description = format!("{description}\n");
    for (name, variant) in names.iter().zip(variants) {
        let text = variant["description"].as_str().unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(description, "\n- `{name}`: {text}");
    }

    let names = Value::from(names);
    schema.remove("oneOf");
    schema.insert("description".to_owned(), description.into());
    schema.insert("type".to_owned(), "string".into());
    schema.insert("enum".to_owned(), names);
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde_json::json;

    /// A color.
    #[derive(JsonSchema)]
    #[schemars(rename_all = "snake_case")]
    #[expect(dead_code)]
    enum Color {
        /// Like blood.
        Red,
        /// Like the sky.
        Blue,
    }

    #[test]
    fn a_documented_enum_is_an_enum_of_strings() {
        let schema = super::settings().into_generator().into_root_schema_for::<Color>();
        assert_eq!(schema.get("oneOf"), None);
        assert_eq!(schema.get("enum"), Some(&json!(["red", "blue"])));
        assert_eq!(
            schema.get("description"),
            Some(&json!("A color.\n\n- `red`: Like blood.\n- `blue`: Like the sky."))
        );
    }
}
