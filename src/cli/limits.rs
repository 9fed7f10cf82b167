//! The resource limits that `--limit` sets.

use serde_json::{Map, Value};

use super::error::CliError;
use crate::fixture::read_text;
use crate::limits::Limits;

/// Parses `NAME=VALUE` pairs.
pub(super) fn parse_limits(pairs: &[String]) -> Result<Limits, CliError> {
    let mut limits = Map::new();
    for pair in pairs.iter().filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(CliError::usage(format!(
                "--limit {pair}: expected NAME=VALUE, such as head_time=5s"
            )));
        };
        let (name, value) = (name.trim(), value.trim());

        let value = value.parse::<u64>().map_or_else(|_| Value::from(value), Value::from);
        if limits.insert(name.to_owned(), value).is_some() {
            return Err(CliError::usage(format!("--limit {pair}: {name} is set more than once")));
        }
    }

    // The reader of fixtures finds all errors and suggests names.
    read_text(&Value::from(limits).to_string()).map_err(|errors| {
        let lines: Vec<String> = errors
            .0
            .iter()
            .map(|error| {
                format!("--limit {}: {}", error.pointer.trim_start_matches('/'), error.message)
            })
            .collect();
        CliError::usage(lines.join("\n"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[&str]) -> Result<Limits, String> {
        let pairs: Vec<String> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
        parse_limits(&pairs).map_err(|error| error.to_string())
    }

    #[test]
    fn a_limit_is_a_name_and_a_value() {
        assert_eq!(parse(&[]).unwrap(), Limits::default());
        assert_eq!(parse(&["connections=7", ""]).unwrap().connections, 7);
        assert_eq!(parse(&[" head_time = 5s "]).unwrap().head_time.as_secs(), 5);
    }

    #[test]
    fn an_error_names_the_limit() {
        for (pair, expected) in [
            ("connections", "--limit connections: expected NAME=VALUE"),
            (
                "conections=7",
                "--limit conections: unknown member \"conections\", did you mean \"connections\"?",
            ),
            ("head_time=5", "--limit head_time: \"5\" is not a duration"),
            ("head_time={", "--limit head_time: "),
            ("=", "--limit : unknown member"),
        ] {
            let error = parse(&[pair]).unwrap_err();
            assert!(error.starts_with(expected), "{pair}: {error}");
        }

        let twice = parse(&["streams=1", "streams=2"]).unwrap_err();
        assert_eq!(twice, "--limit streams=2: streams is set more than once");
    }

    #[test]
    fn all_errors_are_listed() {
        let both = parse(&["a=1", "head_size=1"]).unwrap_err();
        assert_eq!(both.lines().count(), 2, "{both}");
    }
}
