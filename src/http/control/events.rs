//! `/_mock/events`: the journal as server-sent events, each request once, when it is complete.
//!
//! A stream keeps a position among the completions, not a queue of its own. A slow reader costs no
//! memory; it is told how many requests it missed if the journal has dropped some meanwhile.

use std::fmt::Write;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use super::edit::journal;
use super::problem::Problem;
use super::query::Query;
use super::routes::{GET, Routes};
use crate::http::context::RequestContext;
use crate::journal::{Filter, Journal, RecordedRequest};
use crate::realm::Realm;

/// The maximum number of entries that are written at once.
const BATCH: usize = 64;
/// The interval of comments on an idle stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Where the stream begins.
#[derive(Deserialize, JsonSchema)]
struct StartParams {
    /// The ID of a request; the stream starts with the later ones that have a response already. 0 is
    /// the start of the journal. Default: responses from now on.
    after: Option<u64>,
}

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .add(GET, "/events", stream)
        .doc(
            "streamRequests",
            "Streams the journal as server-sent events: `request` for each entry when it has its \
             response, `dropped` for missed entries",
        )
        .query::<StartParams>()
        .query::<Filter>()
        .returns_text(&["text/event-stream"], "The entries in the order of their responses.");
}

async fn stream(
    context: RequestContext,
    headers: HeaderMap,
    mut query: Query,
) -> Result<Response, Problem> {
    let start: StartParams = query.read()?;
    let filter: Filter = query.read()?;
    query.finish()?;

    // A browser's EventSource sends this header when it reconnects.
    let last_id = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let reader = Reader::new(journal(&context).await?, filter, last_id, start.after);

    let (sender, receiver) = mpsc::channel(1);
    let following = follow(Arc::downgrade(&context.realm), reader, sender);
    // The stream never ends by itself, so it must not delay a server that stops.
    let app = context.app;
    tokio::spawn(async move {
        tokio::select! {
            () = following => {}
            () = app.stopping() => {}
        }
    });

    let body = Body::from_stream(ReceiverStream::new(receiver).map(Ok::<_, std::io::Error>));
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, body).into_response())
}

/// What a reader of the stream has seen, and what it wants to see.
struct Reader {
    filter: Filter,
    /// The number of the request after which the stream begins.
    after: u64,
    /// The position of the last completion that was sent or missed.
    position: u64,
    /// The number of requests that are missed, and not yet reported.
    missed: u64,
}

impl Reader {
    /// Starts after the completion at `position`, or after the request `after`, or now.
    fn new(journal: &Journal, filter: Filter, position: Option<u64>, after: Option<u64>) -> Self {
        let (position, missed) = match (position, after) {
            // A position that no completion has is from before a restart of the server.
            (Some(position), _) if position > journal.position() => {
                journal.position_before_first(0)
            }
            (Some(position), _) => (position, 0),
            (None, Some(after)) => journal.position_before_first(after),
            (None, None) => (journal.position(), 0),
        };
        Self { filter, after: after.unwrap_or_default(), position, missed }
    }

    /// Writes the requests that were completed since the last time. Returns whether there were any.
    fn write(&mut self, journal: &Journal, text: &mut String) -> bool {
        let tail = journal.tail(self.position, BATCH);
        self.position = tail.position;
        self.missed += tail.missed;

        if self.missed > 0 {
            let _ = write!(text, "event: dropped\ndata: {}\n\n", json!({ "count": self.missed }));
            self.missed = 0;
        }
        for (position, entry) in &tail.entries {
            if entry.id > self.after && self.filter.matches(entry) {
                text.push_str(&event(*position, entry));
            }
        }
        !tail.entries.is_empty()
    }
}

/// Writes requests as they are completed, until the reader or the realm is gone.
async fn follow(realm: Weak<Realm>, mut reader: Reader, sender: mpsc::Sender<Bytes>) {
    let Some(mut changes) = realm.upgrade().map(|realm| realm.journal.watch()) else { return };
    // The first comment tells the reader that the stream is open.
    let mut text = ": the journal follows\n\n".to_owned();

    loop {
        changes.borrow_and_update();
        let written = realm.upgrade().map(|realm| reader.write(&realm.journal, &mut text));
        let Some(has_written) = written else { return };
        if !text.is_empty() && sender.send(Bytes::from(std::mem::take(&mut text))).await.is_err() {
            return;
        }

        // After a batch there may be more; otherwise wait for the next completion.
        if has_written {
            continue;
        }
        tokio::select! {
            () = sender.closed() => return,
            changed = changes.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(KEEP_ALIVE) => text.push_str(":\n\n"),
        }
    }
}

/// Writes an event. Its id is the position of the completion, with which a reader continues after it has
/// lost the connection: requests are completed in another order than they arrive.
fn event(position: u64, entry: &RecordedRequest) -> String {
    // JSON has no line breaks, so it fits into one line of data.
    let data = serde_json::to_string(entry).unwrap_or_default();
    format!("id: {position}\nevent: request\ndata: {data}\n\n")
}
