//! Reads what may be written as one value or as a list of values.
//!
//! Serde's `untagged` would do the same with less code, but its errors name neither the part that
//! is wrong nor where it is.

use std::fmt;
use std::marker::PhantomData;

use schemars::{Schema, json_schema};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer};
use serde::de::{self, Unexpected};

/// One value, or a list of values.
pub(super) enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

/// How to read a [`OneOrMany`].
pub(super) struct OneOrManyVisitor<T> {
    /// Completes the sentence "expected …" of an error.
    pub(super) expected: &'static str,
    /// Whether a value can be written as a text, too, and not only as an object.
    pub(super) accepts_text: bool,
    pub(super) item: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> de::Visitor<'de> for OneOrManyVisitor<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        if !self.accepts_text {
            return Err(E::invalid_type(Unexpected::Str(text), &self));
        }
        T::deserialize(StrDeserializer::new(text)).map(OneOrMany::One)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(OneOrMany::One)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(OneOrMany::Many)
    }
}

/// Returns the schema of a value of one of these forms, or a list of at least one such value.
pub(super) fn one_or_many_schema(
    mut forms: Vec<Schema>,
    list_title: &str,
    description: &str,
) -> Schema {
    let item = match forms.as_slice() {
        [form] => form.clone(),
        forms => json_schema!({ "anyOf": forms }),
    };
    forms.push(json_schema!({
        "title": list_title,
        "type": "array",
        "items": item,
        "minItems": 1,
    }));

    json_schema!({ "description": description, "anyOf": forms })
}
