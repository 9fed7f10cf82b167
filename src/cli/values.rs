//! Values of command-line options. An empty value counts as not given, so that an environment
//! variable in a Compose file can be set to nothing.

use std::net::ToSocketAddrs;
use std::path::Path;
use std::{fs, io};

use axum::http::Uri;
use serde::de::DeserializeOwned;
use serde::de::value::StrDeserializer;
use serde_json::Value;

use super::error::CliError;
use crate::fixture::read_value;
use crate::server::Interfaces;
use crate::token::SigningKey;
use crate::units::{canonical_host, ip_address, is_host_name};

pub(super) fn non_empty(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|value| !value.is_empty())
}

pub(super) fn non_empty_items(values: &[String]) -> impl Iterator<Item = &String> {
    values.iter().filter(|value| !value.is_empty())
}

pub(super) fn or_default<'a>(value: &'a str, default: &'a str) -> &'a str {
    if value.is_empty() { default } else { value }
}

/// Parses an address and a port; resolves a host name. `localhost` means both families.
pub(super) fn parse_address(option: &str, value: &str) -> Result<Interfaces, CliError> {
    if let Some((host, port)) = value.rsplit_once(':')
        && host.eq_ignore_ascii_case("localhost")
        && let Ok(port) = port.parse()
    {
        return Ok(Interfaces::localhost(port));
    }

    let resolved = value.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    resolved.map(Interfaces::from).ok_or_else(|| {
        CliError::usage(format!(
            "{option} {value}: expected an address and a port, such as 127.0.0.1:8080 or 0.0.0.0:0"
        ))
    })
}

/// Returns the value of `--control-host` if it is a host name or an IP address.
pub(super) fn check_control_host(value: &str) -> Result<&str, CliError> {
    let is_valid = is_host_name(&canonical_host(value)) || ip_address(value).is_some();
    is_valid.then_some(value).ok_or_else(|| {
        CliError::usage(format!("--control-host {value}: expected a host name without a port"))
    })
}

/// Returns the value of `--public-url` if it is an HTTP or HTTPS URL without a query.
pub(super) fn check_public_url(value: &str) -> Result<&str, CliError> {
    let is_valid = value.parse::<Uri>().is_ok_and(|url| {
        matches!(url.scheme_str(), Some("http" | "https")) && url.query().is_none()
    });
    is_valid.then_some(value).ok_or_else(|| {
        CliError::usage(format!(
            "--public-url {value}: expected a URL such as https://mock.example"
        ))
    })
}

/// Reads the PEM file of `--signing-key`.
pub(super) fn read_signing_key(file: &Path) -> Result<SigningKey, CliError> {
    let name = file.display();
    let pem = fs::read_to_string(file)
        .map_err(|error| CliError::usage(format!("--signing-key {name}: {error}")))?;
    SigningKey::from_pem(&pem)
        .map_err(|error| CliError::usage(format!("--signing-key {name}: {error}")))
}

/// Parses a text that must be the text form of a type, and returns it as it is.
pub(super) fn checked<T: DeserializeOwned>(text: &str) -> Result<String, String> {
    let value = StrDeserializer::<serde::de::value::Error>::new(text);
    T::deserialize(value).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// Reads a value from a YAML or JSON file, or from standard input for `-`.
pub(super) fn read_json_or_yaml(argument: &str, file: &Path) -> Result<Value, CliError> {
    let name = file.display();
    let text = if file == Path::new("-") {
        io::read_to_string(io::stdin())
    } else {
        fs::read_to_string(file)
    };
    let text = text.map_err(|error| CliError::usage(format!("{argument} {name}: {error}")))?;

    read_value(&name.to_string(), &text).map_err(CliError::usage)
}
