//! Threads for calls that may take long, so that no other request waits for them.

use axum::http::StatusCode;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::problem::Problem;

/// The size from which a body is read on such a thread, in bytes. A smaller one is read at once.
const LARGE: usize = 16 * 1024;

/// The calls that run at the same time. The others wait, so that many large bodies at once take no
/// more memory than a few.
static PLACES: Semaphore = Semaphore::const_new(4);

/// Runs a function on a thread that no request needs.
pub(super) async fn run_blocking<T: Send + 'static>(
    function: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let place = PLACES.acquire().await.map_err(|_| stopping())?;

    let task = spawn_blocking(move || {
        // The function goes on if its client leaves, and keeps its place.
        let _place = place;
        function()
    });
    match task.await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(returned) => Ok(returned),
        // It becomes the response that it would be if the handler itself had panicked.
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(_)) => Err(stopping()),
    }
}

/// Reads a text with a function, on another thread if the text is large.
pub(super) async fn read_blocking<T: Send + 'static>(
    text: String,
    read: impl FnOnce(&str) -> T + Send + 'static,
) -> Result<T, Problem> {
    if text.len() < LARGE { Ok(read(&text)) } else { run_blocking(move || read(&text)).await }
}

fn stopping() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "The server is stopping.")
}
