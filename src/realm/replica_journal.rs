//! The journal of a realm of a shared store: written by all replicas, and copied by each.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Realm;
use super::replica::Replica;
use super::streamed_request::{StreamedCompletion, StreamedRequest};
use crate::clock::{from_ms, to_ms};
use crate::journal::RecordedRequest;
use crate::report::Seen;
use crate::scenario::Fault;
use crate::store::Unavailable;
use crate::store::redis::{JournalEvent, Record, RecordKind};

impl Replica {
    /// Writes a request to the shared journal: that it is under way, and may be for long, or how it has
    /// ended.
    pub(crate) fn write(
        &self,
        entry: RecordedRequest,
        number: Option<u64>,
        completion: Option<StreamedCompletion>,
    ) {
        let kind = if completion.is_some() { RecordKind::End } else { RecordKind::Begin };
        let started_us = self.shared.link.time.micros_at(entry.started);
        let is_https = entry.scheme == "https";
        let request = StreamedRequest { entry, is_https, started_us, completion };

        let text = serde_json::to_string(&request).unwrap_or_default();
        let id = self.next_record();
        self.written.put(id.number, request);
        self.store.writer.write(&self.shared, Record { kind, number, id, text });
    }
}

impl Realm {
    /// Brings the copy of the journal up to date: it has all requests that any replica had completed
    /// before.
    pub(crate) async fn catch_up(&self, replica: &Replica) -> Result<(), Unavailable> {
        replica.store.flush_all().await?;
        self.copy_journal(replica).await
    }

    /// Copies what the stream of the journal has.
    pub(crate) async fn copy_journal(&self, replica: &Replica) -> Result<(), Unavailable> {
        let mut position = replica.read_up_to.lock().await;
        loop {
            let (events, has_more) = replica.shared.read_journal(&mut position).await?;
            for event in events {
                self.copy_event(replica, event);
            }
            if !has_more {
                return Ok(());
            }
        }
    }

    fn copy_event(&self, replica: &Replica, event: JournalEvent) {
        match event {
            JournalEvent::Cleared { last } => {
                self.journal.copy_clear(last);
                self.observer.clear(last);
            }
            JournalEvent::Recorded { kind: RecordKind::Unhang, number, .. } => {
                drop(replica.hangs.lock().remove(&number));
            }
            JournalEvent::Recorded { number, position, id, text, .. } => {
                let own = id.filter(|id| id.replica == replica.store.replica);
                let written = own.and_then(|id| replica.written.take(id.number));
                // What another version has written may be unreadable; the number remains free.
                if let Some(mut request) = written.or_else(|| serde_json::from_str(&text).ok()) {
                    request.entry.id = number;
                    request.entry.scheme = if request.is_https { "https" } else { "http" };
                    request.entry.started = replica.shared.link.time.moment_at(request.started_us);
                    self.copy_request(replica, position, request);
                }
            }
        }
    }

    fn copy_request(&self, replica: &Replica, position: u64, request: StreamedRequest) {
        let StreamedRequest { entry, started_us, completion, .. } = request;
        let Some(completion) = completion else { return self.journal.copy_begin(entry) };
        let StreamedCompletion { facts, conditions, retry_after, end_ms } = completion;

        let number = entry.id;
        let hangs = entry.outcome.as_ref().and_then(|outcome| outcome.fault) == Some(Fault::Hang);
        self.observer.begin_at(from_ms(started_us / 1_000));
        self.journal.complete(Some(position), entry, facts, |entry, facts| {
            let end = entry.started + Duration::from_micros(entry.duration_us);
            self.observer.observe(Seen {
                entry,
                facts,
                conditions,
                retry_after,
                start_ms: to_ms(entry.time).unwrap_or_default(),
                end_ms,
                end: end.min(Instant::now()),
            });
        });
        if hangs {
            let hang = Arc::clone(&self.observer).begin_hang(Some(number));
            replica.hangs.lock().insert(number, hang);
        }
    }
}
