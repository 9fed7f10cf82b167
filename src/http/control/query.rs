//! The query of a request: parameters by name, none unknown and none twice.
//!
//! A group of parameters is a struct. Its members are the parameters' names, for the reader here as
//! well as for the OpenAPI document.

use std::slice;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::problem::{Problem, bad_request};
use crate::oauth::Form;

/// The parameters that have not been read yet.
pub(super) struct Query {
    unread: Vec<(String, String)>,
    /// The names that this operation has.
    known: Vec<String>,
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let form = Form::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .map_err(|error| bad_request(format!("The query is malformed: {error}.")))?;
        if form.duplicate().is_some() {
            return Err(bad_request("A query parameter occurs more than once."));
        }

        let pairs = form.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(Self { unread: pairs.collect(), known: Vec::new() })
    }
}

impl Query {
    /// Reads a group of parameters.
    pub(super) fn read<T: DeserializeOwned + JsonSchema>(&mut self) -> Result<T, Problem> {
        let members = members::<T>(&mut SchemaGenerator::default());
        let (own, unread) = self.unread.drain(..).partition(|(name, _)| members.contain(name));
        self.unread = unread;

        let parsed = deserialize(&own).map_err(|error| {
            // The error does not say which parameter is wrong, so each is read alone.
            let faulty = own.iter().find_map(|pair| {
                let error = deserialize::<T>(slice::from_ref(pair)).err()?;
                let text = members
                    .by_name
                    .get(&pair.0)
                    .and_then(whole_number)
                    .map_or_else(|| error.to_string(), |expected| format!("expected {expected}"));
                Some(bad_request(format!("{}: {text}.", pair.0)))
            });
            faulty.unwrap_or_else(|| bad_request(format!("The query is invalid: {error}.")))
        });
        self.known.extend(members.names());
        parsed
    }

    /// Refuses parameters that no group has.
    pub(super) fn finish(self) -> Result<(), Problem> {
        let Some((name, _)) = self.unread.first() else { return Ok(()) };
        Err(bad_request(if self.known.is_empty() {
            format!("{name}: this operation has no query parameters.")
        } else {
            let known = self.known.join(", ");
            format!("{name}: unknown parameter; expected one of {known}.")
        }))
    }
}

/// The members of a struct, each with its schema.
pub(super) struct Members {
    pub(super) by_name: Map<String, Value>,
    /// Those of which there can be many, such as `header.NAME`, by the part before the dot.
    pub(super) by_prefix: Map<String, Value>,
}

/// Returns the members of a struct.
pub(super) fn members<T: JsonSchema>(generator: &mut SchemaGenerator) -> Members {
    let mut schema = T::json_schema(generator);
    let by_name = take_object(&mut schema, "properties");
    let by_pattern = take_object(&mut schema, "patternProperties");

    // A pattern such as `^header\.` stands for all names with this prefix.
    let by_prefix = by_pattern.into_iter().map(|(pattern, schema)| {
        (pattern.trim_start_matches('^').trim_end_matches("\\.").to_owned(), schema)
    });
    Members { by_name, by_prefix: by_prefix.collect() }
}

fn take_object(schema: &mut Schema, name: &str) -> Map<String, Value> {
    match schema.remove(name) {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// Returns the numbers that a member can have, if it is a whole number.
fn whole_number(schema: &Value) -> Option<&'static str> {
    match schema["format"].as_str() {
        Some("uint16") => Some("a whole number from 0 to 65535"),
        Some("uint64") => Some("a whole number of 0 or more"),
        _ => None,
    }
}

impl Members {
    fn contain(&self, name: &str) -> bool {
        let prefix = name.split_once('.').map(|(prefix, _)| prefix);
        self.by_name.contains_key(name)
            || prefix.is_some_and(|prefix| self.by_prefix.contains_key(prefix))
    }

    /// Returns the names as messages show them.
    fn names(self) -> impl Iterator<Item = String> {
        let many = self.by_prefix.into_iter().map(|(prefix, _)| format!("{prefix}.NAME"));
        self.by_name.into_iter().map(|(name, _)| name).chain(many)
    }
}

fn deserialize<T: DeserializeOwned>(
    pairs: &[(String, String)],
) -> Result<T, serde_urlencoded::de::Error> {
    serde_urlencoded::from_str(&serde_urlencoded::to_string(pairs).unwrap_or_default())
}
