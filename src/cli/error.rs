//! The error of a command, and the exit code for it.

use std::error::Error;
use std::process::ExitCode;

use super::log_queue::print_error;

/// Any error that can be shown to the user.
pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// Arguments or fixtures are wrong.
    #[error(transparent)]
    Usage(BoxError),
    /// Something failed at run time.
    #[error(transparent)]
    Runtime(BoxError),
    /// An expectation is not met. The command has already printed the details.
    #[error("the expectation is not met")]
    Unmet,
}

impl CliError {
    pub(super) fn usage(error: impl Into<BoxError>) -> Self {
        Self::Usage(error.into())
    }

    pub(super) fn runtime(error: impl Into<BoxError>) -> Self {
        Self::Runtime(error.into())
    }

    /// Prints the error to standard error.
    pub(super) fn print(&self) {
        if !matches!(self, Self::Unmet) {
            print_error(&self.to_string());
        }
    }

    /// Returns the exit code of the process.
    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Runtime(_) | Self::Unmet => ExitCode::FAILURE,
        }
    }
}
