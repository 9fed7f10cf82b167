//! The replicas of the store, and how a reader of the journal waits for what they have not written yet.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use redis::ScriptInvocation;
use tokio::sync::broadcast::error::RecvError;

use super::notices::Notice;
use super::scripts::SCRIPTS;
use super::shared_store::SharedStore;
use crate::store::Unavailable;

/// The time after which a replica says again that it is there.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// The time after which a replica that says nothing is gone, in milliseconds.
const GONE_AFTER_MS: u64 = 3_000;
/// The time that a reader waits for other replicas.
const FLUSH_TIME: Duration = Duration::from_secs(1);
/// The time after which a store that is away is asked again.
const PROBE_INTERVAL: Duration = Duration::from_millis(150);

impl SharedStore {
    /// Waits until every replica has written to the journal what it had of it.
    pub(crate) async fn flush_all(&self) -> Result<(), Unavailable> {
        self.writer.flush().await;

        let mut notices = self.link.notices.subscribe();
        let question = format!("{:016x}", rand::random::<u64>());
        let present: usize = self.link.connection.run(&self.announcement(&question)).await?;
        let others = present.saturating_sub(1);
        if others == 0 {
            return Ok(());
        }

        let mut done = HashSet::new();
        let responses = async {
            while done.len() < others {
                match notices.recv().await {
                    Ok(Notice::Flushed(text)) => {
                        let response = text.split_once(' ').filter(|(_, by)| *by != &*self.replica);
                        done.extend(
                            response.filter(|(to, _)| *to == question).map(|(_, by)| by.to_owned()),
                        );
                    }
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                }
            }
        };
        // A replica that has been killed does not respond.
        let _ = tokio::time::timeout(FLUSH_TIME, responses).await;
        Ok(())
    }

    /// Says that this replica is there, and asks the others a question if it is not empty. Returns how
    /// many there are.
    fn announcement(&self, question: &str) -> ScriptInvocation<'static> {
        let mut script = SCRIPTS.flush.key(format!("{}:replicas", self.link.prefix));
        script.arg(&*self.replica).arg(GONE_AFTER_MS).arg(&*self.link.channel).arg(question);
        script
    }

    /// Says that this replica is there, in a store that has forgotten it.
    pub(crate) async fn announce(&self) -> Result<(), Unavailable> {
        self.link.connection.run::<usize>(&self.announcement("")).await.map(drop)
    }

    /// Says now and then that this replica is there, until the store is dropped.
    pub(crate) async fn announce_for_ever(store: Arc<Self>) {
        let store = Arc::downgrade(&store);
        loop {
            let Some(store) = store.upgrade() else { return };
            // The log says when the store is away.
            let announced = store.link.connection.probe::<usize>(&store.announcement("")).await;
            drop(store);
            tokio::time::sleep(if announced.is_ok() { HEARTBEAT } else { PROBE_INTERVAL }).await;
        }
    }

    /// Responds to another replica that this one has written what it had.
    pub(crate) async fn respond_to_flush(&self, question: &str) {
        self.writer.flush().await;

        let mut command = redis::cmd("PUBLISH");
        command.arg(&*self.link.channel).arg(format!("flushed {question} {}", self.replica));
        let _ = self.link.connection.send::<i64>(&command).await;
    }
}
