//! The conditions that a request must meet to match a scenario.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pattern::condition_holds;
use super::{CORRELATION_ID, Endpoint, Pattern, RequestView};

/// The conditions that a request must meet. A request matches if it meets all conditions that are
/// set.
///
/// ```
/// use smartpay_oauth_mock::{Endpoint, When};
///
/// let refreshes = When::new().client_id("v6TJH1IqhM").grant_type("refresh_token");
/// let payments = When::new().endpoint(Endpoint::Resource).header("x-test", "7");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(
    title = "When",
    description = "The conditions that a request must meet. A request matches if it meets all \
                   conditions that are set."
)]
#[non_exhaustive]
pub struct When {
    /// The endpoint. Default: the token endpoint.
    pub endpoint: Endpoint,
    /// The HTTP method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Pattern>,
    /// The path within the realm, without the query. The endpoint must fit: for the API, it is
    /// `resource` or `any`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Pattern>,
    /// The client ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Pattern>,
    /// The merchant ID.
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
    /// Parameters by name, from the body or the query.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub param: BTreeMap<String, Pattern>,
}

impl When {
    /// Creates conditions that match every token request. The setters narrow them.
    pub fn new() -> Self {
        Self::default()
    }

    /// Matches requests to this endpoint instead of the token endpoint.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// Matches requests with this HTTP method.
    pub fn method(mut self, pattern: impl Into<Pattern>) -> Self {
        self.method = Some(pattern.into());
        self
    }

    /// Matches requests to this path within the realm, without the query.
    ///
    /// ```
    /// use smartpay_oauth_mock::{Endpoint, When};
    ///
    /// let refunds = When::new().endpoint(Endpoint::Resource).path("/pts/v2/payments/*/refunds");
    /// ```
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

    /// Matches requests with this `code`.
    pub fn code(mut self, pattern: impl Into<Pattern>) -> Self {
        self.code = Some(pattern.into());
        self
    }

    /// Matches requests with this `refresh_token`.
    pub fn refresh_token(mut self, pattern: impl Into<Pattern>) -> Self {
        self.refresh_token = Some(pattern.into());
        self
    }

    /// Matches requests with this `v-c-client-correlation-id`.
    pub fn correlation_id(mut self, pattern: impl Into<Pattern>) -> Self {
        self.correlation_id = Some(pattern.into());
        self
    }

    /// Matches requests with this header.
    pub fn header(mut self, name: impl Into<String>, pattern: impl Into<Pattern>) -> Self {
        self.header.insert(name.into(), pattern.into());
        self
    }

    /// Matches requests with this parameter, in the body or the query.
    pub fn param(mut self, name: impl Into<String>, pattern: impl Into<Pattern>) -> Self {
        self.param.insert(name.into(), pattern.into());
        self
    }

    pub(super) fn matches(&self, request: &RequestView<'_>) -> bool {
        // Parameters and headers cost a search each, so they come last.
        (self.endpoint == Endpoint::Any || self.endpoint == request.endpoint)
            && condition_holds(&self.method, Some(request.method))
            && condition_holds(&self.path, Some(request.path))
            && condition_holds(&self.client_id, request.client_id)
            && condition_holds(&self.merchant_id, request.merchant_id)
            && self.params().all(|(name, pattern)| request.has_param(name, pattern))
            && self.headers().all(|(name, pattern)| request.has_header(name, pattern))
    }

    /// Returns every condition on a parameter.
    pub(super) fn params(&self) -> impl Iterator<Item = (&str, &Pattern)> {
        let members = [
            ("code", &self.code),
            ("refresh_token", &self.refresh_token),
            ("grant_type", &self.grant_type),
        ];
        let members = members.into_iter();
        let members = members.filter_map(|(name, pattern)| Some((name, pattern.as_ref()?)));

        self.param.iter().map(|(name, pattern)| (name.as_str(), pattern)).chain(members)
    }

    /// Returns every condition on a header.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&str, &Pattern)> {
        let correlation_id = self.correlation_id.iter().map(|pattern| (CORRELATION_ID, pattern));
        self.header.iter().map(|(name, pattern)| (name.as_str(), pattern)).chain(correlation_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Matchers;
    use axum::http::HeaderMap;

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
            method: "POST",
            path: "/oauth2/v3/token",
            client_id: param("client_id"),
            headers: &headers,
            param: &param,
            merchant_id: Some("rahulrama"),
        })
    }

    #[test]
    fn each_given_condition_must_hold() {
        let request = [("client_id", "abc"), ("grant_type", "refresh_token"), ("code", "x")];
        let headers = [("x-test", "1"), (CORRELATION_ID, "id-7")];
        for (when, expected) in [
            ("{}", true),
            (r#"{"endpoint":"token"}"#, true),
            (r#"{"endpoint":"any"}"#, true),
            (r#"{"endpoint":"jwks"}"#, false),
            (r#"{"method":"POST"}"#, true),
            (r#"{"method":"P*","path":"/oauth2/*/token"}"#, true),
            (r#"{"method":"GET"}"#, false),
            (r#"{"path":"/oauth2"}"#, false),
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
