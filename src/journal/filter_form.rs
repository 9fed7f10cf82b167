//! The form of a filter in JSON and in queries: a member for each condition, and the dotted names
//! `header.NAME` and `param.NAME`.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Filter;

const MEMBERS: [&str; 12] = [
    "endpoint",
    "method",
    "path",
    "client_id",
    "merchant_id",
    "grant_type",
    "correlation_id",
    "status",
    "error",
    "scenario",
    "header.NAME",
    "param.NAME",
];

/// The name of a condition.
enum Member {
    Plain(&'static str),
    Header(String),
    Param(String),
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;

        match name.split_once('.') {
            // The names of headers have no case.
            Some(("header", name)) if !name.is_empty() => {
                Ok(Self::Header(name.to_ascii_lowercase()))
            }
            Some(("param", name)) if !name.is_empty() => Ok(Self::Param(name.to_owned())),
            _ => {
                let known = MEMBERS.into_iter().find(|member| *member == name);
                known.map(Self::Plain).ok_or_else(|| de::Error::unknown_field(&name, &MEMBERS))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FilterVisitor)
    }
}

struct FilterVisitor;

impl<'de> Visitor<'de> for FilterVisitor {
    type Value = Filter;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object such as { grant_type: refresh_token }")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Filter, A::Error> {
        let mut filter = Filter::new();

        while let Some(member) = map.next_key()? {
            let condition = match member {
                Member::Header(name) => {
                    filter.header.extend(map.next_value::<Option<_>>()?.map(|value| (name, value)));
                    continue;
                }
                Member::Param(name) => {
                    filter.param.extend(map.next_value::<Option<_>>()?.map(|value| (name, value)));
                    continue;
                }
                Member::Plain("endpoint") => {
                    filter.endpoint = map.next_value()?;
                    continue;
                }
                Member::Plain("status") => {
                    filter.status = map.next_value()?;
                    continue;
                }
                Member::Plain("method") => &mut filter.method,
                Member::Plain("path") => &mut filter.path,
                Member::Plain("client_id") => &mut filter.client_id,
                Member::Plain("merchant_id") => &mut filter.merchant_id,
                Member::Plain("grant_type") => &mut filter.grant_type,
                Member::Plain("correlation_id") => &mut filter.correlation_id,
                Member::Plain("error") => &mut filter.error,
                Member::Plain("scenario") => &mut filter.scenario,
                Member::Plain(name) => return Err(de::Error::unknown_field(name, &MEMBERS)),
            };
            *condition = map.next_value()?;
        }
        Ok(filter)
    }
}

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let patterns = [
            ("method", &self.method),
            ("path", &self.path),
            ("client_id", &self.client_id),
            ("merchant_id", &self.merchant_id),
            ("grant_type", &self.grant_type),
            ("correlation_id", &self.correlation_id),
            ("error", &self.error),
            ("scenario", &self.scenario),
        ];

        if let Some(endpoint) = &self.endpoint {
            map.serialize_entry("endpoint", endpoint)?;
        }
        for (name, pattern) in patterns {
            if let Some(pattern) = pattern {
                map.serialize_entry(name, pattern)?;
            }
        }
        if let Some(status) = &self.status {
            map.serialize_entry("status", status)?;
        }

        for (name, pattern) in &self.header {
            map.serialize_entry(&format!("header.{name}"), pattern)?;
        }
        for (name, pattern) in &self.param {
            map.serialize_entry(&format!("param.{name}"), pattern)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_written_as_it_is_read() {
        let json = r#"{"endpoint":"token","method":"POST","path":"/a*","client_id":"c",
            "merchant_id":"m","grant_type":"g","correlation_id":"i","error":"e","scenario":"s",
            "status":200,"header.x-a.b":"1","param.S":"2"}"#;
        let filter: Filter = serde_json::from_str(json).unwrap();
        let written = serde_json::to_string(&filter).unwrap();
        assert_eq!(written, json.split_whitespace().collect::<String>());
        let query = "header.X-Test=a&status=500&param.code=*&endpoint=jwks";
        let filter: Filter = serde_urlencoded::from_str(query).unwrap();
        let written = serde_urlencoded::to_string(&filter).unwrap();
        assert_eq!(written, "endpoint=jwks&status=500&header.x-test=a&param.code=*");
    }

    #[test]
    fn other_members_are_refused() {
        for name in ["client", "header", "param", "header.", "query.x", "header.NAME.", ""] {
            let json = format!(r#"{{"{name}":"x"}}"#);
            let result = serde_json::from_str::<Filter>(&json);
            assert_eq!(result.is_ok(), name == "header.NAME.", "{name}: {result:?}");
        }
    }
}
