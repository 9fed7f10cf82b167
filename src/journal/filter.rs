//! Selects entries of the journal.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::redact::fingerprint;
use super::{RecordedEndpoint, RecordedParam, RecordedRequest};
use crate::scenario::Pattern;

/// The conditions that an entry of the journal must meet. An entry matches if it meets all
/// conditions that are set. Conditions on the response match only requests that have one.
///
/// ```
/// use smartpay_oauth_mock::Filter;
///
/// let refreshes = Filter::new().client_id("v6TJH1IqhM").grant_type("refresh_token");
/// let payments = Filter::new().path("/pts/v2/payments*").header("X-Test", "7");
/// ```
#[derive(Clone, Debug, Default, PartialEq, JsonSchema)]
#[schemars(title = "Filter", deny_unknown_fields, transform = describe_named)]
#[non_exhaustive]
pub struct Filter {
    /// The endpoint.
    pub endpoint: Option<RecordedEndpoint>,
    /// The HTTP method.
    pub method: Option<Pattern>,
    /// The path within the realm, without the query.
    pub path: Option<Pattern>,
    /// The client ID.
    pub client_id: Option<Pattern>,
    /// The merchant ID.
    pub merchant_id: Option<Pattern>,
    /// The parameter `grant_type`.
    pub grant_type: Option<Pattern>,
    /// The header `v-c-client-correlation-id`.
    pub correlation_id: Option<Pattern>,
    /// The HTTP status of the response.
    pub status: Option<u16>,
    /// The error code of the response.
    pub error: Option<Pattern>,
    /// The scenario that matched, by name.
    pub scenario: Option<Pattern>,
    /// A header of the request. The name is in any case.
    #[schemars(default)]
    pub header: BTreeMap<String, Pattern>,
    /// A parameter of the request. A code or token is matched by its fingerprint, or by itself if
    /// the pattern has no `*`.
    #[schemars(default)]
    pub param: BTreeMap<String, Pattern>,
}

/// A condition of a filter that an entry does not meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Difference {
    /// The name of the condition in the filter.
    #[schemars(with = "String")]
    pub member: Cow<'static, str>,
    /// The expected value or pattern.
    pub expected: String,
    /// The value in the entry, if it has one.
    pub actual: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actual = self.actual.as_deref().unwrap_or("nothing");
        write!(f, "{}: expected {}, found {actual}", self.member, self.expected)
    }
}

impl Filter {
    /// Creates a filter that matches every entry. The setters narrow it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Matches requests to this endpoint.
    pub fn endpoint(mut self, endpoint: RecordedEndpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// Matches requests with this HTTP method.
    pub fn method(mut self, pattern: impl Into<Pattern>) -> Self {
        self.method = Some(pattern.into());
        self
    }

    /// Matches requests to this path within the realm, without the query.
    pub fn path(mut self, pattern: impl Into<Pattern>) -> Self {
        self.path = Some(pattern.into());
        self
    }

    /// Matches requests of this client.
    pub fn client_id(mut self, pattern: impl Into<Pattern>) -> Self {
        self.client_id = Some(pattern.into());
        self
    }

    /// Matches requests for this merchant.
    pub fn merchant_id(mut self, pattern: impl Into<Pattern>) -> Self {
        self.merchant_id = Some(pattern.into());
        self
    }

    /// Matches requests with this `grant_type`.
    pub fn grant_type(mut self, pattern: impl Into<Pattern>) -> Self {
        self.grant_type = Some(pattern.into());
        self
    }

    /// Matches requests with this `v-c-client-correlation-id`.
    pub fn correlation_id(mut self, pattern: impl Into<Pattern>) -> Self {
        self.correlation_id = Some(pattern.into());
        self
    }

    /// Matches requests whose response had this HTTP status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Matches requests whose response had this error code: an [`ErrorCode`](crate::ErrorCode), or
    /// a pattern.
    pub fn error(mut self, pattern: impl Into<Pattern>) -> Self {
        self.error = Some(pattern.into());
        self
    }

    /// Matches requests that this scenario matched.
    pub fn scenario(mut self, pattern: impl Into<Pattern>) -> Self {
        self.scenario = Some(pattern.into());
        self
    }

    /// Matches requests with this header. The name is in any case.
    pub fn header(mut self, name: impl AsRef<str>, pattern: impl Into<Pattern>) -> Self {
        self.header.insert(name.as_ref().to_ascii_lowercase(), pattern.into());
        self
    }

    /// Matches requests with this parameter, in the body or the query.
    pub fn param(mut self, name: impl Into<String>, pattern: impl Into<Pattern>) -> Self {
        self.param.insert(name.into(), pattern.into());
        self
    }

    /// Returns whether an entry meets all conditions.
    pub fn matches(&self, entry: &RecordedRequest) -> bool {
        self.endpoint.is_none_or(|endpoint| endpoint == entry.endpoint)
            && self.status.is_none_or(|status| Some(status) == entry.status())
            && self.conditions(entry).all(|condition| condition.holds())
    }

    /// Returns the conditions that an entry does not meet.
    pub(super) fn differences(&self, entry: &RecordedRequest) -> Vec<Difference> {
        let mut differences = Vec::new();

        if let Some(expected) = self.endpoint.filter(|endpoint| *endpoint != entry.endpoint) {
            differences.push(Difference {
                member: "endpoint".into(),
                expected: expected.to_string(),
                actual: Some(entry.endpoint.to_string()),
            });
        }
        if let Some(expected) = self.status.filter(|status| Some(*status) != entry.status()) {
            differences.push(Difference {
                member: "status".into(),
                expected: expected.to_string(),
                actual: entry.status().map(|status| status.to_string()),
            });
        }

        let unmet = self.conditions(entry).filter(|condition| !condition.holds());
        differences.extend(unmet.map(|condition| condition.difference()));
        differences
    }

    /// Returns each condition on a text with the value in an entry.
    fn conditions<'a>(&'a self, entry: &'a RecordedRequest) -> impl Iterator<Item = Condition<'a>> {
        let outcome = entry.outcome.as_ref();
        let members = [
            ("method", &self.method, Some(entry.method.as_str())),
            ("path", &self.path, Some(entry.path.as_str())),
            ("client_id", &self.client_id, entry.client_id.as_deref()),
            ("merchant_id", &self.merchant_id, entry.merchant_id.as_deref()),
            ("grant_type", &self.grant_type, entry.grant_type.as_deref()),
            ("correlation_id", &self.correlation_id, entry.correlation_id.as_deref()),
            ("error", &self.error, outcome.and_then(|outcome| outcome.error.as_deref())),
            ("scenario", &self.scenario, outcome.and_then(|outcome| outcome.scenario.as_deref())),
        ];
        let members = members.into_iter().filter_map(|(member, pattern, value)| {
            let pattern = pattern.as_ref()?;
            Some(Condition { member, name: "", pattern, value, is_fingerprint: false })
        });

        let headers = self.header.iter().map(|(name, pattern)| {
            let value = entry.headers.get(name);
            Condition { member: "header.", name, pattern, value, is_fingerprint: false }
        });
        let params = self.param.iter().map(|(name, pattern)| {
            let param = entry.params.get(name);
            let is_fingerprint = matches!(param, Some(RecordedParam::Fingerprint { .. }));
            let value = param.map(RecordedParam::as_str);
            Condition { member: "param.", name, pattern, value, is_fingerprint }
        });
        members.chain(headers).chain(params)
    }
}

/// A condition on a text, with the value that an entry has.
struct Condition<'a> {
    member: &'static str,
    /// The name of a header or a parameter, else empty.
    name: &'a str,
    pattern: &'a Pattern,
    value: Option<&'a str>,
    /// Whether the value is the fingerprint of a code or token.
    is_fingerprint: bool,
}

impl Condition<'_> {
    fn holds(&self) -> bool {
        let Some(value) = self.value else { return false };
        if self.pattern.matches(value) {
            return true;
        }

        // Whoever knows a code or token can look for it without its fingerprint.
        let token = self.pattern.exact().filter(|_| self.is_fingerprint);
        token.is_some_and(|token| fingerprint(token) == value)
    }

    fn difference(&self) -> Difference {
        let member = if self.name.is_empty() {
            self.member.into()
        } else {
            format!("{}{}", self.member, self.name).into()
        };

        Difference {
            member,
            expected: self.pattern.as_str().to_owned(),
            actual: self.value.map(str::to_owned),
        }
    }
}

/// Describes the dotted names in the schema of a filter.
fn describe_named(schema: &mut Schema) {
    let Some(Json::Object(properties)) = schema.get_mut("properties") else { return };
    let mut patterns = Map::new();

    for name in ["header", "param"] {
        let Some(mut member) = properties.remove(name) else { continue };
        let mut value = member["additionalProperties"].take();
        value["description"] = member["description"].take();
        patterns.insert(format!("^{name}\\."), value);
    }
    schema.insert("patternProperties".to_owned(), patterns.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> RecordedRequest {
        let mut entry = RecordedRequest::example();
        entry.headers = [("x-test", "7, 8")].into_iter().collect();
        entry.params.insert("scope", RecordedParam::Text("users".to_owned()));
        let code = RecordedParam::Fingerprint { fingerprint: fingerprint("eyJraK") };
        entry.params.insert("code", code);
        entry
    }

    #[test]
    fn all_conditions_must_hold_and_those_that_do_not_are_differences() {
        let entry = entry();
        for (filter, differs) in [
            ("{}", ""),
            (r#"{"endpoint":"token","client_id":"v6*","grant_type":"*","status":200}"#, ""),
            (r#"{"method":"POST","path":"/oauth2/*"}"#, ""),
            (r#"{"header.X-Test":"*8","param.scope":"users","param.code":"*"}"#, ""),
            (r#"{"param.code":"eyJraK"}"#, ""),
            (r#"{"param.code":"d33da05d966d","param.scope":null}"#, ""),
            (r#"{"param.code":"eyJra*"}"#, "param.code"),
            (r#"{"param.state":"*","header.x-other":"*"}"#, "header.x-other param.state"),
            (r#"{"method":"GET","path":"/oauth/*"}"#, "method path"),
            (r#"{"endpoint":"jwks"}"#, "endpoint"),
            (r#"{"client_id":"other","status":500}"#, "status client_id"),
            (r#"{"merchant_id":"*","error":"*","scenario":"*"}"#, "merchant_id error scenario"),
            (r#"{"correlation_id":"x"}"#, "correlation_id"),
        ] {
            let filter: Filter = serde_json::from_str(filter).unwrap();
            let found = filter.differences(&entry);
            let members: Vec<_> = found.iter().map(|difference| &*difference.member).collect();
            assert_eq!(members.join(" "), differs, "{filter:?}");
            assert_eq!(filter.matches(&entry), differs.is_empty());
        }
    }

    #[test]
    fn conditions_on_the_response_do_not_hold_without_one() {
        let entry = RecordedRequest { outcome: None, ..RecordedRequest::example() };
        assert!(Filter::new().client_id("*").matches(&entry));
        for filter in
            [Filter::new().status(200), Filter::new().error("*"), Filter::new().scenario("*")]
        {
            assert!(!filter.matches(&entry), "{filter:?}");
        }
    }
}
