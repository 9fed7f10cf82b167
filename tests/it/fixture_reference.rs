//! `docs/fixtures-reference.md`: generated from the JSON Schema of fixtures, and compared with the
//! file. With `UPDATE_FIXTURE_REFERENCE=1`, the test writes the file.

mod text;

use std::fmt::Write;
use std::fs;

use serde_json::Value;
use smartpay_oauth_mock::fixture;
use text::{
    anchor, cell, default_text, description, example_text, has_section, is_format, number_values,
    title,
};

const FILE: &str = "docs/fixtures-reference.md";

const INTRODUCTION: &str = "\
# Reference of fixtures

Every member of a fixture file, with its values and its default. [Fixtures](fixtures.md) describes how
files are read, merged and checked, [Scenarios](scenarios.md) what scenarios can do.

A member in **bold** is required. An entry that changes one of the built-in fixtures, or one of an earlier
file, needs only the member that identifies it: `id`, `name`, `code`, `token` or `path`. A value `null`
means that the member is not set.

<!-- A test generates this page from the doc comments of the types, see CONTRIBUTING.md. -->
";

/// The example of a type: the entry of a file that starts with a line, or a whole section.
const EXAMPLES: [(&str, &str, &str); 11] = [
    ("Fixtures", "fixtures/scenarios/flaky.yaml", "extends:"),
    ("Settings", "fixtures/scenarios/rotation.yaml", "settings:"),
    ("Client", "fixtures/default.yaml", "  - id: code-only-client"),
    ("Merchant", "fixtures/default.yaml", "  - id: limited-merchant"),
    ("FixtureCode", "fixtures/default.yaml", "  - { code: eyJraK"),
    ("FixtureRefreshToken", "fixtures/default.yaml", "  - { token: revoked-token"),
    ("Resource", "fixtures/default.yaml", "  - path: /pts/v2/payments/{id}/captures"),
    ("Scenario", "fixtures/scenarios/refresh-denied.yaml", "scenarios:"),
    ("Outcome", "fixtures/scenarios/recovers.yaml", "scenarios:"),
    ("RateLimit", "fixtures/scenarios/rate-limited.yaml", "scenarios:"),
    ("TokenAlteration", "fixtures/scenarios/wrong-tokens.yaml", "scenarios:"),
];

#[test]
fn the_page_has_every_member_of_the_schema() {
    let page = Reference::new(&fixture::schema()).page();
    if std::env::var_os("UPDATE_FIXTURE_REFERENCE").is_some() {
        fs::write(FILE, &page).unwrap();
    }

    let file = fs::read_to_string(FILE).unwrap_or_default();
    let differs = page.lines().zip(file.lines()).find(|(expected, found)| expected != found);
    assert!(
        page == file,
        "{FILE} is not up to date: UPDATE_FIXTURE_REFERENCE=1 cargo test --test it \
         fixture_reference:: writes it. The first difference: {differs:#?}"
    );
}

#[test]
fn every_link_of_the_page_has_a_target() {
    let page = Reference::new(&fixture::schema()).page();
    let headings = page.lines().filter_map(|line| line.strip_prefix("## ")).map(anchor);
    let headings: Vec<String> = headings.collect();
    let links: Vec<&str> =
        page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 50, "{links:?}");
    for link in links {
        assert!(headings.iter().any(|heading| heading == link), "#{link}");
    }
    let mut unique = headings.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), headings.len(), "{headings:?}");
}

/// The sections of the page, in their order.
struct Reference<'a> {
    schema: &'a Value,
    sections: Vec<Section<'a>>,
}

/// A type that has a section.
struct Section<'a> {
    name: &'a str,
    definition: &'a Value,
    /// Where a file has such a value, as in `settings.tls`.
    paths: Vec<String>,
}

impl<'a> Reference<'a> {
    fn new(schema: &'a Value) -> Self {
        let mut reference = Self { schema, sections: Vec::new() };
        reference.add("Fixtures", schema, String::new());

        // Objects and enumerations come first, in the order of a file; the formats of texts last.
        reference.sections.sort_by_key(|section| is_format(section.definition));
        reference
    }

    /// Adds a type that occurs at a path, and those that it consists of.
    fn add(&mut self, name: &'a str, definition: &'a Value, path: String) {
        if let Some(known) = self.sections.iter_mut().find(|section| section.name == name) {
            known.paths.push(path);
            return;
        }
        if has_section(definition) {
            let paths = vec![path.clone()];
            self.sections.push(Section { name, definition, paths });
        }

        let members = definition["properties"].as_object().into_iter().flatten();
        for (member, shape) in members {
            let separator = if path.is_empty() { "" } else { "." };
            self.add_parts(shape, &format!("{path}{separator}{member}"));
        }
        if definition.get("properties").is_none() {
            self.add_parts(definition, &path);
        }
    }

    /// Adds the types that a shape refers to.
    fn add_parts(&mut self, shape: &'a Value, path: &str) {
        if let Some((name, definition)) = self.referenced(shape) {
            self.add(name, definition, path.to_owned());
        }
        for alternative in shape["anyOf"].as_array().into_iter().flatten() {
            // A list beside single values contains the same values.
            if alternative["type"] != "array" {
                self.add_parts(alternative, path);
            }
        }
        self.add_parts_of_list(shape, path);
        if shape["additionalProperties"].is_object() {
            self.add_parts(&shape["additionalProperties"], &format!("{path}.*"));
        }
    }

    fn add_parts_of_list(&mut self, shape: &'a Value, path: &str) {
        if shape["items"].is_object() {
            self.add_parts(&shape["items"], &format!("{path}[]"));
        }
    }

    /// Returns the name and the definition that a shape refers to.
    fn referenced(&self, shape: &'a Value) -> Option<(&'a str, &'a Value)> {
        let name = shape["$ref"].as_str()?.strip_prefix("#/$defs/")?;
        Some((name, &self.schema["$defs"][name]))
    }

    fn page(&self) -> String {
        let mut page = INTRODUCTION.to_owned();
        page.push('\n');
        for section in &self.sections {
            let title = title(section.name);
            let paths =
                text::paths(&section.paths).map(|paths| format!(": {paths}")).unwrap_or_default();
            writeln!(page, "- [{title}](#{}){paths}", anchor(&title)).unwrap();
        }

        for section in &self.sections {
            self.write_section(&mut page, section);
        }
        page
    }

    fn write_section(&self, page: &mut String, section: &Section<'_>) {
        let definition = section.definition;
        let (text, values) = description(definition);
        // The paragraphs after the first are for editors.
        let text = text.split("\n\n").next().unwrap_or_default();
        write!(page, "\n## {}\n\n{text}\n", title(section.name)).unwrap();
        if let Some(paths) = text::paths(&section.paths) {
            writeln!(page, "\n*In a file:* {paths}").unwrap();
        }

        if let Some(members) = definition["properties"].as_object() {
            page.push_str("\n| member | values | default | meaning |\n|---|---|---|---|\n");
            let required = self.required(section);
            for (member, shape) in members {
                page.push_str(&self.row(member, shape, required.contains(&member.as_str())));
            }
        } else if !values.is_empty() {
            page.push_str("\n| value | meaning |\n|---|---|\n");
            for (value, meaning) in values {
                writeln!(page, "| `{value}` | {} |", cell(&meaning)).unwrap();
            }
        } else if section.name == "ErrorCode" {
            writeln!(page, "\nKnown are {}.", self.values(&definition["anyOf"][0])).unwrap();
        }

        if let Some(example) = EXAMPLES.iter().find(|example| example.0 == section.name) {
            write!(page, "\n```yaml\n{}```\n", example_text(example.1, example.2)).unwrap();
        }
    }

    /// Returns the members that a type requires, if it does not change an earlier entry.
    fn required(&self, section: &Section<'a>) -> Vec<&'a str> {
        let list = section.paths[0].trim_end_matches("[]");
        let of_entries = &self.schema["else"]["properties"][list]["items"]["required"];
        [&section.definition["required"], of_entries]
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    fn row(&self, member: &str, shape: &'a Value, is_required: bool) -> String {
        let (text, _) = description(shape);
        let (meaning, default) = text.split_once("Default: ").unwrap_or((&text, ""));
        let mut meaning = meaning.trim().to_owned();
        for (value, text) in self.inline_values(shape) {
            write!(meaning, "<br>`{value}`: {text}").unwrap();
        }

        let (name, default) = if is_required {
            (format!("**`{member}`**"), "required".to_owned())
        } else {
            (format!("`{member}`"), default_text(default.trim_end_matches('.'), shape))
        };

        let cells = [name, self.values(shape), default, meaning].map(|text| cell(&text));
        format!("| {} |\n", cells.join(" | "))
    }

    /// Returns the values, with their meanings, of an enumeration without a section.
    fn inline_values(&self, shape: &'a Value) -> Vec<(String, String)> {
        let referenced = self.referenced(shape);
        if let Some((_, definition)) = referenced.filter(|(_, definition)| !has_section(definition))
        {
            return description(definition).1;
        }
        let parts = shape["anyOf"].as_array().into_iter().flatten().chain(shape.get("items"));
        parts.flat_map(|part| self.inline_values(part)).collect()
    }

    /// Returns the values of a shape, with links to types that have a section.
    fn values(&self, shape: &'a Value) -> String {
        if let Some((name, definition)) = self.referenced(shape) {
            if !has_section(definition) {
                return self.values(definition);
            }
            let title = title(name);
            return format!("[{title}](#{})", anchor(&title));
        }
        if let Some(values) = shape["enum"].as_array() {
            let values: Vec<String> =
                values.iter().filter_map(Value::as_str).map(|value| format!("`{value}`")).collect();
            return values.join(", ");
        }
        if let Some(alternatives) = shape["anyOf"].as_array() {
            return self.alternatives(alternatives);
        }

        match &shape["type"] {
            Value::String(kind) => self.values_of_kind(kind, shape),
            Value::Array(kinds) => {
                let kinds = kinds.iter().filter_map(Value::as_str);
                let kinds: Vec<String> =
                    kinds.map(|kind| self.values_of_kind(kind, shape)).collect();
                kinds.join(", or ")
            }
            _ => "any value".to_owned(),
        }
    }

    fn alternatives(&self, alternatives: &'a [Value]) -> String {
        let texts: Vec<String> = alternatives
            .iter()
            .map(|alternative| match alternative["type"].as_str() {
                Some("array") => "a list of these".to_owned(),
                _ => self.values(alternative),
            })
            .collect();
        texts.join(", or ")
    }

    fn values_of_kind(&self, kind: &str, shape: &'a Value) -> String {
        match kind {
            "null" => "`null`".to_owned(),
            "string" => "text".to_owned(),
            "boolean" => "`true`, `false`".to_owned(),
            "array" => format!("list of {}", self.values(&shape["items"])),
            "object" => self.object_values(shape),
            _ => number_values(kind, shape),
        }
    }

    fn object_values(&self, shape: &'a Value) -> String {
        let values = &shape["additionalProperties"];
        let has_known_names = shape["properties"].is_object();
        let by = if has_known_names { "[error code](#error-code)" } else { "name" };
        if values.is_object() {
            format!("{} by {by}", self.values(values))
        } else {
            "object".to_owned()
        }
    }
}
