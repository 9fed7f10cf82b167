//! The options of the store that several servers share.

use clap::Args;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::error::CliError;
use super::values::{non_empty, or_default};
use crate::oauth::Secret;
use crate::server::Builder;
use crate::store::options::{DEFAULT_PREFIX, StoreOptions};

const MEMORY: &str = "memory";

#[derive(Args)]
pub(super) struct StoreArgs {
    /// Where the state is: "memory", or redis://[user:password@]host:port[/db] of a Redis or Valkey that
    /// several servers share (rediss:// for TLS)
    #[arg(
        long, value_name = "memory|URL", env = "SMARTPAY_MOCK_STORE", default_value = MEMORY,
        hide_env_values = true
    )]
    store: String,
    /// CA of the store's certificate, in PEM [default: the system's roots]
    #[arg(long, value_name = "FILE", env = "SMARTPAY_MOCK_STORE_CA")]
    store_ca: Option<String>,
    /// Prefix of the keys, which keeps several groups of servers in one store apart
    #[arg(
        long, value_name = "PREFIX", env = "SMARTPAY_MOCK_STORE_PREFIX",
        default_value = DEFAULT_PREFIX
    )]
    store_prefix: String,
}

impl StoreArgs {
    /// Sets the store of a server.
    pub(super) fn apply(&self, mut builder: Builder) -> Result<Builder, CliError> {
        let url = or_default(&self.store, MEMORY);
        if url == MEMORY {
            return Ok(builder);
        }
        // The URL may contain a password, so it is never repeated.
        if !["redis://", "rediss://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(CliError::usage(
                "--store: expected memory, or redis://[user:password@]host:port[/db], or rediss:// \
                 for TLS",
            ));
        }

        let prefix = or_default(&self.store_prefix, DEFAULT_PREFIX);
        if prefix.contains(['{', '}']) || prefix.chars().any(|c| c.is_control() || c == ' ') {
            return Err(CliError::usage(format!(
                "--store-prefix {prefix:?}: braces, spaces and control characters are not allowed"
            )));
        }
        let ca = match non_empty(&self.store_ca) {
            None => None,
            Some(file) => Some(read_ca(file)?),
        };
        let url = Secret::from(url);
        builder.store = Some(StoreOptions { url, prefix: prefix.to_owned(), ca });
        Ok(builder)
    }
}

/// Reads a file that must contain a certificate.
fn read_ca(file: &str) -> Result<Vec<u8>, CliError> {
    let pem = std::fs::read(file).map_err(|error| {
        CliError::usage(format!("--store-ca {file}: cannot read the file: {error}"))
    })?;
    if CertificateDer::pem_slice_iter(&pem).next().is_none_or(|first| first.is_err()) {
        let text = format!("--store-ca {file}: the file contains no certificate in PEM");
        return Err(CliError::usage(text));
    }
    Ok(pem)
}
