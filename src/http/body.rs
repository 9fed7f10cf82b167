//! Reading a request's body within limits.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::limits::{Limit, LimitMonitor};

/// The largest form that is read: 64 KiB.
const FORM_LIMIT: usize = 64 * 1024;
/// How much of a body that is refused is still read, and for how long. Many clients look for an
/// answer only once they have sent everything; if the connection closes before, they never see it.
const DISCARD_LIMIT: usize = 64 * 1024 * 1024;
const DISCARD_TIMEOUT: Duration = Duration::from_secs(2);

/// Why a body could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    TooLarge,
    TooSlow,
    /// The connection broke, or the chunks made no sense.
    Broken,
}

/// What a body is for, which says how large it may be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Form,
    Control,
}

/// Reads a whole body within the server's limits.
pub(super) async fn read(
    body: &mut Body,
    kind: Kind,
    monitor: &LimitMonitor,
) -> Result<Bytes, BodyError> {
    let limits = monitor.limits();
    let (size, limit) = match kind {
        Kind::Form => (FORM_LIMIT, Limit::BodySize),
        Kind::Control => (limits.control_size, Limit::ControlSize),
    };
    let read = read_within(body, size, limits.body_time).await;
    match read {
        Err(BodyError::TooLarge) => monitor.report(limit),
        Err(BodyError::TooSlow) => monitor.report(Limit::BodyTime),
        _ => {}
    }
    read
}

async fn read_within(body: &mut Body, size: usize, patience: Duration) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > size as u64 {
        return Err(BodyError::TooLarge);
    }
    match tokio::time::timeout(patience, Limited::new(body, size).collect()).await {
        Err(_) => Err(BodyError::TooSlow),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge),
        Ok(Err(_)) => Err(BodyError::Broken),
    }
}

/// Reads what is left of a refused body and forgets it, within limits.
pub(super) async fn discard(body: &mut Body) {
    if body.size_hint().lower() > DISCARD_LIMIT as u64 {
        return;
    }
    let all = async {
        let mut left = DISCARD_LIMIT;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(length) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    // Whoever is slower than this sees a closed connection.
    let _ = tokio::time::timeout(DISCARD_TIMEOUT, all).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_limit_is_the_last_size_that_is_read() {
        let second = Duration::from_secs(1);
        assert_eq!(
            read_within(&mut Body::from("abc"), 3, second).await.as_deref(),
            Ok(&b"abc"[..])
        );
        assert_eq!(read_within(&mut Body::from("abcd"), 3, second).await, Err(BodyError::TooLarge));
    }
}
