//! `completions SHELL`: prints a completion script.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use super::error::CliError;
use super::output::print;
use super::serve::Serve;

#[derive(Args)]
pub(super) struct Completions {
    /// Shell that the script is for
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, command: Command) -> Result<(), CliError> {
        let name = command.get_name().to_owned();
        // The options of `serve` are valid without the word.
        let mut command = Serve::augment_args(command);
        let mut script = Vec::new();

        generate(self.shell, &mut command, name, &mut script);
        print(String::from_utf8_lossy(&script).trim_end());
        Ok(())
    }
}
