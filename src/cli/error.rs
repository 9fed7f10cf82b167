//! The error of a command, and the exit code for it.

use std::error::Error;
use std::process::ExitCode;

use super::log_queue::print_error;
use super::rejection::Rejection;
use crate::units::printable;

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
    /// The server rejected a request.
    #[error("{server}: {rejection}")]
    Rejected { server: String, rejection: Rejection },
    /// Fixtures are wrong. The command has already printed the errors.
    #[error("the fixtures have errors")]
    WrongFixtures,
    /// An expectation is not met. The command has already printed the details.
    #[error("the expectation is not met")]
    Unmet,
    /// It cannot be found out whether an expectation is met.
    #[error(transparent)]
    Unknown(BoxError),
}

impl CliError {
    pub(super) fn usage(error: impl Into<BoxError>) -> Self {
        Self::Usage(error.into())
    }

    pub(super) fn runtime(error: impl Into<BoxError>) -> Self {
        Self::Runtime(error.into())
    }

    /// Names the options whose values the server rejected. `options` has the JSON pointers of the
    /// members that the options set.
    pub(super) fn naming_options(self, options: &[(&str, &str)]) -> Self {
        match &self {
            Self::Rejected { rejection, .. } if rejection.is_of_values() => {
                Self::usage(rejection.naming_options(options))
            }
            _ => self,
        }
    }

    /// Returns the error of a command that checks an expectation: without wrong arguments, a failure
    /// leaves open whether the expectation is met.
    pub(super) fn while_checking(self) -> Self {
        match self {
            Self::Runtime(error) => Self::Unknown(error),
            Self::Rejected { .. } => Self::Unknown(self.to_string().into()),
            other => other,
        }
    }

    /// Prints the error to standard error.
    pub(super) fn print(&self) {
        if !matches!(self, Self::Unmet | Self::WrongFixtures) {
            // It may quote a response, which may quote what a client sent.
            let text = self.to_string();
            let lines: Vec<_> = text.lines().map(printable).collect();
            print_error(&lines.join("\n"));
        }
    }

    /// Returns the exit code of the process.
    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Runtime(_) | Self::Rejected { .. } | Self::Unmet => ExitCode::FAILURE,
            Self::Usage(_) | Self::WrongFixtures => ExitCode::from(2),
            Self::Unknown(_) => ExitCode::from(3),
        }
    }
}
