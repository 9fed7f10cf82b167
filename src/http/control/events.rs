//! `/_mock/events`: the journal as server-sent events.
//!
//! A stream keeps a position in the journal, not a queue of its own. A slow reader costs no memory;
//! it is told how many entries it missed if the journal has dropped some meanwhile.

use std::fmt::Write;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use super::problem::Problem;
use super::query::Query;
use super::routes::Routes;
use crate::http::context::RequestContext;
use crate::http::response;
use crate::journal::{Filter, RecordedRequest};
use crate::realm::Realm;

/// The maximum number of entries that are written at once.
const BATCH: usize = 64;
/// The interval of comments on an idle stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Where the stream begins.
#[derive(Deserialize, JsonSchema)]
struct StartParams {
    /// The ID of the entry after which the stream starts; 0 for the start of the journal. Default:
    /// the newest entry.
    after: Option<u64>,
}

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .get("/events", stream)
        .doc(
            "streamRequests",
            "Streams the journal as server-sent events: `request` for each entry, `dropped` for missed entries",
        )
        .query::<StartParams>()
        .query::<Filter>()
        .returns_text(&["text/event-stream"], "The entries as they are recorded.");
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
    let newest = *context.realm.journal.watch().borrow();
    let after = last_id.or(start.after).unwrap_or(newest);

    let (sender, receiver) = mpsc::channel(1);
    let following = follow(Arc::downgrade(&context.realm), filter, after, sender);
    // The stream never ends by itself, so it must not delay a server that stops.
    let app = context.app;
    tokio::spawn(async move {
        tokio::select! {
            () = following => {}
            () = app.stopping() => {}
        }
    });

    let body = Body::from_stream(ReceiverStream::new(receiver).map(Ok::<_, std::io::Error>));
    let mut response = response::text(StatusCode::OK, "text/event-stream", body);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Writes entries as they are recorded, until the reader or the realm is gone.
async fn follow(realm: Weak<Realm>, filter: Filter, mut after: u64, sender: mpsc::Sender<Bytes>) {
    let Some(mut newest) = realm.upgrade().map(|realm| realm.journal.watch()) else { return };
    // The first comment tells the reader that the stream is open.
    let mut text = ": the journal follows\n\n".to_owned();

    loop {
        newest.borrow_and_update();
        let Some(tail) = realm.upgrade().map(|realm| realm.journal.tail(after, BATCH)) else {
            return;
        };

        if tail.missed > 0 {
            let _ = write!(text, "event: dropped\ndata: {}\n\n", json!({ "count": tail.missed }));
            after += tail.missed;
        }
        for entry in &tail.entries {
            after = entry.id;
            if filter.matches(entry) {
                text.push_str(&event(entry));
            }
        }
        if !text.is_empty() && sender.send(Bytes::from(std::mem::take(&mut text))).await.is_err() {
            return;
        }

        // After a batch there may be more; otherwise wait for the next entry.
        if !tail.entries.is_empty() {
            continue;
        }
        tokio::select! {
            () = sender.closed() => return,
            changed = newest.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(KEEP_ALIVE) => text.push_str(":\n\n"),
        }
    }
}

fn event(entry: &RecordedRequest) -> String {
    // JSON has no line breaks, so it fits into one line of data.
    let data = serde_json::to_string(entry).unwrap_or_default();
    format!("id: {}\nevent: request\ndata: {data}\n\n", entry.id)
}
