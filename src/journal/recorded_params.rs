//! The parameters of a recorded request, in a form that takes little memory.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Index;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A parameter's value as the journal records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[non_exhaustive]
pub enum RecordedParam {
    /// A value that is not secret, or `***` in place of a secret.
    #[schemars(title = "Text")]
    Text(String),
    /// A code or a token.
    #[schemars(title = "Fingerprint")]
    Fingerprint {
        /// The first 12 hexadecimal digits of the SHA-256 of the value.
        fingerprint: String,
    },
}

impl RecordedParam {
    /// Returns the text or the fingerprint.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Text(text) | Self::Fingerprint { fingerprint: text } => text,
        }
    }
}

/// The parameters of a recorded request, sorted by name. In JSON, they are an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema)]
#[schemars(with = "BTreeMap<String, RecordedParam>", inline, description = "")]
pub struct RecordedParams {
    /// Few, and most of them with known names, which need no memory of their own.
    params: Vec<(Cow<'static, str>, RecordedParam)>,
}

impl RecordedParams {
    /// Returns the value of the parameter with this name.
    pub fn get(&self, name: &str) -> Option<&RecordedParam> {
        self.find(name).ok().map(|index| &self.params[index].1)
    }

    /// Returns the names and values, sorted by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &RecordedParam)> {
        self.params.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Adds a parameter, or replaces the one with the same name.
    pub(crate) fn insert(&mut self, name: impl Into<Cow<'static, str>>, value: RecordedParam) {
        let name = name.into();
        match self.find(&name) {
            Ok(index) => self.params[index].1 = value,
            Err(index) => self.params.insert(index, (name, value)),
        }
    }

    /// Adds parameters, which replace those with the same names.
    pub(super) fn extend(&mut self, other: Self) {
        if self.params.is_empty() {
            *self = other;
            return;
        }
        for (name, value) in other.params {
            self.insert(name, value);
        }
    }

    /// Returns the index of a parameter, or the one at which it is to be inserted.
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.params.binary_search_by(|(known, _)| known.as_ref().cmp(name))
    }
}

/// Returns the value of a parameter. Panics if there is none with this name.
impl Index<&str> for RecordedParams {
    type Output = RecordedParam;

    fn index(&self, name: &str) -> &RecordedParam {
        self.get(name).expect("a parameter with this name")
    }
}

impl Serialize for RecordedParams {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for RecordedParams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let sorted = BTreeMap::<String, RecordedParam>::deserialize(deserializer)?;
        Ok(Self { params: sorted.into_iter().map(|(name, value)| (name.into(), value)).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_an_object_sorted_by_name() {
        let text = |text: &str| RecordedParam::Text(text.to_owned());
        let mut params = RecordedParams::default();
        params.insert("scope", text("a"));
        params.insert("client_id", text("b"));
        let mut more = RecordedParams::default();
        more.insert("scope", text("c"));
        more.insert("x".to_owned(), text("d"));
        params.extend(more);

        assert_eq!(
            serde_json::to_string(&params).unwrap(),
            r#"{"client_id":"b","scope":"c","x":"d"}"#
        );
        assert_eq!((params.iter().len(), &params["scope"]), (3, &text("c")));
        assert_eq!(params.get("code"), None);
    }
}
