//! The way of log lines to standard error, for which no request ever waits.
//!
//! A pipe that nobody reads blocks the thread that writes to it. So a thread of its own writes, from a
//! queue that drops lines when it is full. Errors of standard error are ignored: there is no better
//! place to report them.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tracing::Dispatch;

use super::panic_log::PanicReport;

/// The maximum size of the queue, in bytes.
const CAPACITY: usize = 1024 * 1024;
/// The memory that a record takes besides its text, in bytes.
const RECORD_SIZE: usize = 64;
/// The time for the last lines before the process ends.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// The queue of the process, once the log has started.
static QUEUE: OnceLock<Arc<LogQueue>> = OnceLock::new();

/// Lines that are not written yet.
#[derive(Default)]
pub(super) struct LogQueue {
    state: Mutex<State>,
    /// Notified when there is something to write, and when it is written.
    changed: Condvar,
    /// Whether lines are written by whoever logs them. A file has no reader to wait for.
    is_direct: bool,
}

#[derive(Default)]
struct State {
    records: VecDeque<Record>,
    bytes: usize,
    /// The number of records that did not fit since the last batch.
    dropped: u64,
    is_writing: bool,
}

enum Record {
    /// Formatted, with its line break.
    Line(Vec<u8>),
    /// Formatted by the writing thread, since formatting could panic once more.
    Panic(PanicReport),
}

impl LogQueue {
    /// Creates the queue of the process. [`LogQueue::start`] starts to write it.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { is_direct: is_stderr_a_file(), ..Self::default() })
    }

    /// Starts the thread that writes the queue. `direct` logs without the queue.
    pub(super) fn start(self: &Arc<Self>, direct: Dispatch) -> io::Result<()> {
        let queue = Arc::clone(self);
        thread::Builder::new().name("log".to_owned()).spawn(move || queue.write_all(&direct))?;
        // A second start would find the first one's queue.
        let _ = QUEUE.set(Arc::clone(self));
        Ok(())
    }

    /// Adds a record, or counts it as dropped if the queue is full.
    fn push(&self, record: Record) {
        let size = record.size();
        let mut state = self.state.lock();

        if state.bytes + size > CAPACITY {
            state.dropped += 1;
        } else {
            state.bytes += size;
            state.records.push_back(record);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Writes records as they come, for ever.
    fn write_all(&self, direct: &Dispatch) {
        loop {
            let (records, dropped) = self.next_batch();
            write_records(records, direct);

            // Records are dropped only when those before them fill the queue.
            if dropped > 0 {
                tracing::dispatcher::with_default(direct, || {
                    tracing::warn!(
                        dropped,
                        "lines of the log were dropped: standard error was not read in time"
                    );
                });
            }
            self.state.lock().is_writing = false;
            self.changed.notify_all();
        }
    }

    /// Waits for records and takes them all.
    fn next_batch(&self) -> (VecDeque<Record>, u64) {
        let mut state = self.state.lock();
        while state.records.is_empty() && state.dropped == 0 {
            self.changed.wait(&mut state);
        }

        state.is_writing = true;
        state.bytes = 0;
        (std::mem::take(&mut state.records), std::mem::take(&mut state.dropped))
    }

    /// Waits until everything is written, but no longer than the timeout.
    fn flush(&self, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        let mut state = self.state.lock();

        while state.is_writing || !state.records.is_empty() {
            if self.changed.wait_until(&mut state, deadline).timed_out() {
                return;
            }
        }
    }
}

impl Record {
    fn size(&self) -> usize {
        RECORD_SIZE
            + match self {
                Self::Line(line) => line.len(),
                Self::Panic(report) => report.size(),
            }
    }
}

/// Writes the records to standard error, lines next to each other at once.
fn write_records(records: VecDeque<Record>, direct: &Dispatch) {
    let mut lines = Vec::new();
    for record in records {
        match record {
            Record::Line(line) => lines.extend(line),
            Record::Panic(report) => {
                write_stderr(&std::mem::take(&mut lines));
                tracing::dispatcher::with_default(direct, || report.log());
            }
        }
    }
    write_stderr(&lines);
}

/// Writes to standard error; its errors are ignored.
fn write_stderr(bytes: &[u8]) {
    let _ = io::stderr().write_all(bytes);
}

/// A writer of log lines: each `write` is a line. Without a queue, it writes to standard error at once.
pub(super) struct LogLines(pub(super) Option<Arc<LogQueue>>);

impl Write for LogLines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match &self.0 {
            Some(queue) if !queue.is_direct => queue.push(Record::Line(line.to_vec())),
            _ => write_stderr(line),
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Prints a line to standard error, after those of the log. Errors are ignored.
pub(super) fn print_error(text: &str) {
    let _ = LogLines(QUEUE.get().cloned()).write_all(format!("{text}\n").as_bytes());
}

/// Has a panic logged.
pub(super) fn log_panic(report: PanicReport) {
    if let Some(queue) = QUEUE.get() {
        queue.push(Record::Panic(report));
    }
}

/// Waits until everything is written, as far as standard error takes it.
pub(super) fn flush() {
    if let Some(queue) = QUEUE.get() {
        queue.flush(FLUSH_TIMEOUT);
    }
}

/// Whether standard error is a file. Anything else may have a reader that does not read.
#[cfg(unix)]
fn is_stderr_a_file() -> bool {
    use std::fs::File;
    use std::os::fd::AsFd;

    let file = io::stderr().as_fd().try_clone_to_owned().map(File::from);
    file.and_then(|file| file.metadata()).is_ok_and(|metadata| metadata.is_file())
}

#[cfg(not(unix))]
fn is_stderr_a_file() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_drops_lines_and_counts_them() {
        let queue = LogQueue::default();
        let line = vec![b'x'; CAPACITY / 4];
        for _ in 0..6 {
            queue.push(Record::Line(line.clone()));
        }
        let (records, dropped) = queue.next_batch();
        assert_eq!((records.len(), dropped), (3, 3));

        queue.push(Record::Line(line));
        let (records, dropped) = queue.next_batch();
        assert_eq!((records.len(), dropped), (1, 0), "there is room again");
    }

    #[test]
    fn a_flush_ends_although_nothing_is_written() {
        let queue = LogQueue::default();
        queue.flush(Duration::from_secs(3600));
        queue.push(Record::Line(b"x\n".to_vec()));
        queue.flush(Duration::from_millis(1));
    }
}
