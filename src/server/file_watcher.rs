//! Reloads fixtures and certificates when their files change.
//!
//! It polls the files instead of using the system's notifications: polling works on every system,
//! in containers, and for editors that replace a file.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Weak;
use std::time::{Duration, SystemTime};

use crate::fixture::{files_of, load_paths};
use crate::http::App;

/// The time between two polls. Changed files are reloaded once they are the same in two polls, so
/// that a file that is still being written is not read.
const INTERVAL: Duration = Duration::from_millis(200);
/// The number of polls after which files that keep changing are reloaded all the same.
const MAX_POSTPONED: u32 = 3;

/// Watches files and directories.
#[derive(Clone, Debug)]
pub(super) struct FileWatcher {
    paths: Vec<PathBuf>,
    last_seen: Snapshot,
}

/// The files with their versions, which are `None` if they cannot be read.
type Snapshot = Vec<(PathBuf, Option<Version>)>;

/// What differs between two versions of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    modified: SystemTime,
    size: u64,
    /// A file that replaces another may have its size and its time of modification (`cp -p`).
    identity: Identity,
}

/// The inode, and when it was changed last, which no program can set.
#[cfg(unix)]
type Identity = (u64, i64, i64);
/// When the file was created.
#[cfg(not(unix))]
type Identity = Option<SystemTime>;

impl Version {
    fn of(metadata: &Metadata) -> Option<Self> {
        let modified = metadata.modified().ok()?;
        Some(Self { modified, size: metadata.len(), identity: identity(metadata) })
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;

    (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn identity(metadata: &Metadata) -> Identity {
    metadata.created().ok()
}

impl FileWatcher {
    /// Records the state of files and directories. Must precede loading them, so that no change is
    /// missed.
    pub(super) fn new<P: AsRef<Path>>(paths: &[P]) -> Self {
        let paths: Vec<PathBuf> = paths.iter().map(|path| path.as_ref().to_owned()).collect();
        let last_seen = take_snapshot(&paths);
        Self { paths, last_seen }
    }

    /// Calls `reload` whenever the files have changed, until the server is gone.
    pub(super) async fn run(mut self, app: Weak<App>, reload: fn(&[PathBuf], &App)) {
        let mut postponed = 0;
        loop {
            tokio::time::sleep(INTERVAL).await;
            if app.strong_count() == 0 {
                return;
            }

            let snapshot = take_snapshot(&self.paths);
            let has_changed = snapshot != self.last_seen;
            self.last_seen = snapshot;

            if has_changed && postponed < MAX_POSTPONED {
                postponed += 1;
            } else if has_changed || postponed > 0 {
                postponed = 0;
                self.reload(&app, reload).await;
            }
        }
    }

    async fn reload(&self, app: &Weak<App>, reload: fn(&[PathBuf], &App)) {
        let (paths, app) = (self.paths.clone(), Weak::clone(app));
        // Reading many files may take long.
        let reloading = tokio::task::spawn_blocking(move || {
            if let Some(app) = app.upgrade() {
                reload(&paths, &app);
            }
        });
        if let Err(error) = reloading.await {
            tracing::error!("cannot reload changed files: {error}");
        }
    }
}

fn take_snapshot(paths: &[PathBuf]) -> Snapshot {
    let files = paths.iter().flat_map(|path| files_of(path).unwrap_or_default());
    files
        .map(|file| {
            let version = file.metadata().ok().as_ref().and_then(Version::of);
            (file, version)
        })
        .collect()
}

/// Reloads the server's certificate.
pub(super) fn reload_certificate(_: &[PathBuf], app: &App) {
    let Some(tls) = &app.tls else { return };
    match tls.reload_certificate() {
        Ok(()) => tracing::info!("reloaded the changed certificate"),
        Err(error) => tracing::error!("cannot reload the changed certificate: {error}"),
    }
}

/// Reloads the fixtures.
pub(super) fn reload_fixtures(paths: &[PathBuf], app: &App) {
    match load_paths(paths) {
        Ok(fixtures) => {
            if app.realms.reseed(&fixtures) {
                let (clients, scenarios) = (fixtures.clients.len(), fixtures.scenarios.len());
                tracing::info!(clients, scenarios, "reloaded the changed fixtures");
            }
        }
        Err(errors) => tracing::error!("cannot reload the changed fixtures:\n{errors}"),
    }
}
