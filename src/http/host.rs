//! The host that a request names.

use axum::extract::Request;
use axum::http::header;

/// Returns the host and port that a request names itself. An absolute-form request line has
/// precedence over the `Host` header.
pub(super) fn direct_host(request: &Request) -> Option<&str> {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    authority.or_else(|| request.headers().get(header::HOST)?.to_str().ok())
}

/// Returns a host without its port.
pub(super) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Whether this can be a host and port, and so may appear in URLs and pages.
pub(super) fn is_host_and_port(host: &str) -> bool {
    (1..=255).contains(&host.len())
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b))
}
