//! The part of a request that scenarios match on.

use axum::http::HeaderMap;

use super::{Endpoint, Pattern};

/// The header that identifies a request in the logs of both client and server (sources S and K).
pub(crate) const CORRELATION_ID: &str = "v-c-client-correlation-id";

/// What scenarios see of a request.
pub(crate) struct RequestView<'a> {
    pub(crate) endpoint: Endpoint,
    pub(crate) method: &'a str,
    /// The path within the realm, without the query.
    pub(crate) path: &'a str,
    pub(crate) client_id: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    /// Returns the value of a parameter.
    pub(crate) param: &'a (dyn Fn(&str) -> Option<&'a str> + Sync),
    /// The merchant of the code or token. Looked up only if [`ScenarioSet::needs_merchant`].
    ///
    /// [`ScenarioSet::needs_merchant`]: super::ScenarioSet::needs_merchant
    pub(crate) merchant_id: Option<&'a str>,
}

impl<'a> RequestView<'a> {
    /// Returns the value of a parameter.
    pub(super) fn param(&self, name: &str) -> Option<&'a str> {
        (self.param)(name)
    }

    pub(super) fn has_param(&self, name: &str, pattern: &Pattern) -> bool {
        self.param(name).is_some_and(|value| pattern.matches(value))
    }

    /// Returns whether one of the headers with this name matches.
    pub(super) fn has_header(&self, name: &str, pattern: &Pattern) -> bool {
        let mut values = self.headers.get_all(name).iter();
        values.any(|value| pattern.matches(&String::from_utf8_lossy(value.as_bytes())))
    }
}
