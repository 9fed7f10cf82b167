//! The command line: one file per command.

mod banner;
mod call;
mod certs;
mod check;
mod clock;
mod code;
mod color;
mod health;
mod inject;
mod inspect;
mod limits;
mod panic_log;
mod reach;
mod requests;
mod reset;
mod schema;
mod serve;
mod signals;
mod token;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What the process ends with when arguments or fixtures are wrong.
const WRONG: u8 = 2;
/// What it ends with when something fails at run time.
const FAILED: u8 = 1;

/// A mock of the Smartpay Fuse OAuth 2.0 server, for tests.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server. The word can be left out: options alone mean it, and so does nothing.
    Serve(serve::Serve),
    /// Check fixtures, and tell every mistake with its place.
    Check(check::Check),
    /// Print the JSON Schema of fixtures.
    Schema(schema::Schema),
    /// Make a CA, and certificates of server and client, and say how to use them.
    Certs(certs::Certs),
    /// Take a token apart: its claims, readable times, and whether it is good now.
    Inspect(inspect::Inspect),
    /// Ask a running server whether it is well.
    Health(health::Health),
    /// Get an authorization code from a running server, without a browser.
    Code(code::Code),
    /// Get tokens from a running server, without a flow.
    Token(token::Token),
    /// Make a running server fail; prints the name of the scenario that does.
    Inject(inject::Inject),
    /// Show what a running server was asked, or verify that it was asked what is expected.
    Requests(requests::Requests),
    /// Show, move, set or freeze the time of a running server.
    Clock(clock::Clock),
    /// Put a running server back to its start.
    Reset(reset::Reset),
}

/// Why a command did not succeed: what to print, and the exit code.
#[derive(Debug)]
struct CliError {
    code: u8,
    message: String,
}

impl CliError {
    fn usage(message: impl ToString) -> Self {
        Self { code: WRONG, message: message.to_string() }
    }

    fn at_run_time(message: impl ToString) -> Self {
        Self { code: FAILED, message: message.to_string() }
    }
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = Cli::parse_from(with_command(std::env::args_os()));
    let done = match cli.command {
        Command::Serve(serve) => serve.run(),
        Command::Check(check) => check.run(),
        Command::Schema(schema) => schema.run(),
        Command::Certs(certs) => certs.run(),
        Command::Inspect(inspect) => inspect.run(),
        Command::Health(health) => health.run(),
        Command::Code(code) => code.run(),
        Command::Token(token) => token.run(),
        Command::Inject(inject) => inject.run(),
        Command::Requests(requests) => requests.run(),
        Command::Clock(clock) => clock.run(),
        Command::Reset(reset) => reset.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.message.is_empty() {
                eprintln!("{}", failure.message);
            }
            ExitCode::from(failure.code)
        }
    }
}

/// Puts `serve` where no command is named. (As an optional command, clap would read the options of
/// `serve`, and their environment variables, for every other command, too.)
fn with_command(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.collect();
    let first = arguments.get(1).and_then(|first| first.to_str());
    let general = ["-h", "--help", "-V", "--version"];
    if first.is_none_or(|first| first.starts_with('-') && !general.contains(&first)) {
        arguments.insert(1.min(arguments.len()), "serve".into());
    }
    arguments
}

/// Prints to standard output; a reader that has gone away is no reason to fail.
fn print(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}
