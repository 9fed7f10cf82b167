//! The file of `--ready-file`, which says that the server accepts requests, and where.

use std::fs::{self, OpenOptions};
use std::io::{Error, ErrorKind, Write};
use std::path::PathBuf;
use std::process;
use std::thread;

use serde_json::{Map, Value, json};

use super::error::CliError;
use crate::server::MockAuthServer;

/// The members of a ready file.
const MEMBERS: [&str; 4] = ["http", "https", "portal", "pid"];

pub(super) struct ReadyFile(PathBuf);

/// What the path of a ready file names.
enum Existing {
    Nothing,
    /// A ready file, or an empty file. It has the process ID of the server that wrote it, if any.
    ReadyFile(Option<u64>),
    /// A file with another content.
    OtherFile,
    /// A device, a named pipe or a directory.
    NoFile,
}

impl ReadyFile {
    /// Removes the file if an earlier run left it behind: it would announce this server too early.
    ///
    /// # Errors
    ///
    /// If the file is none of a server, so that it was probably named by mistake.
    pub(super) fn new(path: &str) -> Result<Self, CliError> {
        // A link such as /dev/stdout stays, whatever happens to the file that it leads to.
        let file = Self(fs::canonicalize(path).unwrap_or_else(|_| path.into()));
        match file.existing() {
            // A server that still runs keeps its file, until this one is ready as well.
            Existing::ReadyFile(Some(pid)) if is_other_server(pid) => {}
            Existing::ReadyFile(_) => file.remove()?,
            Existing::Nothing | Existing::NoFile => {}
            Existing::OtherFile => {
                let text = format!("--ready-file {path}: the file exists and is not a ready file");
                return Err(CliError::usage(text));
            }
        }
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

        let line = format!("{content}\n");
        if matches!(self.existing(), Existing::NoFile) {
            self.write_to_device(line);
            return Ok(());
        }

        // Renaming is atomic: nobody reads half a file.
        let mut temporary = self.0.as_os_str().to_owned();
        temporary.push(format!(".{}", process::id()));
        fs::write(&temporary, line)
            .and_then(|()| fs::rename(&temporary, &self.0))
            .map_err(|error| self.error(&error))
    }

    /// Writes a line to a device or a named pipe, which may wait for its reader.
    fn write_to_device(&self, line: String) {
        let path = self.0.clone();
        thread::spawn(move || {
            let device = OpenOptions::new().append(true).open(&path);
            if let Err(error) = device.and_then(|mut device| device.write_all(line.as_bytes())) {
                tracing::warn!("--ready-file {}: {error}", path.display());
            }
        });
    }

    /// Removes the file, unless it is a device or another server has replaced it.
    pub(super) fn remove_if_own(&self) -> Result<(), CliError> {
        match self.existing() {
            Existing::ReadyFile(Some(pid)) if pid == u64::from(process::id()) => self.remove(),
            _ => Ok(()),
        }
    }

    fn existing(&self) -> Existing {
        // A device may never end, so only files are read.
        match fs::metadata(&self.0) {
            Err(_) => return Existing::Nothing,
            Ok(metadata) if !metadata.is_file() => return Existing::NoFile,
            Ok(_) => {}
        }

        let Ok(text) = fs::read_to_string(&self.0) else { return Existing::OtherFile };
        if text.trim().is_empty() {
            return Existing::ReadyFile(None);
        }
        match serde_json::from_str::<Map<String, Value>>(&text) {
            Ok(content) if content.keys().all(|name| MEMBERS.contains(&name.as_str())) => {
                Existing::ReadyFile(content.get("pid").and_then(Value::as_u64))
            }
            _ => Existing::OtherFile,
        }
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

/// Whether a process other than this one runs the same program, as far as the system tells.
fn is_other_server(pid: u64) -> bool {
    let program = |process: &str| {
        let file = fs::read_link(format!("/proc/{process}/exe")).ok()?;
        file.file_name().map(ToOwned::to_owned)
    };

    // In a container, an earlier run often had the process ID that this one has.
    let own = program("self");
    pid != u64::from(process::id()) && own.is_some() && program(&pid.to_string()) == own
}
