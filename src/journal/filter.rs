//! Which entries of the journal are meant.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Difference, RecordedEndpoint, RecordedRequest};
use crate::scenario::Pattern;

/// What an entry must be like. All that is given must hold; what is absent fits anything. Texts
/// may have a `*`, which stands for any number of characters.
///
/// ```
/// use smartpay_oauth_mock::Filter;
///
/// let refreshes = Filter::default().client_id("v6TJH1IqhM").grant_type("refresh_token");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "Filter")]
pub struct Filter {
    /// The endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<RecordedEndpoint>,
    /// The client, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Pattern>,
    /// The merchant, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_id: Option<Pattern>,
    /// The grant type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<Pattern>,
    /// The header `v-c-client-correlation-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<Pattern>,
    /// The HTTP status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The error code of the answer; `*` is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Pattern>,
    /// The scenario that took part, by name; `*` is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<Pattern>,
}

impl Filter {
    /// Requests to this endpoint.
    pub fn endpoint(mut self, endpoint: RecordedEndpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// Requests of this client.
    pub fn client_id(mut self, pattern: &str) -> Self {
        self.client_id = Some(pattern.into());
        self
    }

    /// Requests for this merchant.
    pub fn merchant_id(mut self, pattern: &str) -> Self {
        self.merchant_id = Some(pattern.into());
        self
    }

    /// Requests with this grant type.
    pub fn grant_type(mut self, pattern: &str) -> Self {
        self.grant_type = Some(pattern.into());
        self
    }

    /// Requests with this correlation id.
    pub fn correlation_id(mut self, pattern: &str) -> Self {
        self.correlation_id = Some(pattern.into());
        self
    }

    /// Requests that were answered with this HTTP status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Requests that were answered with this error.
    pub fn error(mut self, pattern: &str) -> Self {
        self.error = Some(pattern.into());
        self
    }

    /// Requests that this scenario took part in.
    pub fn scenario(mut self, pattern: &str) -> Self {
        self.scenario = Some(pattern.into());
        self
    }

    /// Whether an entry is one of those that are meant.
    pub fn fits(&self, entry: &RecordedRequest) -> bool {
        let text = |pattern: &Option<Pattern>, actual: &Option<String>| match (pattern, actual) {
            (None, _) => true,
            (Some(pattern), actual) => {
                actual.as_ref().is_some_and(|actual| pattern.matches(actual))
            }
        };
        self.endpoint.is_none_or(|endpoint| endpoint == entry.endpoint)
            && self.status.is_none_or(|status| Some(status) == entry.outcome.status)
            && text(&self.client_id, &entry.client_id)
            && text(&self.merchant_id, &entry.merchant_id)
            && text(&self.grant_type, &entry.grant_type)
            && text(&self.correlation_id, &entry.correlation_id)
            && text(&self.error, &entry.outcome.error)
            && text(&self.scenario, &entry.outcome.scenario)
    }

    /// What of an entry is otherwise than meant.
    pub(super) fn differences(&self, entry: &RecordedRequest) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut differ = |member, expected: Option<String>, actual: Option<String>, fits: bool| {
            if let Some(expected) = expected.filter(|_| !fits) {
                found.push(Difference { member, expected, actual });
            }
        };
        let name = |endpoint: RecordedEndpoint| {
            serde_json::to_value(endpoint).ok()?.as_str().map(str::to_owned)
        };
        differ(
            "endpoint",
            self.endpoint.and_then(name),
            name(entry.endpoint),
            self.endpoint == Some(entry.endpoint),
        );
        let number = |status: Option<u16>| status.map(|status| status.to_string());
        differ(
            "status",
            number(self.status),
            number(entry.outcome.status),
            self.status == entry.outcome.status,
        );
        let outcome = &entry.outcome;
        for (member, pattern, actual) in [
            ("client_id", &self.client_id, &entry.client_id),
            ("merchant_id", &self.merchant_id, &entry.merchant_id),
            ("grant_type", &self.grant_type, &entry.grant_type),
            ("correlation_id", &self.correlation_id, &entry.correlation_id),
            ("error", &self.error, &outcome.error),
            ("scenario", &self.scenario, &outcome.scenario),
        ] {
            let fits =
                |pattern: &Pattern| actual.as_ref().is_some_and(|text| pattern.matches(text));
            let written = pattern.as_ref().map(|pattern| pattern.as_str().to_owned());
            differ(member, written, actual.clone(), pattern.as_ref().is_some_and(fits));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_given_must_hold_and_what_differs_is_told() {
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
            assert_eq!(filter.fits(&entry), differs.is_empty());
        }
    }
}
