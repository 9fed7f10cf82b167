//! The threads that all servers of a process run on.

use std::io;

use parking_lot::Mutex;
use tokio::runtime::{Builder, Handle, Runtime};

/// More threads than this do not make a mock faster.
const MOST_THREADS: usize = 4;

/// The runtime of the servers. It starts with the first of them and stays, since starting threads
/// costs more than a server does.
pub(crate) fn runtime() -> io::Result<Handle> {
    static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);
    let mut started = RUNTIME.lock();
    if let Some(runtime) = &*started {
        return Ok(runtime.handle().clone());
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = Builder::new_multi_thread()
        .worker_threads(cores.clamp(2, MOST_THREADS))
        .thread_name("smartpay-oauth-mock")
        .enable_all()
        .build()?;
    Ok(started.insert(runtime).handle().clone())
}
