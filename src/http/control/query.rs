//! The query of a request: parameters by name, none unknown and none twice.
//!
//! A group of parameters is a struct. Its members are the parameters' names, for the reader here as
//! well as for the OpenAPI document.

use std::slice;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use schemars::{JsonSchema, SchemaGenerator};
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
        let names = members::<T>(&mut SchemaGenerator::default());
        let (own, unread) = self.unread.drain(..).partition(|(name, _)| names.contains_key(name));
        self.unread = unread;
        self.known.extend(names.keys().cloned());

        deserialize(&own).map_err(|error| {
            // The error does not say which parameter is wrong, so each is read alone.
            let faulty = own.iter().find_map(|pair| {
                let error = deserialize::<T>(slice::from_ref(pair)).err()?;
                let text = whole_number(&names[&pair.0])
                    .map_or_else(|| error.to_string(), |expected| format!("expected {expected}"));
                Some(bad_request(format!("{}: {text}.", pair.0)))
            });
            faulty.unwrap_or_else(|| bad_request(format!("The query is invalid: {error}.")))
        })
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

/// Returns the members of a struct, each with its schema.
pub(super) fn members<T: JsonSchema>(generator: &mut SchemaGenerator) -> Map<String, Value> {
    match T::json_schema(generator).remove("properties") {
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

fn deserialize<T: DeserializeOwned>(
    pairs: &[(String, String)],
) -> Result<T, serde_urlencoded::de::Error> {
    serde_urlencoded::from_str(&serde_urlencoded::to_string(pairs).unwrap_or_default())
}
