//! Environment variables with the prefix of this program that it does not know.

use std::env;

use clap::Command;
use strsim::damerau_levenshtein;

const PREFIX: &str = "SMARTPAY_MOCK_";
/// Variables that no option declares: `serve` reads the first one itself, and tests of clients get
/// the others from the tools that start them.
const UNDECLARED: [&str; 4] = [
    "SMARTPAY_MOCK_FIXTURES",
    "SMARTPAY_MOCK_TOKEN_URL",
    "SMARTPAY_MOCK_AUTHORIZE_URL",
    "SMARTPAY_MOCK_PROVOCATION",
];
/// The maximum number of typing errors in a variable for which another one is suggested.
const MAX_DISTANCE: usize = 3;

/// Returns a warning for each variable that is set and that no command knows.
pub(super) fn unknown_variables(program: &Command) -> Vec<String> {
    let mut known = declared_variables(program);
    known.extend(UNDECLARED.map(str::to_owned));

    let mut set: Vec<String> = env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with(PREFIX) && !known.contains(name))
        .collect();
    set.sort();
    set.iter().map(|name| warning(name, &known)).collect()
}

/// Returns the variables of the options of a command and of those below it.
fn declared_variables(command: &Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(|argument| argument.get_env()?.to_str());
    let below = command.get_subcommands().flat_map(declared_variables);
    own.map(str::to_owned).chain(below).collect()
}

fn warning(name: &str, known: &[String]) -> String {
    let distance = |other: &&String| damerau_levenshtein(name, other);
    let closest = known.iter().min_by_key(distance).filter(|other| distance(other) <= MAX_DISTANCE);
    match closest {
        Some(closest) => {
            format!("{name}: unknown environment variable, did you mean {closest}?")
        }
        None => format!("{name}: unknown environment variable, which has no effect"),
    }
}
