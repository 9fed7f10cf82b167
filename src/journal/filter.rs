//! Selects entries of the journal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{RecordedEndpoint, RecordedRequest};
use crate::scenario::{Pattern, condition_holds};

/// The conditions that an entry of the journal must meet. An entry matches if it meets all
/// conditions that are set.
///
/// ```
/// use smartpay_oauth_mock::Filter;
///
/// let refreshes = Filter::new().client_id("v6TJH1IqhM").grant_type("refresh_token");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "Filter")]
#[non_exhaustive]
pub struct Filter {
    /// The endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<RecordedEndpoint>,
    /// The client ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Pattern>,
    /// The merchant ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_id: Option<Pattern>,
    /// The parameter `grant_type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<Pattern>,
    /// The header `v-c-client-correlation-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<Pattern>,
    /// The HTTP status of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The error code of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Pattern>,
    /// The scenario that matched, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<Pattern>,
}

/// A condition of a filter that an entry does not meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Difference {
    /// The name of the condition in the filter.
    #[schemars(with = "String")]
    pub member: &'static str,
    /// The expected value or pattern.
    pub expected: String,
    /// The value in the entry, if it has one.
    pub actual: Option<String>,
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

    /// Matches requests whose response had this error code.
    pub fn error(mut self, pattern: impl Into<Pattern>) -> Self {
        self.error = Some(pattern.into());
        self
    }

    /// Matches requests that this scenario matched.
    pub fn scenario(mut self, pattern: impl Into<Pattern>) -> Self {
        self.scenario = Some(pattern.into());
        self
    }

    /// Returns whether an entry meets all conditions.
    pub fn matches(&self, entry: &RecordedRequest) -> bool {
        self.endpoint.is_none_or(|endpoint| endpoint == entry.endpoint)
            && self.status.is_none_or(|status| Some(status) == entry.outcome.status)
            && self
                .patterns(entry)
                .iter()
                .all(|(_, pattern, value)| condition_holds(pattern, *value))
    }

    /// Returns the conditions that an entry does not meet.
    pub(super) fn differences(&self, entry: &RecordedRequest) -> Vec<Difference> {
        let mut differences = Vec::new();

        if let Some(expected) = self.endpoint.filter(|endpoint| *endpoint != entry.endpoint) {
            differences.push(Difference {
                member: "endpoint",
                expected: expected.to_string(),
                actual: Some(entry.endpoint.to_string()),
            });
        }
        if let Some(expected) = self.status.filter(|status| Some(*status) != entry.outcome.status) {
            differences.push(Difference {
                member: "status",
                expected: expected.to_string(),
                actual: entry.outcome.status.map(|status| status.to_string()),
            });
        }

        for (member, pattern, value) in self.patterns(entry) {
            if let Some(expected) = pattern.as_ref().filter(|_| !condition_holds(pattern, value)) {
                differences.push(Difference {
                    member,
                    expected: expected.as_str().to_owned(),
                    actual: value.map(str::to_owned),
                });
            }
        }
        differences
    }

    /// Returns each condition on a text with its name and the value in an entry.
    fn patterns<'a>(
        &'a self,
        entry: &'a RecordedRequest,
    ) -> [(&'static str, &'a Option<Pattern>, Option<&'a str>); 6] {
        [
            ("client_id", &self.client_id, entry.client_id.as_deref()),
            ("merchant_id", &self.merchant_id, entry.merchant_id.as_deref()),
            ("grant_type", &self.grant_type, entry.grant_type.as_deref()),
            ("correlation_id", &self.correlation_id, entry.correlation_id.as_deref()),
            ("error", &self.error, entry.outcome.error.as_deref()),
            ("scenario", &self.scenario, entry.outcome.scenario.as_deref()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_conditions_must_hold_and_those_that_do_not_are_differences() {
        let entry = RecordedRequest::example();
        for (filter, differs) in [
            ("{}", ""),
            (r#"{"endpoint":"token","client_id":"v6*","grant_type":"*","status":200}"#, ""),
            (r#"{"endpoint":"jwks"}"#, "endpoint"),
            (r#"{"client_id":"other","status":500}"#, "status client_id"),
            (r#"{"merchant_id":"*","error":"*","scenario":"*"}"#, "merchant_id error scenario"),
            (r#"{"correlation_id":"x"}"#, "correlation_id"),
        ] {
            let filter: Filter = serde_json::from_str(filter).unwrap();
            let members: Vec<_> = filter.differences(&entry).iter().map(|d| d.member).collect();
            assert_eq!(members.join(" "), differs, "{filter:?}");
            assert_eq!(filter.matches(&entry), differs.is_empty());
        }
    }
}
