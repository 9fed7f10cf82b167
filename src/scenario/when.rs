//! TokenSelector requests a scenario is for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use axum::http::HeaderMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Pattern;

/// The header by which client and server tell their logs' requests apart (source K).
pub(crate) const CORRELATION_ID: &str = "v-c-client-correlation-id";

/// Where a request goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// Either path of the token endpoint.
    #[default]
    Token,
    /// Either path of the authorize endpoint.
    Authorize,
    /// Any resource.
    Resource,
    /// The introspection endpoint.
    Introspect,
    /// The revocation endpoint.
    Revoke,
    /// The public keys.
    Jwks,
    /// The metadata of RFC 8414.
    Metadata,
    /// All of these.
    Any,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "token",
            Self::Authorize => "authorize",
            Self::Resource => "resource",
            Self::Introspect => "introspect",
            Self::Revoke => "revoke",
            Self::Jwks => "jwks",
            Self::Metadata => "metadata",
            Self::Any => "any",
        })
    }
}

/// What a request must be like. All that is given must hold; what is absent matches anything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "When")]
pub struct When {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The client, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Pattern>,
    /// The merchant, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_id: Option<Pattern>,
    /// The parameter `grant_type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<Pattern>,
    /// The parameter `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Pattern>,
    /// The parameter `refresh_token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Pattern>,
    /// The header `v-c-client-correlation-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<Pattern>,
    /// Headers by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub header: BTreeMap<String, Pattern>,
    /// Parameters by name, of the body or the query.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub param: BTreeMap<String, Pattern>,
}

/// What scenarios can see of a request.
pub(crate) struct RequestView<'a> {
    pub(crate) endpoint: Endpoint,
    pub(crate) client_id: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    /// Looks a parameter up.
    pub(crate) param: &'a dyn Fn(&str) -> Option<&'a str>,
    /// The merchant whose code or token it is; looked up only if [`ScenarioSet::asks_for_merchant`].
    ///
    /// [`ScenarioSet::asks_for_merchant`]: super::ScenarioSet::asks_for_merchant
    pub(crate) merchant_id: Option<&'a str>,
}

impl When {
    /// Token requests, all of them; the methods that begin with `and` narrow it.
    ///
    /// ```
    /// use smartpay_oauth_mock::{Endpoint, When};
    ///
    /// let when = When::client_id("v6TJH1IqhM").and_grant_type("refresh_token").and_header("x-test", "7");
    /// ```
    pub fn token_request() -> Self {
        Self::default()
    }

    /// Requests to this endpoint.
    pub fn endpoint(endpoint: Endpoint) -> Self {
        Self { endpoint, ..Self::default() }
    }

    /// Token requests of this client.
    pub fn client_id(pattern: &str) -> Self {
        Self { client_id: Some(pattern.into()), ..Self::default() }
    }

    /// Token requests with this grant type.
    pub fn grant_type(pattern: &str) -> Self {
        Self { grant_type: Some(pattern.into()), ..Self::default() }
    }

    /// And of this client.
    pub fn and_client_id(mut self, pattern: &str) -> Self {
        self.client_id = Some(pattern.into());
        self
    }

    /// And for this merchant.
    pub fn and_merchant_id(mut self, pattern: &str) -> Self {
        self.merchant_id = Some(pattern.into());
        self
    }

    /// And with this grant type.
    pub fn and_grant_type(mut self, pattern: &str) -> Self {
        self.grant_type = Some(pattern.into());
        self
    }

    /// And with this code.
    pub fn and_code(mut self, pattern: &str) -> Self {
        self.code = Some(pattern.into());
        self
    }

    /// And with this refresh token.
    pub fn and_refresh_token(mut self, pattern: &str) -> Self {
        self.refresh_token = Some(pattern.into());
        self
    }

    /// And with this correlation id.
    pub fn and_correlation_id(mut self, pattern: &str) -> Self {
        self.correlation_id = Some(pattern.into());
        self
    }

    /// And with this header.
    pub fn and_header(mut self, name: impl Into<String>, pattern: &str) -> Self {
        self.header.insert(name.into(), pattern.into());
        self
    }

    /// And with this parameter, in the body or the query.
    pub fn and_param(mut self, name: impl Into<String>, pattern: &str) -> Self {
        self.param.insert(name.into(), pattern.into());
        self
    }

    pub(crate) fn matches(&self, request: &RequestView<'_>) -> bool {
        let fits = |pattern: &Option<Pattern>, value: Option<&str>| match pattern {
            None => true,
            Some(pattern) => value.is_some_and(|value| pattern.matches(value)),
        };
        let param = |name: &str| (request.param)(name);
        let header = |name: &str, pattern: &Pattern| {
            let mut values = request.headers.get_all(name).iter();
            values.any(|value| pattern.matches(&String::from_utf8_lossy(value.as_bytes())))
        };
        (self.endpoint == Endpoint::Any || self.endpoint == request.endpoint)
            && fits(&self.client_id, request.client_id)
            && (self.grant_type.is_none() || fits(&self.grant_type, param("grant_type")))
            && (self.code.is_none() || fits(&self.code, param("code")))
            && (self.refresh_token.is_none() || fits(&self.refresh_token, param("refresh_token")))
            && self.correlation_id.iter().all(|pattern| header(CORRELATION_ID, pattern))
            && self.header.iter().all(|(name, pattern)| header(name, pattern))
            && self
                .param
                .iter()
                .all(|(name, pattern)| param(name).is_some_and(|value| pattern.matches(value)))
            && fits(&self.merchant_id, request.merchant_id)
    }
}

/// One [`When`], or a list of which any may match.
#[derive(Clone, Debug, PartialEq)]
pub struct Matchers(Vec<When>);

impl Matchers {
    pub(crate) fn alternatives(&self) -> &[When] {
        &self.0
    }

    pub(crate) fn matches(&self, request: &RequestView<'_>) -> bool {
        self.0.iter().any(|when| when.matches(request))
    }
}

impl Default for Matchers {
    fn default() -> Self {
        Self(vec![When::default()])
    }
}

impl From<When> for Matchers {
    fn from(when: When) -> Self {
        Self(vec![when])
    }
}

impl Serialize for Matchers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Matchers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Matchers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping such as { grant_type: refresh_token }, or a list of those")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Matchers, A::Error> {
                When::deserialize(MapAccessDeserializer::new(map)).map(Matchers::from)
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Matchers, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Matchers)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Matchers {
    fn schema_name() -> Cow<'static, str> {
        "Matchers".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let when = generator.subschema_for::<When>();
        json_schema!({
            "description": "What a request must be like; of a list, any may match.",
            "anyOf": [
                when,
                { "title": "WhenList", "type": "array", "items": when, "minItems": 1 },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(when: &str, params: &[(&str, &str)], headers: &[(&'static str, &str)]) -> bool {
        let when: Matchers = serde_json::from_str(when).unwrap();
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        let param =
            |name: &str| params.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        when.matches(&RequestView {
            endpoint: Endpoint::Token,
            client_id: param("client_id"),
            headers: &headers,
            param: &param,
            merchant_id: Some("rahulrama"),
        })
    }

    #[test]
    fn each_member_narrows_and_an_absent_one_does_not() {
        let request = [("client_id", "abc"), ("grant_type", "refresh_token"), ("code", "x")];
        let headers = [("x-test", "1"), (CORRELATION_ID, "id-7")];
        for (when, expected) in [
            ("{}", true),
            (r#"{"endpoint":"token"}"#, true),
            (r#"{"endpoint":"any"}"#, true),
            (r#"{"endpoint":"jwks"}"#, false),
            (r#"{"client_id":"a*"}"#, true),
            (r#"{"client_id":"b*"}"#, false),
            (r#"{"merchant_id":"rahulrama"}"#, true),
            (r#"{"merchant_id":"other"}"#, false),
            (r#"{"grant_type":"refresh_token","code":"*"}"#, true),
            (r#"{"refresh_token":"*"}"#, false),
            (r#"{"correlation_id":"id-*"}"#, true),
            (r#"{"correlation_id":"x"}"#, false),
            (r#"{"header":{"X-Test":"1"}}"#, true),
            (r#"{"header":{"x-other":"*"}}"#, false),
            (r#"{"param":{"code":"x"}}"#, true),
            (r#"{"param":{"state":"*"}}"#, false),
            (r#"[{"code":"no"},{"code":"x"}]"#, true),
            (r#"[{"code":"no"},{"code":"nor"}]"#, false),
        ] {
            assert_eq!(matches(when, &request, &headers), expected, "{when}");
        }
    }
}
