//! The journal of a realm in the store: a stream that every replica reads.

use std::sync::Arc;
use std::time::Duration;

use redis::streams::{StreamId, StreamRangeReply};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::realm::SharedRealm;
use super::scripts::SCRIPTS;
use crate::store::Unavailable;

/// The number of records that wait to be written. Further ones are lost, as when the store is away.
const QUEUE: usize = 10_000;
/// The number of records that are written at once.
const BATCH: usize = 64;
/// The time for which records are collected, unless somebody waits for them.
const COLLECT_TIME: Duration = Duration::from_millis(2);
/// The number of entries that are read at once.
const PAGE: usize = 500;
/// The shortest stream. A replica that is further behind misses requests in its report.
const MIN_LENGTH: usize = 10_000;
/// The time that a reader waits for the records of its own replica.
const FLUSH_TIME: Duration = Duration::from_millis(1_500);

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordKind {
    /// It has begun, and may take long.
    Begin,
    /// It is complete.
    End,
    /// Its client no longer waits for a response that hangs.
    Unhang,
}

/// What is written to the journal.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) kind: RecordKind,
    /// The number of the request; `None` if the store is to give it one.
    pub(crate) number: Option<u64>,
    /// What tells the record from all others.
    pub(crate) id: RecordId,
    pub(crate) text: String,
}

/// What tells a record from all others: its replica, and its number there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RecordId {
    pub(crate) replica: Arc<str>,
    pub(crate) number: u64,
}

/// What is read from the journal.
#[derive(Debug)]
pub(crate) enum JournalEvent {
    Recorded {
        kind: RecordKind,
        number: u64,
        /// The position among the completions.
        position: u64,
        id: Option<RecordId>,
        text: String,
    },
    /// The requests up to this number were removed.
    Cleared { last: u64 },
}

/// Writes records, in their order and without delaying the requests.
#[derive(Debug, Clone)]
pub(crate) struct JournalWriter(mpsc::Sender<Job>);

#[derive(Debug)]
enum Job {
    Record(Arc<SharedRealm>, Record),
    Flush(oneshot::Sender<()>),
}

impl JournalWriter {
    /// Starts the task that writes. It ends when the last writer is dropped.
    pub(super) fn start(journal_size: usize) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(write_all(receiver, journal_size.max(MIN_LENGTH)));
        Self(sender)
    }

    /// Writes a record soon.
    pub(crate) fn write(&self, realm: &Arc<SharedRealm>, record: Record) {
        // What does not fit is lost, as it would be if the store were away.
        let _ = self.0.try_send(Job::Record(Arc::clone(realm), record));
    }

    /// Waits until what was given to the writer so far is in the store.
    pub(crate) async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        if self.0.send(Job::Flush(done)).await.is_ok() {
            let _ = tokio::time::timeout(FLUSH_TIME, flushed).await;
        }
    }
}

async fn write_all(mut jobs: mpsc::Receiver<Job>, journal_size: usize) {
    let mut batch = Vec::with_capacity(BATCH);

    while let Some(first) = jobs.recv().await {
        collect(first, &mut jobs, &mut batch).await;
        let mut waiting: Option<(Arc<SharedRealm>, Vec<Record>)> = None;
        for job in batch.drain(..) {
            match (job, &mut waiting) {
                (Job::Record(realm, record), Some((current, records)))
                    if Arc::ptr_eq(&realm, current) =>
                {
                    records.push(record);
                }
                (Job::Record(realm, record), _) => {
                    write_batch(waiting.take(), journal_size).await;
                    waiting = Some((realm, vec![record]));
                }
                (Job::Flush(done), _) => {
                    write_batch(waiting.take(), journal_size).await;
                    let _ = done.send(());
                }
            }
        }
        write_batch(waiting, journal_size).await;
    }
}

/// Collects records for a moment, unless somebody waits for them.
async fn collect(first: Job, jobs: &mut mpsc::Receiver<Job>, batch: &mut Vec<Job>) {
    let end = Instant::now() + COLLECT_TIME;
    let mut next = Some(first);

    while let Some(job) = next {
        let is_waiting = matches!(job, Job::Flush(_));
        batch.push(job);
        if is_waiting || batch.len() == BATCH {
            return;
        }
        next = timeout_at(end, jobs.recv()).await.ok().flatten();
    }
}

async fn write_batch(batch: Option<(Arc<SharedRealm>, Vec<Record>)>, journal_size: usize) {
    let Some((realm, records)) = batch else { return };
    let mut script = SCRIPTS.record.key(&[&realm.keys.config, &realm.keys.journal]);
    script.arg(&*realm.known().epoch).arg(journal_size).arg(&*realm.link.channel).arg(&*realm.name);
    for Record { kind, number, id, text } in records {
        script.arg(kind.name());
        script.arg(number.map(|number| number.to_string()).unwrap_or_default());
        script.arg(format!("{} {}", id.replica, id.number)).arg(text);
    }

    // The log has the reason; the requests have had their responses.
    let _ = realm.link.connection.run::<i64>(&script).await;
}

impl RecordId {
    fn parse(text: &str) -> Option<Self> {
        let (replica, number) = text.split_once(' ')?;
        Some(Self { replica: replica.into(), number: number.parse().ok()? })
    }
}

impl RecordKind {
    fn name(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::End => "end",
            Self::Unhang => "unhang",
        }
    }
}

impl SharedRealm {
    /// Reads what the journal has after a position of the stream, up to a maximum. Returns the events and
    /// whether there may be more; `position` is advanced.
    pub(crate) async fn read_journal(
        &self,
        position: &mut String,
    ) -> Result<(Vec<JournalEvent>, bool), Unavailable> {
        let start = if position.is_empty() { "-".to_owned() } else { format!("({position}") };
        let mut command = redis::cmd("XRANGE");
        command.arg(&self.keys.journal).arg(start).arg("+").arg("COUNT").arg(PAGE);
        let page: StreamRangeReply = self.link.connection.send(&command).await?;

        if let Some(last) = page.ids.last() {
            position.clone_from(&last.id);
        }
        let has_more = page.ids.len() == PAGE;
        Ok((page.ids.iter().filter_map(read_event).collect(), has_more))
    }
}

fn read_event(entry: &StreamId) -> Option<JournalEvent> {
    if let Some(last) = entry.get("clear") {
        return Some(JournalEvent::Cleared { last });
    }

    let kinds = [RecordKind::Begin, RecordKind::End, RecordKind::Unhang];
    let (kind, number) =
        kinds.into_iter().find_map(|kind| Some((kind, entry.get::<u64>(kind.name())?)))?;
    Some(JournalEvent::Recorded {
        kind,
        number,
        position: entry.get("position").unwrap_or_default(),
        id: entry.get::<String>("id").as_deref().and_then(RecordId::parse),
        text: entry.get("request").unwrap_or_default(),
    })
}
