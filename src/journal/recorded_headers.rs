//! The headers of a recorded request, in a form that takes little memory.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The headers of a recorded request: names in lower case and their values, sorted by name. In JSON,
/// they are an object.
///
/// ```
/// # use smartpay_oauth_mock::RecordedHeaders;
/// let headers: RecordedHeaders = [("host", "localhost:8080"), ("accept", "*/*")].into_iter().collect();
///
/// assert_eq!(headers.get("accept"), Some("*/*"));
/// assert_eq!(headers.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["accept", "host"]);
/// ```
#[derive(Clone, Default, PartialEq, Eq, JsonSchema)]
#[schemars(with = "BTreeMap<String, String>", inline, description = "")]
pub struct RecordedHeaders {
    /// All names and values, one after the other: a journal has many entries, and a map with a string
    /// for each would be most of its memory.
    text: Box<str>,
    /// Where each name and each value ends in the text.
    ends: Box<[u32]>,
}

impl RecordedHeaders {
    /// Returns the value of the header with this name in lower case. Several values are joined by
    /// commas.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Returns the names and values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        (0..self.ends.len()).step_by(2).map(|i| (self.part(i), self.part(i + 1)))
    }

    /// Returns the name or value at an index of `ends`.
    fn part(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        self.text.get(start as usize..self.ends[index] as usize).unwrap_or_default()
    }
}

/// Collects names and values. Of several values of a name, `get` returns the first.
impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for RecordedHeaders {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        let mut headers: Vec<_> = headers.into_iter().collect();
        headers.sort_by(|(name, _), (other, _)| name.as_ref().cmp(other.as_ref()));

        let lengths =
            headers.iter().map(|(name, value)| name.as_ref().len() + value.as_ref().len());
        let mut text = String::with_capacity(lengths.sum());
        let mut ends = Vec::with_capacity(2 * headers.len());
        for (name, value) in &headers {
            for part in [name.as_ref(), value.as_ref()] {
                text.push_str(part);
                ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
            }
        }
        Self { text: text.into(), ends: ends.into() }
    }
}

impl fmt::Debug for RecordedHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for RecordedHeaders {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for RecordedHeaders {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let sorted = BTreeMap::<String, String>::deserialize(deserializer)?;
        Ok(sorted.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_an_object_sorted_by_name() {
        let headers = RecordedHeaders::from_iter([("x-é", "1, 2"), ("accept", ""), ("host", "a")]);
        assert_eq!(
            serde_json::to_string(&headers).unwrap(),
            r#"{"accept":"","host":"a","x-é":"1, 2"}"#
        );
        assert_eq!(headers.get("x-é"), Some("1, 2"));
        assert_eq!(headers.get("accept"), Some(""));
        assert_eq!(headers.get("x"), None);
        assert_eq!(RecordedHeaders::default().iter().count(), 0);
    }
}
