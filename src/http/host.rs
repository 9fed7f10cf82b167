//! The host that a request names.

use std::net::Ipv6Addr;

use axum::extract::Request;
use axum::http::{HeaderMap, header};

/// Returns the host and port that a request names itself. An absolute-form request line has
/// precedence over the `Host` header.
pub(super) fn direct_host(request: &Request) -> Option<&str> {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    authority.or_else(|| request.headers().get(header::HOST)?.to_str().ok())
}

/// Whether a request has what HTTP/1.1 demands: exactly one `Host`, and one that can be a host (RFC
/// 9112, section 3.2).
pub(crate) fn has_one_host(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::HOST).iter();

    match (values.next(), values.next()) {
        (Some(host), None) => host.to_str().is_ok_and(is_authority),
        _ => false,
    }
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
    host.len() <= 255
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b))
        && is_authority(host)
}

/// Whether this is a host with or without a port, as RFC 3986, section 3.2, spells them.
fn is_authority(text: &str) -> bool {
    let host = without_port(text);
    let port = text[host.len()..].trim_start_matches(':');

    let is_port = port.is_empty() || port.parse::<u16>().is_ok();
    let is_host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(is_host_byte),
    };
    is_port && is_host
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_may_have_a_port() {
        for good in [
            "localhost",
            "pay.test:8080",
            "a_b",
            "a~b.example.",
            "1.2.3.4",
            "[::1]",
            "[::1]:80",
            "h:",
        ] {
            assert!(is_authority(good), "{good}");
        }
        for bad in [
            "", ":", ":80", "a b", "a/b", "u@h", "h:80:80", "h:65536", "h:x", "h:+1", "[::1",
            "[h]", "::1",
        ] {
            assert!(!is_authority(bad), "{bad}");
        }
    }
}
