//! Runs a command in a process group of its own, and ends it with all its children.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The time between two looks at a running command.
const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// The time that a command has to end by itself when it is asked to.
const END_TIMEOUT: Duration = Duration::from_millis(500);
/// The maximum number of bytes of its output that are shown.
const MAX_OUTPUT: usize = 64 * 1024;

/// A running command. When it is dropped, it is ended with its whole process group.
pub(super) struct Running {
    child: Child,
    start: Instant,
    output: PathBuf,
    /// Whether its process group has been ended, so that its number may belong to others.
    is_ended: bool,
}

/// How a command ended.
pub(super) struct Ended {
    /// `None` if it did not end in time.
    pub(super) status: Option<ExitStatus>,
    pub(super) duration: Duration,
    pub(super) output: String,
}

impl Running {
    /// Starts a command. Its output goes to a file.
    pub(super) fn start(
        command: &[OsString],
        environment: &[(&str, Option<String>)],
        output: PathBuf,
    ) -> io::Result<Self> {
        let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let file = File::create(&output)?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        for (name, value) in environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }

        // Its children are in the group, too, so that all of them can be ended.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Ok(Self { child: command.spawn()?, start: Instant::now(), output, is_ended: false })
    }

    /// Waits until the command ends, but no longer than the timeout. What it leaves behind is ended.
    pub(super) async fn wait(mut self, timeout: Duration) -> io::Result<Ended> {
        let mut status = self.child.try_wait()?;
        while status.is_none() && self.start.elapsed() < timeout {
            tokio::time::sleep(POLL_INTERVAL).await;
            status = self.child.try_wait()?;
        }

        let duration = self.start.elapsed();
        self.end_group();
        Ok(Ended { status, duration, output: self.read_output() })
    }

    fn read_output(&self) -> String {
        let output = fs::read(&self.output).unwrap_or_default();
        let start = output.len().saturating_sub(MAX_OUTPUT);
        String::from_utf8_lossy(&output[start..]).into_owned()
    }

    /// Ends the command and all its children: first politely, then at once.
    fn end_group(&mut self) {
        if std::mem::replace(&mut self.is_ended, true) {
            return;
        }

        self.signal(Ending::Terminate);
        let start = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && start.elapsed() < END_TIMEOUT {
            std::thread::sleep(POLL_INTERVAL);
        }

        self.signal(Ending::Kill);
        let _ = self.child.wait();
    }

    #[cfg(unix)]
    fn signal(&mut self, ending: Ending) {
        use nix::sys::signal::{Signal, killpg};

        let signal = match ending {
            Ending::Terminate => Signal::SIGTERM,
            Ending::Kill => Signal::SIGKILL,
        };
        if let Ok(group) = i32::try_from(self.child.id()) {
            // Fails if nobody is left.
            let _ = killpg(nix::unistd::Pid::from_raw(group), signal);
        }
    }

    #[cfg(not(unix))]
    fn signal(&mut self, ending: Ending) {
        if ending == Ending::Kill {
            let _ = self.child.kill();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end_group();
        let _ = fs::remove_file(&self.output);
    }
}

/// How a process group is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Terminate,
    Kill,
}
