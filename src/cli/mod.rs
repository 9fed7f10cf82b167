//! The command line: one file for each command.

mod accounts;
mod banner;
mod certs;
mod check;
mod checkup;
mod client;
mod clock;
mod code;
mod completions;
mod connection;
mod error;
mod fixtures;
mod grants;
mod health;
mod https;
mod inject;
mod inspect;
mod json;
mod limits;
mod log;
mod log_queue;
mod man;
mod output;
mod panic_log;
mod ready_file;
mod realms;
mod rejection;
mod report;
mod requests;
mod requests_format;
mod reset;
mod scenarios;
mod schema;
mod serve;
mod signals;
#[cfg(feature = "redis")]
mod store;
mod token;
mod values;
mod variables;
mod version;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use self::client::ServerArgs;
use self::error::CliError;
use self::output::{check_stdout, print};
use self::variables::unknown_variables;
use self::version::VERSION;

/// A mock of the Smartpay Fuse OAuth 2.0 server, for tests
#[derive(Parser)]
#[command(
    version = VERSION,
    max_term_width = 100,
    override_usage = "smartpay-oauth-mock [serve] [OPTIONS]\n       smartpay-oauth-mock <COMMAND>",
    after_help = "See 'smartpay-oauth-mock <COMMAND> --help' for the options of a command."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server (the default command)
    Serve(serve::Serve),
    /// Check fixtures and list errors
    Check(check::Check),
    /// Print the JSON Schema of fixtures
    Schema,
    /// Create a CA, a server and a client certificate, and print how to use them
    Certs(certs::Certs),
    /// Decode a token and check whether it is valid
    Inspect(inspect::Inspect),
    /// Check whether a running server is healthy
    Health(ServerArgs),
    /// Issue an authorization code on a running server, without the consent page
    Code(code::Code),
    /// Issue tokens on a running server, without an authorization flow
    Token(token::Token),
    /// Inject an error, a fault or a delay into a running server
    Inject(inject::Inject),
    /// List, follow or verify the requests that a running server has received
    Requests(requests::Requests),
    /// List, show, set, delete or release the scenarios of a running server
    Scenarios(scenarios::Scenarios),
    /// List, show or revoke the grants of a running server
    Grants(grants::Grants),
    /// List, show, set or delete the clients of a running server
    Clients(accounts::Accounts),
    /// List, show, set or delete the merchants of a running server
    Merchants(accounts::Accounts),
    /// Show or replace the fixtures of a running server
    Fixtures(fixtures::FixturesArgs),
    /// List, show, set or delete the realms of a running server
    Realms(realms::Realms),
    /// Print what a running server has to say about the client under test; exit with code 1 if it fails
    Report(report::ReportCommand),
    /// Run a test or script once for each documented failure; exit with code 1 if it does not survive one
    Checkup(checkup::Checkup),
    /// Show or change the clock of a running server
    Clock(clock::Clock),
    /// Reset a running server to its initial state
    Reset(ServerArgs),
    /// Print a completion script for a shell
    Completions(completions::Completions),
    /// Print the manual page
    Man,
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let result = parse_or_help().and_then(|cli| cli.map_or(Ok(()), run));
    let result = match result {
        // What was printed is what the user asked for.
        Ok(()) => check_stdout(),
        Err(CliError::Unmet) => check_stdout().and(result),
        Err(_) => result,
    };

    let exit_code = match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.print();
            error.exit_code()
        }
    };
    log_queue::flush();
    exit_code
}

/// Parses the arguments. If they ask for the help or the version, prints it and returns `None`.
fn parse_or_help() -> Result<Option<Cli>, CliError> {
    match Cli::try_parse_from(with_default_command(std::env::args_os())) {
        Ok(cli) => Ok(Some(cli)),
        Err(error) => {
            let text = error.render().to_string();
            if error.use_stderr() {
                return Err(CliError::usage(text.trim_end()));
            }
            print(text.trim_end());
            Ok(None)
        }
    }
}

fn run(cli: Cli) -> Result<(), CliError> {
    let unknown_variables = unknown_variables(&Cli::command());
    if !matches!(cli.command, Command::Serve(_)) {
        for warning in &unknown_variables {
            log_queue::print_error(&format!("warning: {warning}"));
        }
    }

    match cli.command {
        Command::Serve(serve) => serve.run(&unknown_variables),
        Command::Check(check) => check.run(),
        Command::Schema => schema::run(),
        Command::Certs(certs) => certs.run(),
        Command::Inspect(inspect) => inspect.run(),
        Command::Health(server) => health::run(server),
        Command::Code(code) => code.run(),
        Command::Token(token) => token.run(),
        Command::Inject(inject) => inject.run(),
        Command::Requests(requests) => requests.run(),
        Command::Scenarios(scenarios) => scenarios.run(),
        Command::Grants(grants) => grants.run(),
        Command::Clients(clients) => clients.run(&accounts::CLIENTS),
        Command::Merchants(merchants) => merchants.run(&accounts::MERCHANTS),
        Command::Fixtures(fixtures) => fixtures.run(),
        Command::Realms(realms) => realms.run(),
        Command::Report(report) => report.run(),
        Command::Checkup(checkup) => checkup.run(),
        Command::Clock(clock) => clock.run(),
        Command::Reset(server) => reset::run(&server),
        Command::Completions(completions) => completions.run(Cli::command()),
        Command::Man => man::run(Cli::command()),
    }
}

/// Inserts `serve` if the arguments name no command.
///
/// With an optional subcommand instead, clap would read the options and environment variables of
/// `serve` for all other commands as well.
fn with_default_command(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.collect();
    let first = arguments.get(1).and_then(|first| first.to_str());

    let global_options = ["-h", "--help", "-V", "--version"];
    if first.is_none_or(|first| first.starts_with('-') && !global_options.contains(&first)) {
        arguments.insert(1.min(arguments.len()), "serve".into());
    }
    arguments
}
