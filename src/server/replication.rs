//! Keeps the copies of a shared store up to date, between requests.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinError;
use tokio::time::{Instant, timeout_at};

use crate::http::App;
use crate::realm::{RealmMap, RealmSeed};
use crate::store::options::{StoreError, StoreOptions};
use crate::store::redis::{Notice, SharedStore};
use crate::token::SigningKey;

/// The time for which notices are collected, so that a busy realm costs little.
const COLLECT_TIME: Duration = Duration::from_millis(25);
/// The time between two removals of what has expired.
const PURGE_INTERVAL: Duration = Duration::from_secs(30);

/// Returns the realms of a server: in a shared store if it has one, which is seeded if it is empty, else in
/// memory.
///
/// # Errors
///
/// If the store is away, or belongs to servers with another signing key.
pub(super) async fn realms(
    runtime: &Handle,
    options: Option<StoreOptions>,
    seed: RealmSeed,
    key: &SigningKey,
) -> Result<RealmMap, StoreError> {
    let Some(options) = options else { return Ok(RealmMap::new(seed)) };
    let thumbprint = key.public_thumbprint();
    let connecting = runtime.spawn(async move {
        let store = SharedStore::connect(&options, RealmMap::DEFAULT, seed.journal_size).await?;
        let store = Arc::new(store);
        let realms = RealmMap::shared(seed, &store, thumbprint).await?;
        tokio::spawn(SharedStore::announce_for_ever(store));
        Ok(realms)
    });

    match connecting.await.map_err(JoinError::try_into_panic) {
        Ok(connected) => connected,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The threads of the library run as long as the process.
        Err(Err(error)) => Err(StoreError::Unavailable {
            address: "--store".to_owned(),
            reason: error.to_string(),
        }),
    }
}

/// Acts on the notices of other replicas, until the server is gone.
pub(super) async fn run(app: Weak<App>) {
    let Some(store) = app.upgrade().and_then(|app| app.realms.store().cloned()) else { return };
    let mut notices = store.link.notices.subscribe();
    let mut next_purge = Instant::now() + PURGE_INTERVAL;
    let mut news = News::default();
    drop(store);

    loop {
        match timeout_at(next_purge, notices.recv()).await {
            Err(_) => {}
            Ok(Ok(notice)) => news.add(notice),
            Ok(Err(RecvError::Lagged(_))) => news.everything = true,
            Ok(Err(RecvError::Closed)) => return,
        }
        let collected = Instant::now() + COLLECT_TIME;
        while let Ok(Ok(notice)) = timeout_at(collected, notices.recv()).await {
            news.add(notice);
        }

        let Some(app) = app.upgrade() else { return };
        std::mem::take(&mut news).act(&app).await;
        if Instant::now() >= next_purge {
            purge(&app).await;
            next_purge = Instant::now() + PURGE_INTERVAL;
        }
    }
}

/// What other replicas have done since the last time.
#[derive(Default)]
struct News {
    changed: HashSet<Arc<str>>,
    recorded: HashSet<Arc<str>>,
    flushes: Vec<Arc<str>>,
    /// Whether notices were lost.
    everything: bool,
}

impl News {
    fn add(&mut self, notice: Notice) {
        match notice {
            Notice::Changed(realm) => drop(self.changed.insert(realm)),
            Notice::Recorded(realm) => drop(self.recorded.insert(realm)),
            Notice::Flush(question) => self.flushes.push(question),
            Notice::Resubscribed => self.everything = true,
            Notice::Flushed(_) | Notice::Released(_) => {}
        }
    }

    /// Brings the copies up to date. What fails, the next request or reader repeats.
    async fn act(self, app: &Arc<App>) {
        let Some(store) = app.realms.store() else { return };
        for question in &self.flushes {
            store.respond_to_flush(question).await;
        }

        for realm in app.realms.all() {
            let Some(replica) = realm.replica() else { continue };
            if self.everything || self.changed.contains(realm.name()) {
                let _ = app.realms.synchronize(Some(realm.name())).await;
            }
            if self.everything || self.recorded.contains(realm.name()) {
                let _ = realm.copy_journal(replica).await;
            }
        }
    }
}

async fn purge(app: &App) {
    for realm in app.realms.all() {
        if let Some(replica) = realm.replica() {
            // What fails, the next purge repeats.
            let _ = replica.shared.purge(realm.clock.now_ms()).await;
        }
    }
}
