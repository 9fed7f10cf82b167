//! The file of `--ready-file`, which says that the server accepts requests, and where.

use std::fs;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::process;

use serde_json::{Value, json};

use super::error::CliError;
use crate::server::MockAuthServer;

pub(super) struct ReadyFile(PathBuf);

impl ReadyFile {
    /// Removes the file if an earlier run left it behind: it would announce this server too early.
    pub(super) fn new(path: &str) -> Result<Self, CliError> {
        let file = Self(Path::new(path).to_owned());
        file.remove()?;
        Ok(file)
    }

    /// Writes the URLs of the server and the process ID.
    pub(super) fn write(&self, server: &MockAuthServer) -> Result<(), CliError> {
        let mut content = json!({
            "http": server.http_url(),
            "https": server.https_url(),
            "pid": process::id(),
        });
        if let Some(url) = server.portal_url() {
            content["portal"] = url.into();
        }

        // Renaming is atomic: nobody reads half a file.
        let mut temporary = self.0.as_os_str().to_owned();
        temporary.push(format!(".{}", process::id()));
        fs::write(&temporary, format!("{content}\n"))
            .and_then(|()| fs::rename(&temporary, &self.0))
            .map_err(|error| self.error(&error))
    }

    /// Removes the file, unless another server has replaced it.
    pub(super) fn remove_if_own(&self) -> Result<(), CliError> {
        let text = fs::read_to_string(&self.0).unwrap_or_default();
        let content: Value = serde_json::from_str(&text).unwrap_or_default();

        if content["pid"] == process::id() { self.remove() } else { Ok(()) }
    }

    fn remove(&self) -> Result<(), CliError> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(self.error(&error)),
            _ => Ok(()),
        }
    }

    fn error(&self, error: &Error) -> CliError {
        CliError::runtime(format!("--ready-file {}: {error}", self.0.display()))
    }
}
