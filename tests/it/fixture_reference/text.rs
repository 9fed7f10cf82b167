//! The texts of the page: titles, cells, and examples from files.

use std::fs;

use serde_json::Value;

/// Enumerations of more values have a section of their own.
const MAX_INLINE_VALUES: usize = 4;

/// Types whose section is not named like the type.
const TITLES: [(&str, &str); 6] = [
    ("Fixtures", "The file"),
    ("TlsFault", "TLS fault"),
    ("HumanDuration", "Duration"),
    ("TimeZoneName", "Time zone"),
    ("PathPattern", "Path"),
    ("Fault", "Connection fault"),
];

/// Whether a type has a section: objects, longer enumerations, and formats of texts.
pub(super) fn has_section(definition: &Value) -> bool {
    let is_known_codes = definition["anyOf"][0]["enum"].is_array();
    match definition["enum"].as_array() {
        Some(values) => values.len() > MAX_INLINE_VALUES,
        None => definition["type"].is_string() || is_known_codes,
    }
}

/// Whether a type is a text of a certain form.
pub(super) fn is_format(definition: &Value) -> bool {
    definition["type"] == "string" && definition.get("enum").is_none()
}

/// Returns the title of a type's section: `Rate limit` for `RateLimit`.
pub(super) fn title(name: &str) -> String {
    if let Some((_, title)) = TITLES.iter().find(|(type_name, _)| *type_name == name) {
        return (*title).to_owned();
    }

    let mut title = String::new();
    for letter in name.trim_start_matches("Fixture").chars() {
        if letter.is_uppercase() && !title.is_empty() {
            title.push(' ');
            title.extend(letter.to_lowercase());
        } else {
            title.push(letter);
        }
    }
    title.replace("Tls", "TLS")
}

/// Returns the anchor of a heading.
pub(super) fn anchor(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}

/// Returns where a file has values of a type, unless that is in many places.
pub(super) fn paths(paths: &[String]) -> Option<String> {
    match paths {
        [path] if path.is_empty() => None,
        paths if paths.len() > 3 => None,
        paths => Some(format!("`{}`", paths.join("`, `"))),
    }
}

/// Splits a description into its text and the values of an enumeration with their meanings.
pub(super) fn description(shape: &Value) -> (String, Vec<(String, String)>) {
    let text = shape["description"].as_str().unwrap_or_default();
    let (text, list) = text.split_once("\n\n- `").unwrap_or((text, ""));
    let values = list.split("\n- `").filter_map(|item| item.split_once("`: "));
    let one_line = |text: &str| text.replace('\n', " ");
    (
        text.split("\n\n").map(one_line).collect::<Vec<_>>().join("\n\n"),
        values.map(|(value, meaning)| (value.to_owned(), one_line(meaning))).collect(),
    )
}

/// Returns the default of a member: the text of its description, or else its value.
pub(super) fn default_text(text: &str, shape: &Value) -> String {
    let default = &shape["default"];
    let value = default.to_string();
    if !text.is_empty() && text != value {
        return text.to_owned();
    }

    let is_type = shape["$ref"].is_string() || shape["anyOf"].is_array();
    match default {
        Value::Object(_) if is_type => "those of its members".to_owned(),
        Value::Null | Value::Object(_) | Value::Array(_) => "none".to_owned(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

pub(super) fn number_values(kind: &str, shape: &Value) -> String {
    let kind = if kind == "integer" { "whole number" } else { kind };
    let bound = |name: &str| shape[name].as_f64();
    match (bound("minimum"), bound("maximum")) {
        (Some(min), Some(max)) => format!("{kind} from {min} to {max}"),
        (Some(min), None) => format!("{kind}, at least {min}"),
        _ => kind.to_owned(),
    }
}

/// Returns a text as a cell of a table.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace("\n\n", "<br>").replace('\n', " ")
}

/// Returns the lines of a file from one that starts with a text up to the end of that section or
/// entry. An entry has the name of its list above.
pub(super) fn example_text(file: &str, start: &str) -> String {
    let text = fs::read_to_string(file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|line| line.starts_with(start));
    let first = first.unwrap_or_else(|| panic!("{file} has no line {start}"));
    let indentation = |line: &str| line.len() - line.trim_start().len();

    let list =
        lines[..first].iter().rev().find(|line| line.ends_with(':') && indentation(line) == 0);
    let list = list.filter(|_| indentation(start) > 0);
    let is_inside = |line: &&&str| {
        start == "extends:" || (!line.is_empty() && indentation(line) > indentation(start))
    };
    let rest = lines[first + 1..].iter().take_while(is_inside);

    let example = list.into_iter().chain([&lines[first]]).chain(rest);
    example.map(|line| format!("{line}\n")).collect()
}
