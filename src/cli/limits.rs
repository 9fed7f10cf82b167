//! The bounds on what clients may take, as `--limit` sets them, and the system's on open sockets.

use serde_json::{Map, Value};

use super::CliError;
use crate::fixture::{FixtureError, read_text};
use crate::limits::Limits;

/// Reads `NAME=VALUE` pairs.
pub(super) fn limits(written: &[String]) -> Result<Limits, CliError> {
    let mut limits = Map::new();
    for pair in written.iter().filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some((name, value)) => {
                let (name, value) = (name.trim(), value.trim());
                let number = value.parse::<u64>().map(Value::from);
                let value = number.unwrap_or_else(|_| value.into());
                if limits.insert(name.to_owned(), value).is_some() {
                    return Err(CliError::usage(format!("--limit {pair}: {name} is set twice")));
                }
            }
            None => {
                let example = "NAME=VALUE is expected, such as head_time=5s";
                return Err(CliError::usage(format!("--limit {pair}: {example}")));
            }
        }
    }
    read_text(&Value::from(limits).to_string()).map_err(|mistakes| {
        let wrong = |mistake: &FixtureError| {
            format!("--limit {}: {}", mistake.pointer.trim_start_matches('/'), mistake.message)
        };
        CliError::usage(mistakes.iter().map(wrong).collect::<Vec<_>>().join("\n"))
    })
}

/// Asks the system for as many open sockets as it gives: many a shell begins with 1,024, and a
/// load test has more clients.
pub(super) fn more_sockets() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::debug!("the system gives no more sockets than usual: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_name_and_a_value() {
        let read =
            |pairs: &[&str]| limits(&pairs.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>());
        assert_eq!(read(&[]).unwrap(), Limits::default());
        assert_eq!(read(&["connections=7", ""]).unwrap().connections, 7);
        assert_eq!(read(&[" head_time = 5s "]).unwrap().head_time.as_secs(), 5);
        for (pair, expected) in [
            ("connections", "--limit connections: NAME=VALUE is expected"),
            (
                "conections=7",
                "--limit conections: unknown member \"conections\", did you mean \"connections\"?",
            ),
            ("head_time=5", "--limit head_time: \"5\" is not a duration"),
            ("head_time={", "--limit head_time: "),
            ("=", "--limit : unknown member"),
        ] {
            let failure = read(&[pair]).unwrap_err();
            assert!(failure.message.starts_with(expected), "{pair}: {}", failure.message);
        }
        let twice = read(&["streams=1", "streams=2"]).unwrap_err().message;
        assert_eq!(twice, "--limit streams=2: streams is set twice");
        let both = read(&["a=1", "head_size=1"]).unwrap_err().message;
        assert_eq!(both.lines().count(), 2, "{both}");
    }
}
