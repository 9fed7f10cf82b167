//! Requests that a scenario holds, at all replicas, and the progress of scenarios.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::broadcast;

use super::notices::Notice;
use super::realm::SharedRealm;
use super::scripts::SCRIPTS;
use crate::scenario::{ActiveScenario, Hold};
use crate::store::Unavailable;

/// The time after which a held request asks whether it is released, if no notice has come.
const ASK_INTERVAL: Duration = Duration::from_millis(500);
/// The time after which a held request that does not ask any more is gone with its replica.
const GONE_AFTER_MS: u64 = 5_000;

impl SharedRealm {
    /// Waits until a scenario releases a request. A request that is dropped while it waits no longer
    /// counts.
    pub(crate) async fn hold(
        self: &std::sync::Arc<Self>,
        scenario: &str,
        hold: Hold,
    ) -> Result<(), Unavailable> {
        // Subscribed before the request is held, so that no release is missed.
        let mut notices = self.link.notices.subscribe();
        let held = Held {
            realm: std::sync::Arc::clone(self),
            scenario: scenario.to_owned(),
            request: format!("{:016x}", rand::random::<u64>()),
        };

        let mut round = String::new();
        loop {
            match held.ask(hold, &round).await? {
                ..0 => return Ok(()),
                current => round = current.to_string(),
            }
            wait_for_release(&mut notices, scenario).await;
        }
    }

    /// Releases the requests that a scenario holds. Returns their number.
    pub(crate) async fn release(&self, scenario: &str) -> Result<usize, Unavailable> {
        let mut script = SCRIPTS.release.key(&self.keys.progress);
        script.key(self.keys.held(scenario)).arg(scenario).arg(&*self.link.channel);
        self.link.connection.run(&script).await
    }

    /// Notes the progress of scenarios: how often each has matched, and how many requests it holds.
    pub(crate) async fn refresh_progress<'s>(
        &self,
        scenarios: impl IntoIterator<Item = &'s ActiveScenario>,
    ) -> Result<(), Unavailable> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("HGETALL").arg(&self.keys.progress);
        let scenarios: Vec<&ActiveScenario> = scenarios.into_iter().collect();
        for scenario in &scenarios {
            pipeline.cmd("ZCARD").arg(self.keys.held(scenario.id()));
        }

        let mut replies = self.link.connection.send_all(&pipeline).await?.into_iter();
        let progress: HashMap<String, String> = replies
            .next()
            .and_then(|reply| redis::from_redis_value(reply).ok())
            .unwrap_or_default();
        for (scenario, held) in scenarios.iter().zip(replies) {
            let matched = progress.get(scenario.id()).and_then(|matched| matched.parse().ok());
            let held = redis::from_redis_value(held).unwrap_or_default();
            scenario.set_progress(matched.unwrap_or_default(), held);
        }
        Ok(())
    }
}

/// A request that waits.
struct Held {
    realm: std::sync::Arc<SharedRealm>,
    scenario: String,
    request: String,
}

impl Held {
    /// Returns the round that the request waits in; negative if it is released.
    async fn ask(&self, hold: Hold, round: &str) -> Result<i64, Unavailable> {
        let mut script = SCRIPTS.hold.key(&self.realm.keys.progress);
        script.key(self.realm.keys.held(&self.scenario));
        script.arg(&self.scenario).arg(&self.request).arg(hold.until).arg(round);
        script.arg(GONE_AFTER_MS).arg(&*self.realm.link.channel);
        self.realm.link.connection.run(&script).await
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut command = redis::cmd("ZREM");
        command.arg(self.realm.keys.held(&self.scenario)).arg(&self.request);
        let connection = self.realm.link.connection.clone();
        // If the store is away, the request counts no longer after a while.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { connection.send::<i64>(&command).await });
        }
    }
}

/// Waits for a notice that may concern the requests of a scenario, but not long.
async fn wait_for_release(notices: &mut broadcast::Receiver<Notice>, scenario: &str) {
    let notice = async {
        loop {
            match notices.recv().await {
                Ok(Notice::Released(released)) if *released == *scenario => return,
                Ok(Notice::Changed(_)) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                Ok(_) => {}
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    };
    let _ = tokio::time::timeout(ASK_INTERVAL, notice).await;
}
