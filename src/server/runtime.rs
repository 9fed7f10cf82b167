//! The runtime that all servers of a process share.

use std::io;

use parking_lot::Mutex;
use tokio::runtime::{Builder, Handle, Runtime};

/// More threads do not make the server faster.
const MAX_THREADS: usize = 4;

/// Returns the runtime of the servers. It starts with the first server and is never stopped, since
/// starting threads costs more than starting a server.
pub(crate) fn runtime() -> io::Result<Handle> {
    static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);
    let mut shared = RUNTIME.lock();
    if let Some(runtime) = &*shared {
        return Ok(runtime.handle().clone());
    }

    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = Builder::new_multi_thread()
        .worker_threads(cores.clamp(2, MAX_THREADS))
        .thread_name("smartpay-oauth-mock")
        .enable_all()
        .build()?;
    Ok(shared.insert(runtime).handle().clone())
}
