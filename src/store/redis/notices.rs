//! Notices between replicas. Nothing depends on their arrival: they only say where to look sooner.

use std::sync::Arc;
use std::time::Duration;

use redis::Client;
use tokio::sync::broadcast;
use tokio_stream::StreamExt;

/// The number of notices that a slow receiver may be behind.
const BACKLOG: usize = 1_024;
/// The time between two attempts to subscribe.
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// What has happened at a replica.
#[derive(Clone, Debug)]
pub(crate) enum Notice {
    /// A realm, by name, has changed.
    Changed(Arc<str>),
    /// A realm, by name, has new requests in its journal.
    Recorded(Arc<str>),
    /// A scenario, by ID, has released the requests that it held.
    Released(Arc<str>),
    /// Replicas must write what they have of the journal, and respond with this.
    Flush(Arc<str>),
    /// A replica has responded: with that, and its name.
    Flushed(Arc<str>),
    /// Notices may have been lost.
    Resubscribed,
}

/// Starts the task that gives the notices of all replicas to those who subscribe. It runs as long as the
/// process, since only the program shares a store.
pub(super) fn start(client: Client, channel: Arc<str>) -> broadcast::Sender<Notice> {
    let (sender, _) = broadcast::channel(BACKLOG);
    tokio::spawn(receive(client, channel, sender.clone()));
    sender
}

/// Receives notices for ever, and subscribes again when the connection is lost.
async fn receive(client: Client, channel: Arc<str>, sender: broadcast::Sender<Notice>) {
    loop {
        if let Ok(mut subscription) = client.get_async_pubsub().await
            && subscription.subscribe(&*channel).await.is_ok()
        {
            let _ = sender.send(Notice::Resubscribed);
            let mut messages = subscription.on_message();
            while let Some(message) = messages.next().await {
                if let Some(notice) = message.get_payload().ok().and_then(parse) {
                    let _ = sender.send(notice);
                }
            }
        }
        tokio::time::sleep(RETRY_DELAY).await;
    }
}

fn parse(text: String) -> Option<Notice> {
    let (kind, subject) = text.split_once(' ')?;
    let subject: Arc<str> = subject.into();
    match kind {
        "changed" => Some(Notice::Changed(subject)),
        "recorded" => Some(Notice::Recorded(subject)),
        "released" => Some(Notice::Released(subject)),
        "flush" => Some(Notice::Flush(subject)),
        "flushed" => Some(Notice::Flushed(subject)),
        _ => None,
    }
}
