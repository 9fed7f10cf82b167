//! What is known of a request when it arrives.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::redact::truncated;

/// A request as it arrived.
#[derive(Debug)]
pub(crate) struct RequestInfo {
    pub(crate) realm: Arc<str>,
    /// The time by the realm's clock.
    pub(crate) time: SystemTime,
    /// The time by the system clock, to measure durations.
    pub(crate) started: Instant,
    pub(crate) method: String,
    /// The path within the realm, without the query.
    pub(crate) path: String,
    pub(crate) scheme: &'static str,
    /// Whether it came by the portal, which serves the consent pages and the console only.
    pub(crate) is_portal: bool,
    /// The common name of the client certificate; empty if it has none.
    pub(crate) certificate: Option<Arc<str>>,
    pub(crate) correlation_id: Option<String>,
    /// Whether an `Authorization` header has Basic credentials.
    pub(crate) has_basic: bool,
}

impl RequestInfo {
    /// Limits the size of what the client chose.
    pub(super) fn bounded(self) -> Self {
        Self {
            method: bounded(self.method),
            path: bounded(self.path),
            certificate: self.certificate.map(|name| match truncated(&name) {
                Cow::Borrowed(_) => name,
                Cow::Owned(short) => short.into(),
            }),
            correlation_id: self.correlation_id.map(bounded),
            ..self
        }
    }
}

/// Returns a text, shortened if it is long.
fn bounded(text: String) -> String {
    match truncated(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(short) => short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl RequestInfo {
        pub(crate) fn example(path: &str) -> Self {
            Self {
                realm: "default".into(),
                time: SystemTime::UNIX_EPOCH,
                started: Instant::now(),
                method: "POST".into(),
                path: path.into(),
                scheme: "http",
                is_portal: false,
                certificate: None,
                correlation_id: None,
                has_basic: false,
            }
        }
    }
}
