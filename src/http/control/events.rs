//! GET `/_mock/events`: the journal as server-sent events.
//!
//! A reader has a place in the journal, not a queue of its own: one that is slow costs nothing, and
//! learns how much it missed if the journal has meanwhile dropped entries.

use std::fmt::Write;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use super::Answer;
use super::query::Query;
use crate::http::{App, context::RequestContext, response};
use crate::journal::{Filter, RecordedRequest};
use crate::realm::Realm;

/// How many entries are written at once.
const BATCH: usize = 64;
/// How often a silent stream says that it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) async fn stream(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    uri: Uri,
) -> Answer {
    let mut query = Query::of(&uri)?;
    let after = query.number("after")?;
    let filter = query.filter()?;
    // A browser's EventSource that has lost its connection says where it was.
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let newest = *context.realm.journal().watch().borrow();
    let after = last.or(after).unwrap_or(newest);
    let (sender, receiver) = mpsc::channel(1);
    let following = follow(Arc::downgrade(&context.realm), filter, after, sender);
    // It never ends by itself, so a server that is to stop must not wait for it.
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

/// Writes what comes until the reader or the realm is gone.
async fn follow(realm: Weak<Realm>, filter: Filter, mut after: u64, sender: mpsc::Sender<Bytes>) {
    let Some(mut newest) = realm.upgrade().map(|realm| realm.journal().watch()) else { return };
    // Word that the stream stands, so that whoever waits for it can begin.
    let mut text = ": the journal follows\n\n".to_owned();
    loop {
        newest.borrow_and_update();
        let Some(later) = realm.upgrade().map(|realm| realm.journal().tail(after, BATCH)) else {
            return;
        };
        if later.missed > 0 {
            let _ = write!(text, "event: dropped\ndata: {}\n\n", json!({ "count": later.missed }));
            after += later.missed;
        }
        for entry in &later.entries {
            after = entry.id;
            if filter.matches(entry) {
                text.push_str(&event(entry));
            }
        }
        if !text.is_empty() && sender.send(Bytes::from(std::mem::take(&mut text))).await.is_err() {
            return;
        }
        if !later.entries.is_empty() {
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
    // JSON has no line breaks, so it is one line of data.
    let data = serde_json::to_string(entry).unwrap_or_default();
    format!("id: {}\nevent: request\ndata: {data}\n\n", entry.id)
}
