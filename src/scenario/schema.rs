//! JSON Schemas in the form that editors and code generators handle best.

use schemars::Schema;
use serde_json::{Value, json};

/// Turns the schema of an enum without data from a `oneOf` of `const`s into an `enum` of strings.
///
/// The descriptions of the values become a list in the description of the type.
pub(crate) fn string_enum(schema: &mut Schema) {
    let Some(Value::Array(variants)) = schema.remove("oneOf") else { return };
    let mut values: Vec<Value> = Vec::new();
    let mut text = text_of(schema.get("description"));

    for variant in variants {
        let value = text_of(variant.get("const"));
        let separator = if values.is_empty() { "\n\n" } else { "\n" };
        text += &format!("{separator}- `{value}`: {}", text_of(variant.get("description")));
        values.push(value.into());
    }

    schema.insert("type".to_owned(), json!("string"));
    schema.insert("enum".to_owned(), values.into());
    schema.insert("description".to_owned(), text.into());
}

fn text_of(member: Option<&Value>) -> String {
    member.and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::TokenSelector;

    #[test]
    fn an_enum_is_a_list_of_strings_that_keeps_its_descriptions() {
        let schema = schemars::schema_for!(TokenSelector).to_value();
        assert_eq!(schema["type"], "string");
        assert_eq!(schema["enum"], json!(["access", "refresh", "both"]));
        assert!(schema["description"].as_str().unwrap().ends_with("\n- `both`: Both tokens."));
        assert!(schema.get("oneOf").is_none());
    }
}
