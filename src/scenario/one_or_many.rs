//! Reads what may be written as one value or as a list of values.
//!
//! Serde's `untagged` would do the same with less code, but its errors name neither the part that
//! is wrong nor where it is.

use std::fmt;
use std::marker::PhantomData;

use schemars::{Schema, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer};
use serde::de::{self, Unexpected};
use serde::{Deserialize, Deserializer};

/// Deserializes one value of `T`, or a list of them. `expected` completes the sentence "expected …" of
/// an error. A value may be written as a text only if `accepts_text`, and else as an object.
pub(super) fn deserialize_one_or_many<'de, T, R, D>(
    deserializer: D,
    expected: &'static str,
    accepts_text: bool,
) -> Result<R, D::Error>
where
    T: Deserialize<'de>,
    R: From<T> + From<Vec<T>>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(OneOrManyVisitor { expected, accepts_text, types: PhantomData })
}

struct OneOrManyVisitor<T, R> {
    expected: &'static str,
    accepts_text: bool,
    types: PhantomData<(T, R)>,
}

impl<'de, T, R> de::Visitor<'de> for OneOrManyVisitor<T, R>
where
    T: Deserialize<'de>,
    R: From<T> + From<Vec<T>>,
{
    type Value = R;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<R, E> {
        if !self.accepts_text {
            return Err(E::invalid_type(Unexpected::Str(text), &self));
        }
        T::deserialize(StrDeserializer::new(text)).map(R::from)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<R, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(R::from)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<R, A::Error> {
        Vec::<T>::deserialize(SeqAccessDeserializer::new(list)).map(R::from)
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
