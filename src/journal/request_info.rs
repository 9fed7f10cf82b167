//! What is known of a request when it arrives.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::redact::truncate;

/// A request as it arrived.
#[derive(Debug)]
pub(crate) struct RequestInfo {
    pub(crate) realm: Arc<str>,
    /// The time by the realm's clock, in milliseconds since 1970.
    pub(crate) time_ms: i64,
    /// The time by the machine's clock, to measure durations.
    pub(crate) started: Instant,
    pub(crate) method: String,
    /// The path within the realm, without the query.
    pub(crate) path: String,
    pub(crate) scheme: &'static str,
    /// The common name of the client certificate; empty if it has none.
    pub(crate) certificate: Option<Arc<str>>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) correlation: Correlation,
    /// Whether an `Authorization` header has Basic credentials.
    pub(crate) has_basic: bool,
}

impl RequestInfo {
    /// Limits the size of what the client chose.
    pub(super) fn bounded(self) -> Self {
        Self {
            method: truncate(&self.method),
            path: truncate(&self.path),
            certificate: self.certificate.map(|name| truncate(&name).into()),
            correlation_id: self.correlation_id.as_deref().map(truncate),
            ..self
        }
    }
}

/// Whether a request has a correlation ID in the documented format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Correlation {
    Missing,
    Malformed,
    Valid,
}

/// Converts milliseconds since 1970 to a time.
pub(super) fn time_from_ms(ms: i64) -> SystemTime {
    let distance = Duration::from_millis(ms.unsigned_abs());
    let time = if ms < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    };
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

impl Correlation {
    /// Checks the format: 36 characters of a limited set (source K).
    pub(crate) fn of(id: Option<&str>) -> Self {
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b".-_:".contains(&b);

        match id {
            None | Some("") => Self::Missing,
            Some(id) if id.len() == 36 && id.bytes().all(is_allowed) => Self::Valid,
            Some(_) => Self::Malformed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correlation_id_has_36_characters_of_a_limited_set() {
        for (id, expected) in [
            (None, Correlation::Missing),
            (Some(""), Correlation::Missing),
            (Some("id-7"), Correlation::Malformed),
            (Some("9a341edd-3ceb-4b36-b423-9088e9bad5a0"), Correlation::Valid),
            (Some("9a341edd-3ceb-4b36-b423-9088e9bad5a "), Correlation::Malformed),
            (Some("9a341edd-3ceb-4b36-b423-9088e9bad5a01"), Correlation::Malformed),
        ] {
            assert_eq!(Correlation::of(id), expected, "{id:?}");
        }
    }
}
