//! The options of `serve` for HTTPS.

use clap::Args;

use super::error::CliError;
use super::values::{non_empty, non_empty_items, or_default, parse_address};
use crate::server::{Builder, Interfaces};
use crate::tls::ClientAuth;

/// Whether and how to serve HTTPS.
#[derive(Args)]
#[command(next_help_heading = "HTTPS options")]
pub(super) struct HttpsArgs {
    /// Address to listen on for HTTPS [default: off]
    #[arg(long, value_name = "ADDR", env = "SMARTPAY_MOCK_TLS_LISTEN")]
    tls_listen: Option<String>,
    /// Address of the portal: HTTPS for browsers, which requests no client certificate and serves
    /// the consent pages and the console only [default: off]
    #[arg(long, value_name = "ADDR", env = "SMARTPAY_MOCK_PORTAL_LISTEN")]
    portal_listen: Option<String>,
    /// Server certificate chain, in PEM [default: issued by the mock's CA]
    #[arg(long, value_name = "FILE", env = "SMARTPAY_MOCK_TLS_CERT")]
    tls_cert: Option<String>,
    /// Private key of --tls-cert: RSA or ECDSA, in PEM
    #[arg(long, value_name = "FILE", env = "SMARTPAY_MOCK_TLS_KEY")]
    tls_key: Option<String>,
    /// Directory for the mock's CA and certificate [default: kept in memory]
    #[arg(long, value_name = "DIR", env = "SMARTPAY_MOCK_TLS_DIR")]
    tls_dir: Option<String>,
    /// Additional host names for the certificate, besides localhost and the name of this machine
    #[arg(
        long, value_name = "NAME", env = "SMARTPAY_MOCK_TLS_HOST", num_args = 1..,
        value_delimiter = ','
    )]
    tls_host: Vec<String>,
    /// Whether clients must present a certificate: off, optional or required
    #[arg(
        long, value_name = "MODE", env = "SMARTPAY_MOCK_CLIENT_AUTH",
        default_value = DEFAULT_CLIENT_AUTH
    )]
    client_auth: String,
    /// Additional CAs for client certificates, in PEM
    #[arg(
        long, value_name = "FILE", env = "SMARTPAY_MOCK_CLIENT_CA", num_args = 1..,
        value_delimiter = ','
    )]
    client_ca: Vec<String>,
}

/// The option of the portal, which has no control API.
pub(super) const PORTAL_OPTION: &str = "--portal-listen";

const DEFAULT_CLIENT_AUTH: &str = "off";

impl HttpsArgs {
    /// Whether there are certificate files that can change.
    pub(super) fn has_files(&self) -> bool {
        non_empty(&self.tls_cert).or(non_empty(&self.tls_dir)).is_some()
    }

    /// Returns the interfaces of HTTPS and of the portal, each with its option.
    pub(super) fn interfaces(&self) -> Result<Vec<(&'static str, Interfaces)>, CliError> {
        [("--tls-listen", &self.tls_listen), (PORTAL_OPTION, &self.portal_listen)]
            .into_iter()
            .filter_map(|(option, value)| Some((option, address_of(value)?)))
            .map(|(option, address)| Ok((option, parse_address(option, address)?)))
            .collect()
    }

    /// Sets the listeners of the server: HTTP on `http_listen`, and HTTPS as the options say.
    pub(super) fn apply(
        &self,
        mut builder: Builder,
        http_listen: Vec<Interfaces>,
    ) -> Result<Builder, CliError> {
        let tls_listen = address_of(&self.tls_listen);
        let portal_listen = address_of(&self.portal_listen);
        // An option without effect is probably an error.
        if tls_listen.is_none() {
            self.check_unused_without_https(http_listen.is_empty())?;
            if portal_listen.is_none() {
                self.check_unused_without_tls()?;
            }
        }

        builder.listen = http_listen;
        if let Some(address) = tls_listen {
            builder.tls_listen = Some(parse_address("--tls-listen", address)?);
        }
        if let Some(address) = portal_listen {
            builder.portal_listen = Some(parse_address("--portal-listen", address)?);
        }
        for host in non_empty_items(&self.tls_host) {
            builder = builder.tls_host(host);
        }
        self.apply_client_auth(self.apply_certificate(builder)?)
    }

    /// Refuses options that have no effect without `--tls-listen`, even with a portal.
    fn check_unused_without_https(&self, is_listen_off: bool) -> Result<(), CliError> {
        refuse_first_given(&[
            ("--listen off", is_listen_off),
            ("--client-auth", self.client_auth() != DEFAULT_CLIENT_AUTH),
            ("--client-ca", non_empty_items(&self.client_ca).next().is_some()),
        ])
    }

    /// Refuses options that have no effect without `--tls-listen` or `--portal-listen`.
    fn check_unused_without_tls(&self) -> Result<(), CliError> {
        refuse_first_given(&[
            ("--tls-cert", non_empty(&self.tls_cert).is_some()),
            ("--tls-key", non_empty(&self.tls_key).is_some()),
            ("--tls-dir", non_empty(&self.tls_dir).is_some()),
            ("--tls-host", non_empty_items(&self.tls_host).next().is_some()),
        ])
    }

    fn apply_certificate(&self, builder: Builder) -> Result<Builder, CliError> {
        match (non_empty(&self.tls_cert), non_empty(&self.tls_key), non_empty(&self.tls_dir)) {
            (None, None, None) => Ok(builder),
            (None, None, Some(dir)) => Ok(builder.tls_dir(dir)),
            (Some(certificate), Some(key), None) => Ok(builder.tls_certificate(certificate, key)),
            (_, _, Some(_)) => Err(CliError::usage(
                "--tls-dir cannot be used with --tls-cert or --tls-key: the directory has its own \
                 certificate",
            )),
            _ => Err(CliError::usage("--tls-cert and --tls-key must be given together")),
        }
    }

    fn apply_client_auth(&self, mut builder: Builder) -> Result<Builder, CliError> {
        let client_auth: ClientAuth = self
            .client_auth()
            .parse()
            .map_err(|error| CliError::usage(format!("--client-auth: {error}")))?;
        builder = builder.client_auth(client_auth);

        for file in non_empty_items(&self.client_ca) {
            if client_auth == ClientAuth::Off {
                return Err(CliError::usage(
                    "--client-ca requires --client-auth optional or required",
                ));
            }
            builder = builder.client_ca(file);
        }
        Ok(builder)
    }

    fn client_auth(&self) -> &str {
        or_default(&self.client_auth, DEFAULT_CLIENT_AUTH)
    }
}

/// Returns the value of an address option, unless it is "off".
fn address_of(option: &Option<String>) -> Option<&str> {
    non_empty(option).filter(|address| *address != "off")
}

/// Refuses the first of these options that is given, since it requires HTTPS.
fn refuse_first_given(options: &[(&str, bool)]) -> Result<(), CliError> {
    match options.iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => Err(CliError::usage(format!("{option} requires --tls-listen"))),
        None => Ok(()),
    }
}
