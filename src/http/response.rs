//! Responses with the headers that the real server sends.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::header::IntoHeaderName;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::journal::ErrorTag;
use crate::oauth::{ErrorCode, Row};

/// The body of an error.
#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
    error_description: &'a str,
}

/// Makes a response of the token endpoint: JSON that must not be cached.
pub(super) fn json(status: u16, body: &impl Serialize) -> Response {
    // Two tokens are nearly 3 KB.
    let mut json = Vec::with_capacity(4096);
    if serde_json::to_writer(&mut json, body).is_err() {
        json.clear();
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = text(status, "application/json;charset=UTF-8", json);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// Makes an error response of the token endpoint.
pub(super) fn error(code: &ErrorCode, status: u16, description: &str) -> Response {
    let mut response =
        json(status, &ErrorBody { error: code.as_str(), error_description: description });
    tag_error(&mut response, code, None, description);
    response
}

/// Tags a response with its error and the row that refused, for the journal.
pub(super) fn tag_error(
    response: &mut Response,
    code: &ErrorCode,
    row: Option<Row>,
    description: &str,
) {
    response.extensions_mut().insert(ErrorTag {
        error: Some(code.as_str().to_owned()),
        description: Some(description.to_owned()),
        row: row.map(Row::number),
    });
}

/// Makes the response to a request whose head is too large.
pub(crate) fn large_head(limit: usize) -> Response {
    let text = format!("The head of the request has more than {limit} bytes.\n");
    let headers = [(header::CONNECTION, "close")];
    (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, headers, text).into_response()
}

/// Makes the response to a request for which the server has no connection left.
pub(crate) fn too_busy() -> Response {
    let text = "All connections of the server are busy (--limit connections=..., ulimit -n).\n";
    let headers = [(header::RETRY_AFTER, "1"), (header::CONNECTION, "close")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, text).into_response()
}

/// Makes the response to an HTTP/1.1 request whose host is missing, repeated or malformed.
pub(crate) fn bad_host() -> Response {
    let text =
        "HTTP/1.1 requires exactly one Host header: a host, and a port where one is needed.\n";
    (StatusCode::BAD_REQUEST, text).into_response()
}

/// Makes the response for a path without an endpoint.
pub(super) fn not_found(method: &Method) -> Response {
    let method: String = method.as_str().chars().take(16).collect();
    let text = format!(
        "There is no endpoint for {method} at this path. The token endpoint is POST \
         /oauth2/v3/token; GET / lists the others.\n"
    );
    (StatusCode::NOT_FOUND, text).into_response()
}

/// Makes the response for a path that takes other methods.
pub(super) fn wrong_method(allowed: &str) -> Response {
    let text = format!("This path supports only: {allowed}.\n");
    let mut response = (StatusCode::METHOD_NOT_ALLOWED, text).into_response();
    put_header(&mut response, header::ALLOW, allowed);
    response
}

/// Makes the response of the portal for a path that it does not serve. `server_url` serves it.
pub(super) fn not_at_portal(server_url: &str) -> Response {
    let text = format!(
        "This port is the portal, which serves the console and the consent pages only: /, \
         /ebc2/oauth/authorize and /oauth2/v3/authorize. {server_url} serves the rest.\n"
    );
    (StatusCode::NOT_FOUND, text).into_response()
}

/// Makes any response.
pub(super) fn text(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Body>,
) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Sets a header, unless the text cannot be the value of one.
pub(super) fn put_header(response: &mut Response, name: impl IntoHeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Sets the headers that a fixture names. They were checked when it was loaded.
pub(super) fn put_headers(headers: &mut HeaderMap, added: &BTreeMap<String, String>) {
    for (name, value) in added {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
}

/// Sets the `Date` of a response, by the realm's clock, unless a scenario has set it.
pub(super) fn put_date(headers: &mut HeaderMap, now: SystemTime) {
    if let Ok(value) = HeaderValue::from_str(&httpdate::fmt_http_date(datable(now))) {
        headers.entry(header::DATE).or_insert(value);
    }
}

/// Returns the closest time that a `Date` can show; httpdate panics at others.
fn datable(time: SystemTime) -> SystemTime {
    /// 9999-12-31T23:59:59Z, in seconds since 1970.
    const LATEST: Duration = Duration::from_secs(253_402_300_799);

    time.clamp(SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + LATEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_time_has_a_date() {
        let (epoch, second) = (SystemTime::UNIX_EPOCH, Duration::from_secs(1));
        let end = epoch + Duration::from_secs(253_402_300_800);
        let far = epoch + Duration::from_secs(i64::MAX.unsigned_abs() / 2);

        for (time, date) in [
            (epoch, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (epoch - second, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (epoch - Duration::from_secs(u64::from(u32::MAX)), "Thu, 01 Jan 1970 00:00:00 GMT"),
            (end - second, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (end, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (far, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            let mut headers = HeaderMap::new();
            put_date(&mut headers, time);
            assert_eq!(headers[header::DATE], date, "{time:?}");
        }
    }
}
