//! Reloads fixtures and certificates when their files change.
//!
//! It polls the files instead of using the system's notifications: polling works on every system,
//! in containers, and for editors that replace a file.

use std::collections::HashMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use crate::fixture::{Fixtures, Source, Sources, files_of, load_read};
use crate::http::App;

/// The time between two polls.
const INTERVAL: Duration = Duration::from_millis(150);
/// The number of polls without a change after which changed files are reloaded, so that a file that
/// is still being written is not read.
const CALM_POLLS: u32 = 2;
/// The number of polls if a file looks as if only a part of it was written.
const CALM_POLLS_IF_PARTIAL: u32 = 12;

/// Watches files and directories.
#[derive(Clone, Debug)]
pub(super) struct FileWatcher {
    paths: Vec<PathBuf>,
    last_seen: Snapshot,
    /// The text of each file when the files were loaded last, by its name.
    loaded: HashMap<String, String>,
}

/// Loads changed files. Returns whether they have no error.
type Reload = fn(Sources, &App) -> bool;

/// Whether the files of a watcher can be reloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Readiness {
    Ready,
    /// A part of a file seems to be missing.
    Partial,
    /// This file has become empty.
    Empty(String),
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
        let loaded = texts_by_name(&Sources::read(&paths));
        Self { paths, last_seen, loaded }
    }

    /// Calls `reload` whenever the files have changed, until the server is gone.
    pub(super) async fn run(mut self, app: Weak<App>, reload: Reload) {
        // The number of polls since the last change that is not loaded yet.
        let mut calm: Option<u32> = None;
        loop {
            tokio::time::sleep(INTERVAL).await;
            if app.strong_count() == 0 {
                return;
            }

            let snapshot = take_snapshot(&self.paths);
            if snapshot != self.last_seen {
                self.last_seen = snapshot;
                calm = Some(0);
                continue;
            }
            let Some(polls) = calm.as_mut() else { continue };
            *polls += 1;
            if *polls < CALM_POLLS {
                continue;
            }

            // What is checked is what is loaded, even if the file changes meanwhile.
            let sources = Sources::read(&self.paths);
            match self.readiness(&sources) {
                Readiness::Partial if *polls < CALM_POLLS_IF_PARTIAL => continue,
                Readiness::Empty(file) => {
                    tracing::warn!("{file} is empty now; nothing changes until it has content");
                }
                Readiness::Ready | Readiness::Partial => self.reload(sources, &app, reload).await,
            }
            calm = None;
        }
    }

    /// Returns whether files are whole, as far as their texts and the former ones tell.
    fn readiness(&self, sources: &Sources) -> Readiness {
        let mut readiness = Readiness::Ready;
        for Source { name, text } in &sources.sources {
            let Some(before) = self.loaded.get(name) else { continue };

            if text.trim().is_empty() && !before.trim().is_empty() {
                return Readiness::Empty(name.clone());
            }

            // A writer has not come to the end of a line, or of what was there before.
            let lacks_line_end = before.ends_with('\n') && !text.ends_with('\n');
            let is_start = text.len() < before.len() && before.starts_with(text);
            if lacks_line_end || is_start {
                readiness = Readiness::Partial;
            }
        }
        readiness
    }

    async fn reload(&mut self, sources: Sources, app: &Weak<App>, reload: Reload) {
        let (texts, app) = (texts_by_name(&sources), Weak::clone(app));
        // Loading many files may take long.
        let reloading = tokio::task::spawn_blocking(move || {
            app.upgrade().is_some_and(|app| reload(sources, &app))
        });
        match reloading.await {
            Ok(true) => self.loaded = texts,
            Ok(false) => {}
            Err(error) => tracing::error!("cannot reload changed files: {error}"),
        }
    }
}

fn texts_by_name(sources: &Sources) -> HashMap<String, String> {
    sources.sources.iter().map(|source| (source.name.clone(), source.text.clone())).collect()
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
pub(super) fn reload_certificate(_: Sources, app: &App) -> bool {
    let Some(tls) = &app.tls else { return false };
    tls.reload_certificate()
        .inspect(|()| tracing::info!("reloaded the changed certificate"))
        .inspect_err(|error| tracing::error!("cannot reload the changed certificate: {error}"))
        .is_ok()
}

/// Reloads the fixtures.
pub(super) fn reload_fixtures(sources: Sources, app: &App) -> bool {
    let loaded = load_read(sources).inspect_err(|errors| {
        tracing::error!("cannot reload the changed fixtures:\n{errors}");
    });
    let Ok(fixtures) = loaded else { return false };

    if reseed(app, &fixtures) {
        let (clients, scenarios) = (fixtures.clients.len(), fixtures.scenarios.len());
        tracing::info!(clients, scenarios, "reloaded the changed fixtures");
    }
    true
}

/// Replaces the fixtures of the realms that started with those of the server. Returns whether they have
/// changed.
fn reseed(app: &App, fixtures: &Arc<Fixtures>) -> bool {
    #[cfg(feature = "redis")]
    if app.realms.store().is_some() {
        // The log says why the store is away; the next change of the files tries again.
        let reseeding = app.realms.reseed_store(fixtures);
        return tokio::runtime::Handle::current().block_on(reseeding).unwrap_or(false);
    }

    app.realms.reseed(fixtures)
}
