//! Blocks until a future is done.

use crate::server::runtime;

/// Runs a future on the servers' own threads, which have the timers that it may need.
pub(super) fn wait<T>(future: impl Future<Output = T>) -> T {
    match runtime::runtime() {
        Ok(runtime) => runtime.block_on(future),
        // A server that is running has its threads.
        Err(error) => panic!("cannot start the mock server's threads: {error}"),
    }
}
