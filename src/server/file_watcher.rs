//! Takes fixtures and certificates again when their files change.
//!
//! It looks at the files now and then rather than have the system tell: that works the same on
//! every system, in containers, and for editors that put a new file in an old one's place.

use std::path::{Path, PathBuf};
use std::sync::Weak;
use std::time::{Duration, SystemTime};

use crate::fixture::{files_of, load_paths};
use crate::http::App;

/// How often it looks. A change must have stood still for one such time, so that a file that is
/// being written is not read by half.
const INTERVAL: Duration = Duration::from_millis(200);
/// Files that never stand still are read all the same, after so many looks.
const MOST_LOOKS: u32 = 3;

/// Files to watch, and how they were when they were last looked at.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    paths: Vec<PathBuf>,
    seen: Vec<Look>,
}

/// What tells that a file has changed.
type Look = (PathBuf, Option<(SystemTime, u64)>);

impl Watched {
    /// Looks at files and folders for the first time: to be done before they are loaded.
    pub(super) fn new<P: AsRef<Path>>(paths: &[P]) -> Self {
        let paths: Vec<PathBuf> = paths.iter().map(|path| path.as_ref().to_owned()).collect();
        let seen = look(&paths);
        Self { paths, seen }
    }

    /// Lets the server take the files again whenever they have changed, until it is gone.
    pub(super) async fn watch(mut self, app: Weak<App>, take: fn(&[PathBuf], &App)) {
        let mut looks = 0;
        loop {
            tokio::time::sleep(INTERVAL).await;
            if app.strong_count() == 0 {
                return;
            }
            let now = look(&self.paths);
            let moving = now != self.seen;
            self.seen = now;
            if moving && looks < MOST_LOOKS {
                looks += 1;
            } else if moving || looks > 0 {
                looks = 0;
                let (paths, app) = (self.paths.clone(), Weak::clone(&app));
                // It may take a while to read much.
                let loading = tokio::task::spawn_blocking(move || {
                    if let Some(app) = app.upgrade() {
                        take(&paths, &app);
                    }
                });
                if let Err(error) = loading.await {
                    tracing::error!("changed files could not be read again: {error}");
                }
            }
        }
    }
}

/// The files as they are now; one that cannot be looked at counts as changed once it can.
fn look(paths: &[PathBuf]) -> Vec<Look> {
    let files = paths.iter().flat_map(|path| files_of(path).unwrap_or_default());
    files
        .map(|file| {
            let about = file.metadata().ok();
            let stamp = about.and_then(|about| Some((about.modified().ok()?, about.len())));
            (file, stamp)
        })
        .collect()
}

/// Takes the user's own certificate again.
pub(super) fn take_certificate(_: &[PathBuf], app: &App) {
    let Some(tls) = &app.tls else { return };
    match tls.reload_certificate() {
        Ok(()) => tracing::info!("the certificate has changed and is in force"),
        Err(error) => tracing::error!("the certificate has changed, but is not taken: {error}"),
    }
}

/// Takes the fixtures again.
pub(super) fn take_fixtures(paths: &[PathBuf], app: &App) {
    match load_paths(paths) {
        Ok(set) => {
            if app.realms.reseed(&set) {
                let (clients, scenarios) = (set.clients.len(), set.scenarios.len());
                tracing::info!(clients, scenarios, "the fixtures have changed and are in force");
            }
        }
        Err(mistakes) => {
            tracing::error!(
                "the fixtures have changed, but are not taken, since there are mistakes in \
                 them:\n{mistakes}"
            );
        }
    }
}
