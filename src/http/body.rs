//! Reading a request's body within bounds.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// The largest form that is read: 64 KiB.
pub(super) const FORM_LIMIT: usize = 64 * 1024;
/// How long a client may take to send a body.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of a body that is refused is still read, and for how long. Many clients look for an
/// answer only once they have sent everything; if the connection closes before, they never see it.
const DRAINED: usize = 16 * 1024 * 1024;
const DRAIN_PATIENCE: Duration = Duration::from_secs(2);

/// Why a body could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    TooLarge,
    TooSlow,
    /// The connection broke, or the chunks made no sense.
    Broken,
}

/// Reads a whole body of at most `limit` bytes.
pub(super) async fn read(body: &mut Body, limit: usize) -> Result<Bytes, Unread> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Unread::TooLarge);
    }
    match tokio::time::timeout(PATIENCE, Limited::new(body, limit).collect()).await {
        Err(_) => Err(Unread::TooSlow),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
        Ok(Err(_)) => Err(Unread::Broken),
    }
}

/// Reads what is left of a refused body and forgets it, within bounds.
pub(super) async fn drain(body: &mut Body) {
    if body.size_hint().lower() > DRAINED as u64 {
        return;
    }
    let all = async {
        let mut left = DRAINED;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(length) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    // Whoever is slower than this sees a closed connection.
    let _ = tokio::time::timeout(DRAIN_PATIENCE, all).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_limit_is_the_last_size_that_is_read() {
        assert_eq!(read(&mut Body::from("abc"), 3).await.as_deref(), Ok(&b"abc"[..]));
        assert_eq!(read(&mut Body::from("abcd"), 3).await, Err(Unread::TooLarge));
    }
}
