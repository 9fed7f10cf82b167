//! Reads request bodies within limits.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::limits::{Limit, LimitMonitor};

/// The size of the largest form that is read, in bytes.
const FORM_LIMIT: usize = 64 * 1024;

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    TooLarge,
    TooSlow,
    /// The connection broke, or the chunks were malformed.
    Broken,
}

/// Returns the first coding of a body beside `identity`, as messages may display it.
pub(super) fn content_coding(headers: &HeaderMap) -> Option<String> {
    /// No registered coding is longer.
    const MAX_LENGTH: usize = 32;

    let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
    let coding = values.find_map(|value| {
        let value = String::from_utf8_lossy(value.as_bytes());
        let mut codings = value.split(',').map(str::trim);
        let other = codings.find(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"));
        other.map(str::to_owned)
    })?;

    let is_displayable = coding.len() <= MAX_LENGTH
        && coding.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    Some(if is_displayable { coding } else { "of this request".to_owned() })
}

/// What a body is for, which decides how large it may be.
#[derive(Clone, Copy, Debug)]
pub(super) enum BodyKind {
    Form,
    Control,
}

/// Reads a whole body.
///
/// # Errors
///
/// If the body exceeds a limit, which is logged once, or does not arrive whole.
pub(super) async fn read(
    body: &mut Body,
    kind: BodyKind,
    monitor: &LimitMonitor,
) -> Result<Bytes, BodyError> {
    let limits = monitor.limits();
    let (size, size_limit) = match kind {
        BodyKind::Form => (FORM_LIMIT, Limit::BodySize),
        BodyKind::Control => (limits.control_size, Limit::ControlSize),
    };

    let read = read_within(body, size, limits.body_time).await;
    match read {
        Err(BodyError::TooLarge) => monitor.report(size_limit),
        Err(BodyError::TooSlow) => monitor.report(Limit::BodyTime),
        _ => {}
    }
    read
}

async fn read_within(body: &mut Body, size: usize, timeout: Duration) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > size as u64 {
        return Err(BodyError::TooLarge);
    }

    match tokio::time::timeout(timeout, Limited::new(body, size).collect()).await {
        Err(_) => Err(BodyError::TooSlow),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge),
        Ok(Err(_)) => Err(BodyError::Broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_of_exactly_the_limit_is_read() {
        let second = Duration::from_secs(1);
        assert_eq!(
            read_within(&mut Body::from("abc"), 3, second).await.as_deref(),
            Ok(&b"abc"[..])
        );
        assert_eq!(read_within(&mut Body::from("abcd"), 3, second).await, Err(BodyError::TooLarge));
    }
}
